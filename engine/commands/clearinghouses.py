"""Commands for clearinghouses: many requests at once."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.commands.common import AS_OF, BAD_INPUT, POLICIES, fail, load, shown
from engine.documents import CannotDo

if TYPE_CHECKING:
    from engine.backends.columns.answers import Explain

OUTPUT = click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE", help="Where to."
)
COLUMNS = ("numpy", "pyarrow")
STOPPED = 130
"""The exit code of what was stopped with Ctrl-C, as shells have it."""


def _needed(extra: str, *names: str) -> None:
    """Say so where what an extra brings is not installed."""
    from importlib.util import find_spec

    for name in names:
        if find_spec(name) is None:
            raise CannotDo(f"{name} is not installed; install it with: pip install 'assent[{extra}]'")


@click.command()
@click.argument("requests", metavar="REQUESTS", type=click.Path(path_type=Path))
@OUTPUT
@AS_OF
@POLICIES
@click.option(
    "--explain", type=click.Choice(["failed", "full", "none"]), default="failed", show_default=True,
    help="What to say of each finding: why it does not allow, the truth of every rule, or nothing.",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="How many processes; as many as processors if left out."
)
@click.option("--cluster", metavar="ADDRESS", help="Decide on the workers of the Dask scheduler at ADDRESS.")
def batch(
    requests: Path,
    output: Path,
    as_of: date | None,
    folder: Path | None,
    explain: Explain,
    jobs: int | None,
    cluster: str | None,
) -> None:
    """Decide many requests, into one Parquet file.

    REQUESTS is a folder of request documents, a file of lines (.ndjson) that each hold a request or its rows, or rows
    as columns (.parquet). What cannot be read or decided goes to FILE.bad.ndjson, and the exit code is then 2. A run
    that was stopped goes on where it was when it is started again.
    """
    _needed("batch", *COLUMNS)
    if cluster and jobs:
        fail("--jobs is for this machine, --cluster for others; leave one of them out")
    if cluster:
        _needed("cluster", "distributed")
    from engine.batch.running import decide_here, plan, put_together, waiting
    from engine.batch.sources import source

    gc.enable()  # unlike other commands, this one runs for long
    if output.is_dir() or not output.parent.is_dir():
        fail(f"{output} cannot be written: {'is a folder' if output.is_dir() else 'there is no such folder'}")
    found = plan(source(requests), output, folder, as_of, explain)
    gc.collect()
    gc.freeze()  # the policies stay, and need not be looked through again after each chunk
    every, left = len(found.source.chunks), len(waiting(found))
    if left < every:
        click.echo(f"{every - left} of {every} chunks were decided before", err=True)
    processes = min(jobs or os.cpu_count() or 1, left)
    if cluster:
        from engine.batch.cluster import decide_on_cluster

        decided = decide_on_cluster(found, cluster)
    elif processes > 1:
        from engine.batch.processes import decide_in_processes

        decided = decide_in_processes(found, processes)
    else:
        decided = decide_here(found)
    try:
        for _ in shown(decided, left):
            pass
        summary = put_together(found)
    except KeyboardInterrupt:
        kept = every - len(waiting(found))
        click.echo(f"stopped; {kept} of {every} chunks are decided, and the same command goes on from there", err=True)
        sys.exit(STOPPED)
    counts = ", ".join(f"{summary.outcomes[name]} {name}" for name in ("allow", "deny", "undetermined"))
    click.echo(f"{output} written; {sum(summary.outcomes.values())} requests: {counts}")
    if summary.bad:
        click.echo(f"{summary.bad} could not be decided: see {found.bad}", err=True)
        sys.exit(BAD_INPUT)


@click.command()
@click.argument("requests", metavar="REQUEST...", type=click.Path(path_type=Path), nargs=-1, required=True)
@OUTPUT
@AS_OF
@POLICIES
def rows(requests: tuple[Path, ...], output: Path, as_of: date | None, folder: Path | None) -> None:
    """Write requests as rows of facts, for assent batch and other engines: one line of JSON each, or .parquet."""
    if output.suffix == ".parquet":
        _needed("batch", *COLUMNS)
    elif output.suffix not in (".ndjson", ".jsonl"):
        fail(f"{output} should end in .ndjson or .parquet")
    from engine.batch.writing import write_rows

    files = [file for path in requests for file in _files(path)]
    write_rows(shown(files, len(files)), output, load(folder), as_of)
    click.echo(f"{output} written; {len(files)} requests")


def _files(path: Path) -> Iterator[Path]:
    """The request documents at a path."""
    if path.is_dir():
        yield from sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml", ".json") and p.is_file())
    else:
        yield path
