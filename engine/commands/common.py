"""What the commands share: their options, and how they read, write and fail."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from engine.decisions import Decision
    from engine.policies import Deployment, Framework, PolicySet

T = TypeVar("T")

EXIT_CODES = {"allow": 0, "deny": 10, "undetermined": 11}
BAD_INPUT = 2


def fail(message: str) -> NoReturn:
    """Say what is wrong, and end with exit code 2."""
    click.echo(message, err=True)
    sys.exit(BAD_INPUT)


POLICIES = click.option(
    "--policies", "folder", type=click.Path(path_type=Path), metavar="DIR",
    help="Add the policies in DIR; with a vocabulary of its own, DIR replaces the shipped ones.",
)  # fmt: skip


class Day(click.ParamType[date]):
    """A date as documents write it."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date, or a usage error."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f'"{value}" is not a date; write it as in 2026-11-23', param, ctx)


AS_OF = click.option("--as-of", type=Day(), metavar="DATE", help="Decide under the law in force on DATE.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
REQUEST = click.argument("request_file", metavar="REQUEST", type=click.Path(path_type=Path))


def load(folder: Path | None) -> PolicySet:
    """The policies of --policies, or those shipped."""
    from engine.policies import load_policies

    return load_policies(folder)


def decide_file(request_file: Path, folder: Path | None, as_of: date | None) -> Decision:
    """The decision on the request in a file."""
    from engine.decisions import decide
    from engine.requests import read_request

    policies = load(folder)
    return decide(policies, read_request(request_file, policies), as_of)


DEPLOYMENT = click.option(
    "--deployment", "name", metavar="NAME", help="The deployment whose catalogue is meant; needed if there are several."
)


def the_deployment(name: str | None, folder: Path | None) -> Deployment:
    """The deployment of this name, or the only one."""
    from engine.documents import nearest

    deployments = load(folder).deployments
    if name is None and len(deployments) == 1:
        return next(iter(deployments.values()))
    if name is None or name not in deployments:
        fail(f"name a deployment with --deployment; {nearest(name or '', deployments) or 'there is none'}")
    return deployments[name]


def named(policies: PolicySet, names: tuple[str, ...]) -> list[Framework]:
    """The frameworks of these names, or all."""
    from engine.documents import nearest

    known = {framework.framework: framework for framework in policies.all_frameworks()}
    for name in names:
        if name not in known:
            fail(f'"{name}" is no framework; {nearest(name, known) or "assent frameworks lists them all"}')
    return [framework for name, framework in known.items() if not names or name in names]


def shown(items: Iterable[T], length: int) -> Iterator[T]:
    """The items, one by one; a terminal shows how far the work is."""
    with click.progressbar(items, length, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield from bar


def write_all(folder: Path, files: Mapping[str, str], head: str) -> None:
    """Write files into a folder; one that does not begin with the head is somebody else's, and nothing is written."""
    for name in files:
        path = folder / name
        own = path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(head)
        if path.exists() and not own:
            fail(f"{path} exists already and was not written by this command; nothing was written")
    write_into(folder, files)


def write_into(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder, made where there is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"{folder} cannot be made a folder: {(error.strerror or str(error)).lower()}")
    for name, text in files.items():
        write_file(folder / name, text, force=True)


def write_file(path: Path, content: str | bytes, *, force: bool) -> None:
    """Write a file whole or not at all."""
    if path.exists() and not force:
        fail(f"{path} exists already; nothing was written")
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        fail(f"{path} cannot be written: {(error.strerror or str(error)).lower()}")
