"""The command line: `assent --help`.

Exit codes of `assent check`: 0 allow, 10 deny, 11 undetermined, 2 bad input.
"""

from __future__ import annotations

import gc
import io
import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from engine.documents import AssentError, shipped

if TYPE_CHECKING:
    from engine.decisions import Decision
    from engine.policies import CatalogueRow, Deployment, PolicySet

EXIT_CODES = {"allow": 0, "deny": 10, "undetermined": 11}
BAD_INPUT = 2


class Sections(click.Group):
    """Commands listed by who uses them."""

    audiences = {  # noqa: RUF012 a constant of this class
        "For requesters": ("check", "explain", "draft"),
        "For counsel": ("validate", "test", "frameworks", "catalogue", "schema"),
        "To begin with": ("new",),
    }

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands of each audience under a heading of their own."""
        for heading, names in self.audiences.items():
            rows = [(name, self.commands[name].get_short_help_str(90)) for name in names if name in self.commands]
            with formatter.section(heading):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what the user can mend is one clear message and exit code 2."""
        try:
            return super().invoke(ctx)
        except AssentError as error:
            fail(str(error))
        except BrokenPipeError:
            sys.exit(1)


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


@click.group(cls=Sections)
@click.version_option(package_name="assent", message="assent %(version)s")
def main() -> None:
    """Decide whether data may be shared, on which legal basis, and what the agreement must say."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a terminal cannot show is written out
    gc.disable()  # a command builds much, keeps it all and ends soon


def _load(folder: Path | None) -> PolicySet:
    from engine.policies import load_policies

    return load_policies(folder)


def _decide(request_file: Path, folder: Path | None, as_of: date | None) -> Decision:
    from engine.decisions import decide
    from engine.requests import read_request

    policies = _load(folder)
    return decide(policies, read_request(request_file, policies), as_of)


# Requesters ----------------------------------------------------------------------------------------------------------


@main.command()
@REQUEST
@AS_OF
@POLICIES
@click.option("--explain", is_flag=True, help="Show the whole proof.")
@JSON
def check(request_file: Path, as_of: date | None, folder: Path | None, explain: bool, as_json: bool) -> None:
    """Decide a request: allow, deny or undetermined, and why.

    Exit code 0 allow, 10 deny, 11 undetermined, 2 bad input.
    """
    decision = _decide(request_file, folder, as_of)
    if as_json:
        from engine.records import record

        click.echo(record(decision).model_dump_json(indent=1, exclude_defaults=True))
    else:
        from engine.reports.text import console, show_decision

        show_decision(decision, console(), explain=explain)
    sys.exit(EXIT_CODES[decision.outcome])


@main.command()
@REQUEST
@click.argument("rule")
@AS_OF
@POLICIES
@JSON
def explain(request_file: Path, rule: str, as_of: date | None, folder: Path | None, as_json: bool) -> None:
    """Show why one rule holds or fails, on every disclosure."""
    from engine.documents import nearest
    from engine.records import explain as explain_rule

    decision = _decide(request_file, folder, as_of)
    rules = decision.policies.rules()
    if rule not in rules:
        fail(f'"{rule}" is no rule; {nearest(rule, rules) or "assent check --explain shows those that were asked"}')
    proofs = explain_rule(decision, rules[rule])
    if not proofs:
        fail(f'"{rule}" was not asked: its framework reaches none of these data, or is not in force')
    if as_json:
        click.echo(json.dumps([{"disclosure": d, **r.model_dump(mode="json")} for d, r in proofs], indent=2))
    else:
        from engine.reports.text import console, show_proofs

        show_proofs(proofs, console())


@main.command()
@REQUEST
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FILE.md", help="Where to.")
@AS_OF
@POLICIES
@click.option("--force", is_flag=True, help="Overwrite FILE.md if it exists.")
@JSON
def draft(
    request_file: Path, output: Path, as_of: date | None, folder: Path | None, force: bool, as_json: bool
) -> None:
    """Write the data sharing agreement that a request needs. Refused for a denied request."""
    from engine.agreements import draft as write

    text = write(_decide(request_file, folder, as_of))
    _write(output, text, force=force)
    blanks = text.count("[to be completed")
    if as_json:
        click.echo(json.dumps({"draft": str(output), "blanks": blanks}))
    else:
        click.echo(f"{output} written; {blanks} blanks to complete")


# Counsel -------------------------------------------------------------------------------------------------------------


@main.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@POLICIES
@JSON
def validate(files: tuple[Path, ...], folder: Path | None, as_json: bool) -> None:
    """Check policy, request and case files, and say everything that is wrong with them."""
    from engine.documents import DocumentProblems
    from engine.validation import validate_files

    problems = validate_files(files, folder)
    if as_json:
        click.echo(json.dumps([asdict(problem) for problem in problems], indent=2))
        sys.exit(BAD_INPUT if problems else 0)
    if problems:
        raise DocumentProblems(problems)
    click.echo(f"{len(files)} {'file is' if len(files) == 1 else 'files are'} valid")


@main.command("test")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@POLICIES
@click.option("--coverage", "show_coverage", is_flag=True, help="Show how far the cases pin every rule.")
@JSON
def test_cases(paths: tuple[Path, ...], folder: Path | None, show_coverage: bool, as_json: bool) -> None:
    """Run the worked cases below PATH (by default those shipped) and show what differs."""
    from engine.cases import case_files, coverage, run_file
    from engine.reports.cases import as_document, show_coverage_table, show_results
    from engine.reports.text import console

    policies = _load(folder)
    results = [r for path in case_files(paths or (shipped("cases"),)) for r in run_file(path, policies)]
    rules = coverage(policies, results) if show_coverage else []
    if as_json:
        click.echo(json.dumps(as_document(results, rules), indent=2))
    else:
        if show_coverage:
            show_coverage_table(rules, console())
        show_results(results, console())
    sys.exit(1 if any(r.differences for r in results) or not results else 0)


@main.group()
def catalogue() -> None:
    """Look up which kinds of record an agency's data elements are, or read an agency's dictionary."""


DEPLOYMENT = click.option(
    "--deployment", "name", metavar="NAME", help="The deployment whose catalogue is meant; needed if there are several."
)


@catalogue.command("show")
@click.argument("agency", required=False)
@DEPLOYMENT
@POLICIES
@JSON
def catalogue_show(agency: str | None, name: str | None, folder: Path | None, as_json: bool) -> None:
    """List the catalogue, or one agency's part of it."""
    from engine.documents import nearest

    deployment = _deployment(name, folder)
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
    rows = _deployment(name, folder).catalogue
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

    deployment = _deployment(name, folder)
    found = classify_elements(deployment, [element for path in workbooks for element in read_workbook(path)])
    if output is not None:
        _write(output, catalogue_rows(found), force=False)
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


