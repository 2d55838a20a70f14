"""`assent catalogue`: which kinds of record data elements are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.commands.common import DEPLOYMENT, JSON, POLICIES, fail, the_deployment, write_file

if TYPE_CHECKING:
    from engine.policies import CatalogueRow


@click.group()
def catalogue() -> None:
    """Look up which kinds of record an agency's data elements are, or read an agency's dictionary."""


@catalogue.command("show")
@click.argument("agency", required=False)
@DEPLOYMENT
@POLICIES
@JSON
def catalogue_show(agency: str | None, name: str | None, folder: Path | None, as_json: bool) -> None:
    """List the catalogue, or one agency's part of it."""
    from engine.documents import nearest

    deployment = the_deployment(name, folder)
    if agency is not None and agency not in deployment.agencies:
        fail(f'"{agency}" is no agency of {deployment.deployment}; {nearest(agency, deployment.agencies)}')
    _print_rows([row for row in deployment.catalogue if agency in (None, row.agency)], as_json)


@catalogue.command("search")
@click.argument("words", nargs=-1, required=True)
@DEPLOYMENT
@POLICIES
@JSON
def catalogue_search(words: tuple[str, ...], name: str | None, folder: Path | None, as_json: bool) -> None:
    """List the rows of the catalogue in which every word stands."""
    wanted = [word.casefold() for word in words]
    rows = the_deployment(name, folder).catalogue
    _print_rows([row for row in rows if all(word in " ".join(row.words()).casefold() for word in wanted)], as_json)


@catalogue.command("import")
@click.argument("workbooks", metavar="WORKBOOK...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE.yaml", help="Write rows for the rest.")
@DEPLOYMENT
@POLICIES
@JSON
def catalogue_import(
    workbooks: tuple[Path, ...], output: Path | None, name: str | None, folder: Path | None, as_json: bool
) -> None:
    """Read agency dictionaries (.xlsx) and list the elements that the catalogue does not classify.

    What is not classified is unknown to every framework. With -o, rows for it are written for counsel to complete.
    """
    from engine.dictionaries import catalogue_rows, classify_elements, read_workbook

    deployment = the_deployment(name, folder)
    found = classify_elements(deployment, [element for path in workbooks for element in read_workbook(path)])
    if output is not None:
        write_file(output, catalogue_rows(found), force=False)
    if as_json:
        rows = [{"agency": c.agency, "element": c.element.name, "is": list(c.categories)} for c in found]
        click.echo(json.dumps(rows, indent=1))
        return
    for agency in dict.fromkeys(c.agency for c in found):
        own = [c for c in found if c.agency == agency]
        open_ = [c for c in own if not c.categories]
        click.echo(f"{agency}: {len(own)} elements, {len(own) - len(open_)} classified, {len(open_)} unknown")
        for c in open_:
            click.echo(f"  unknown: {c.element.name} ({c.element.file}, row {c.element.row})")


def _print_rows(rows: list[CatalogueRow], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([row.model_dump(mode="json", by_alias=True) for row in rows], indent=1))
        return
    for row in rows:
        name = " / ".join(part for part in (row.program, row.category, row.element) if part)
        click.echo(f"{row.agency}: {name}: {', '.join(row.is_)} ({row.because})")
    click.echo(f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}")
