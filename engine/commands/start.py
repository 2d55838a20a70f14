"""Commands to begin with."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engine.commands.common import JSON, write_file
from engine.documents import shipped


@click.command()
@click.argument("kind", type=click.Choice(["request", "framework", "case", "example"]))
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it to FILE.")
@JSON
def new(kind: str, output: Path | None, as_json: bool) -> None:
    """Print a commented file to start a request, framework or case from, or a whole example request."""
    start = shipped("schemas") / "start" / f"{kind}.yaml"
    text = (shipped("cases") / "p20win" / "r01.yaml" if kind == "example" else start).read_text(encoding="utf-8")
    if output is not None:
        write_file(output, text, force=False)
        text = f"{output} written\n"
    click.echo(json.dumps({"text": text}) if as_json else text, nl=as_json)
