"""Commands that write the rules in the form of other engines."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import click

from engine.commands.common import JSON, POLICIES, fail, load, write_file


@click.group()
def export() -> None:
    """Write the rules in the form of another engine."""


@export.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where to.")
@POLICIES
@JSON
def rego(output: Path, folder: Path | None, as_json: bool) -> None:
    """Write the rules as a bundle for the Open Policy Agent.

    A server that has loaded it decides for assent check --engine opa, and for anybody who sends it a request as rows of
    facts. DIR must be empty or hold a former bundle and nothing else; it is replaced.
    """
    from engine.backends.rego.bundle import bundle

    policies = load(folder)
    files = bundle(policies)
    _replace(output, files)
    if as_json:
        click.echo(json.dumps({"bundle": str(output), "files": len(files), "revision": policies.digest}))
    else:
        click.echo(f"{len(files)} files written; start a server with: opa run --server --bundle {output}")


_OWN = re.compile(r"\.manifest|data\.json|(library|policies)/[a-z0-9-]+\.rego")


def _replace(folder: Path, files: dict[str, str]) -> None:
    """Write the files of a bundle into a folder of their own, whole or not at all."""
    target = folder.resolve()
    beside = target.with_name(f".{target.name}.part")
    try:
        others = [path for path in target.rglob("*") if not path.is_dir()] if target.exists() else []
        former = (target / ".manifest").is_file()
        if not all(former and _OWN.fullmatch(path.relative_to(target).as_posix()) for path in others):
            fail(f"{folder} holds something else than a bundle; nothing was written")
        for name, text in files.items():
            (beside / name).parent.mkdir(parents=True, exist_ok=True)
            write_file(beside / name, text, force=True)
        if target.exists():
            shutil.rmtree(target)
        beside.rename(target)
    except OSError as error:
        fail(f"{folder} cannot be written: {(error.strerror or str(error)).lower()}")