def _deployment(name: str | None, folder: Path | None) -> Deployment:
    from engine.documents import nearest

    deployments = _load(folder).deployments
    if name is None and len(deployments) == 1:
        return next(iter(deployments.values()))
    if name is None or name not in deployments:
        fail(f"name a deployment with --deployment; {nearest(name or '', deployments) or 'there is none'}")
    return deployments[name]


def _print_rows(rows: list[CatalogueRow], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([row.model_dump(mode="json", by_alias=True) for row in rows], indent=1))
        return
    for row in rows:
        name = " / ".join(part for part in (row.program, row.category, row.element) if part)
        click.echo(f"{row.agency}: {name}: {', '.join(row.is_)} ({row.because})")
    click.echo(f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}")


@main.command()
@POLICIES
@JSON
def frameworks(folder: Path | None, as_json: bool) -> None:
    """List the frameworks: the law, and how far each one's sources were verified."""
    from engine.reports.frameworks import framework_rows, markdown_table

    rows = list(framework_rows(_load(folder)))
    click.echo(json.dumps(rows, indent=2) if as_json else markdown_table(rows), nl=as_json)


@main.command()
@click.option("--write", "target", type=click.Path(path_type=Path), metavar="DIR", help="Write the schemas into DIR.")
@click.argument("name", required=False)
@POLICIES
@click.option("--json", "as_json", is_flag=True, hidden=True, help="A schema is JSON anyway.")
def schema(target: Path | None, name: str | None, folder: Path | None, as_json: bool) -> None:
    """Print the JSON Schema of a document, with your facts and codes in it, or write all of them."""
    from engine.documents import nearest
    from engine.schemas import schemas

    found = schemas(_load(folder))
    if target is not None:
        try:
            target.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            fail(f"{target} cannot be made a folder: {(error.strerror or str(error)).lower()}")
        for key, text in found.items():
            _write(target / f"{key}.schema.json", text, force=True)
        click.echo(f"{len(found)} schemas written to {target}")
    elif name is None:
        click.echo(json.dumps(list(found)) if as_json else "\n".join(found))
    elif name not in found:
        fail(f'there is no schema of "{name}"; {nearest(name, found)}')
    else:
        click.echo(found[name], nl=False)


# To begin with -------------------------------------------------------------------------------------------------------


@main.command()
@click.argument("kind", type=click.Choice(["request", "framework", "case", "example"]))
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it to FILE.")
@JSON
def new(kind: str, output: Path | None, as_json: bool) -> None:
    """Print a commented file to start a request, framework or case from, or a whole example request."""
    start = shipped("schemas") / "start" / f"{kind}.yaml"
    text = (shipped("cases") / "p20win" / "r01.yaml" if kind == "example" else start).read_text(encoding="utf-8")
    if output is not None:
        _write(output, text, force=False)
        text = f"{output} written\n"
    click.echo(json.dumps({"text": text}) if as_json else text, nl=as_json)


def _write(path: Path, text: str, *, force: bool) -> None:
    """Write a file whole or not at all."""
    if path.exists() and not force:
        fail(f"{path} exists already; nothing was written")
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        fail(f"{path} cannot be written: {(error.strerror or str(error)).lower()}")


if __name__ == "__main__":
    main()
