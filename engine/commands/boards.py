"""Commands for boards."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.commands.common import AS_OF, JSON, POLICIES, REQUEST, decide_file, fail, load, shown, write_file
from engine.documents import visible

if TYPE_CHECKING:
    from engine.papers.tree import Paper
    from engine.requests import Request


@click.command()
@REQUEST
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE.ics", help="Write a calendar file.")
@AS_OF
@POLICIES
@click.option("--force", is_flag=True, help="Overwrite FILE.ics if it exists.")
@JSON
def calendar(
    request_file: Path, output: Path | None, as_of: date | None, folder: Path | None, force: bool, as_json: bool
) -> None:
    """List what has to be done by when, what goes on and what ends.

    A day follows from the term, the instruments and the events that the request states; what has none is left out of
    the calendar file. Refused for a denied request.
    """
    from engine.calendar import entries
    from engine.reports import calendar as report

    decision = decide_file(request_file, folder, as_of)
    if decision.outcome == "deny":
        fail(f"{decision.request.file.request} is denied; nothing is owed. See why with: assent check")
    found = entries(decision)
    if output is not None:
        write_file(output, report.as_icalendar(decision, found), force=force)
        inside = len(report.dated(found))
        undated = sum(entry.day is None for entry in found)
        if as_json:
            click.echo(json.dumps({"calendar": str(output), "entries": inside, "undated": undated}))
        else:
            click.echo(f"{output} written; {inside} with a day, {undated} without one left out")
    elif as_json:
        click.echo(json.dumps(report.as_document(decision, found), indent=1))
    else:
        from engine.reports.text import console

        out = console()
        if out.is_terminal:
            report.show_calendar(decision, found, out)
        else:
            click.echo(report.as_lines(found), nl=False)


@click.command()
@click.argument("request_file", metavar="[REQUEST]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--portfolio", "requests", type=click.Path(path_type=Path), metavar="DIR", help="Report on every request below DIR."
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FILE",
    help="Where to: FILE.html, FILE.pdf, FILE.docx or FILE.md.",
)  # fmt: skip
@AS_OF
@POLICIES
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@JSON
def report(
    request_file: Path | None, requests: Path | None, output: Path, as_of: date | None, folder: Path | None,
    force: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write the report a board decides from, or with --portfolio one on many requests.

    A portfolio is decided as of the latest date that any of its requests bears, unless --as-of gives another.
    """
    if (request_file is None) == (requests is None):
        raise click.UsageError("name either a REQUEST or a folder of them with --portfolio")
    from engine.papers.forms import form_of, render

    form = form_of(output)
    if request_file is not None:
        from engine.reports.board import board_report

        decision = decide_file(request_file, folder, as_of)
        paper = board_report(decision)
        said: dict[str, object] = {"outcome": decision.outcome, "ready": decision.ready}
    else:
        assert requests is not None, "one of the two is given"
        paper, said = _portfolio(requests, folder, as_of)
    write_file(output, render(paper, form), force=force)
    if as_json:
        click.echo(json.dumps({"report": str(output), **said}))
    else:
        click.echo(f"{output} written; {', '.join(f'{key} {str(value).lower()}' for key, value in said.items())}")


def _portfolio(requests: Path, folder: Path | None, as_of: date | None) -> tuple[Paper, dict[str, object]]:
    from engine.reports.portfolio import Portfolio, Standing, Unread, assess, find_requests, latest, portfolio_report

    if not requests.is_dir():
        fail(f"{requests} is no folder")
    below = find_requests(requests)
    day = as_of or latest(below.requests)
    if day is None:
        fail(f"no request below {requests} bears a date to decide by; name a day with --as-of")
    policies = load(folder)
    found = [
        assess(policies, document, Path(document.file).relative_to(requests).as_posix(), day)
        for document in shown(below.requests, len(below.requests))
    ]
    standings = tuple(item for item in found if isinstance(item, Standing))
    problems = (*below.unread, *(item for item in found if isinstance(item, Unread)))
    paper = portfolio_report(Portfolio(day, standings, problems, below.others), requests.resolve().name)
    return paper, {"requests": len(standings), "unread": len(problems), "as_of": day.isoformat()}


@click.command()
@click.argument(
    "request_files", metavar="REQUEST...", nargs=-1, required=True, type=click.Path(path_type=Path)
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where to.")
@AS_OF
@POLICIES
@JSON
def publish(
    request_files: tuple[Path, ...], output: Path, as_of: date | None, folder: Path | None, as_json: bool
) -> None:
    """Write a public website on requests: a list, a page on each, and the agreements of those allowed.

    No page names a user or another natural person or says how to reach one; what was taken out of the requests is
    listed, for a person to check. DIR must be empty or hold a former site, which is replaced.
    """
    from engine.decisions import decide
    from engine.papers.forms import render
    from engine.redaction import redact
    from engine.reports.postings import files, posting
    from engine.requests import read_request
    from engine.sites import write_site

    policies = load(folder)
    requests = [read_request(path, policies) for path in request_files]
    _check_unique(requests)
    redacted = [redact(request, policies) for request in requests]
    postings = [posting(decide(policies, one.request, as_of)) for one in shown(redacted, len(redacted))]
    networks = sorted({request.deployment.title for request in requests if request.deployment})
    pages = {name: render(paper, "html") for name, paper in files(postings, networks).items()}
    write_site(output, "site", pages, lambda path, content: write_file(path, content, force=True))
    removals = [
        {"request": one.request.file.request, "where": removal.where, "removed": removal.what}
        for one in redacted
        for removal in one.removals
    ]
    if as_json:
        click.echo(json.dumps({"site": str(output), "files": len(pages), "removed": removals}, indent=1))
        return
    for removal in removals:
        click.echo(visible(f'{removal["request"]}: {removal["where"]}: removed "{removal["removed"]}"'))
    click.echo(f"{len(pages)} files written; open {output / 'index.html'}")


def _check_unique(requests: list[Request]) -> None:
    """Fail where two requests would have the same page, on a file system that knows no capitals too."""
    seen: dict[str, str] = {}
    for request in requests:
        name, file = request.file.request, request.document.file
        if name.lower() in seen:
            fail(f'{file} has the id "{name}", as {seen[name.lower()]} has; each request needs an id of its own')
        seen[name.lower()] = file
