"""The command line: `assent --help`.

Exit codes of `assent check`: 0 allow, 10 deny, 11 undetermined, 2 bad input.
"""

from __future__ import annotations

import gc
import io
import json
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from engine.documents import AssentError, shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.decisions import Decision
    from engine.policies import CatalogueRow, Deployment, Framework, PolicySet

T = TypeVar("T")

EXIT_CODES = {"allow": 0, "deny": 10, "undetermined": 11}
BAD_INPUT = 2


class Sections(click.Group):
    """Commands listed by who uses them."""

    audiences = {  # noqa: RUF012 a constant of this class
        "For requesters": ("check", "explain", "draft"),
        "For counsel": (
            "fmt",
            "lint",
            "validate",
            "test",
            "watch",
            "mutate",
            "analyze",
            "diff",
            "frameworks",
            "handbook",
            "catalogue",
            "schema",
        ),
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


@main.command("fmt")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; list the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@JSON
def format_documents(paths: tuple[Path, ...], only_check: bool, diff: bool, as_json: bool) -> None:
    """Lay out policy, case and request files in one style, without changing what they say.

    PATH is a file or folder, by default the folder `policies`. With --check and --diff the exit code is 1 if a file
    would change.
    """
    from engine.workbench.formatting import format_files

    changed = [one for one in format_files(paths or (Path("policies"),)) if one.changed]
    dry = only_check or diff
    if not dry:
        for one in changed:
            _write(one.path.resolve(), one.after, force=True)
    if as_json:
        click.echo(json.dumps([str(one.path) for one in changed], indent=2))
    else:
        for one in changed:
            click.echo(one.difference() if diff else f"{one.path} {'would change' if dry else 'changed'}", nl=not diff)
    sys.exit(1 if dry and changed else 0)


LINT_FORMATS = click.Choice(["text", "json", "sarif", "github"])


@main.command("lint")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@POLICIES
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@click.option("--format", "form", type=LINT_FORMATS, default="text", help="How to print the findings.")
@click.option("--json", "form", flag_value="json", type=LINT_FORMATS, help="Print JSON.")
@click.option("--explain", "code", metavar="CODE", help="Explain a check instead.")
def lint_documents(paths: tuple[Path, ...], folder: Path | None, strict: bool, form: str, code: str | None) -> None:
    """Find what is likely wrong in policy and case files that can be read.

    PATH is a file or folder, by default the shipped policies or those of --policies. The exit code is 1 if there are
    errors.
    """
    from importlib.metadata import version

    from engine.documents import nearest
    from engine.reports import lint as report
    from engine.workbench.lint import CHECKS, lint_files

    if code is not None:
        if code not in CHECKS:
            fail(f'"{code}" is no check; {nearest(code, CHECKS) or "docs/lint.md lists them all"}')
        click.echo(report.explanation(CHECKS[code]), nl=False)
        return
    findings = lint_files(paths, folder)
    if form == "json":
        click.echo(json.dumps(report.as_document(findings), indent=2))
    elif form == "sarif":
        click.echo(json.dumps(report.as_sarif(findings, CHECKS, version("assent")), indent=2))
    else:
        click.echo(report.as_text(findings) if form == "text" else report.as_github(findings))
    failing = {"error", "warning"} if strict else {"error"}
    sys.exit(1 if any(finding.severity in failing for finding in findings) else 0)


@main.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@POLICIES
def watch(paths: tuple[Path, ...], folder: Path | None) -> None:
    """Check policies and cases whenever you save one, and run the cases that touch it. Ctrl-C ends it.

    PATH is a file or folder, by default the shipped policies, or those of --policies, and the shipped cases.
    """
    from engine.reports.cases import show_results
    from engine.reports.lint import as_text
    from engine.reports.text import console
    from engine.workbench.watching import Workbench, watching

    wanted = paths or (folder or shipped("policies"), shipped("cases"))
    bench = Workbench(wanted, folder)

    def report(path: Path) -> None:
        outcome = bench.saved(path)
        if outcome.problems:
            click.echo("\n".join(map(str, outcome.problems)))
        else:
            click.echo(as_text(outcome.findings) if outcome.findings else f"{outcome.path}: valid")
        if outcome.touched:
            show_results([result for file in outcome.touched for result in bench.run(file)], console())

    with watching(wanted) as saved, suppress(KeyboardInterrupt):
        files = f"{len(bench.policy_files)} policy files and {len(bench.case_files)} case files"
        click.echo(f"watching {files}; Ctrl-C ends it")
        gc.freeze()
        for path in saved:
            report(path)
            gc.collect()  # unlike other commands this one goes on


@main.command("test")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@POLICIES
@click.option("--coverage", "wanted", is_flag=True, help="Show how far the cases pin every condition of every rule.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write the coverage beside the rules.")
@click.option(
    "--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT",
    help="Fail where fewer of the conditions were seen true and seen false.",
)  # fmt: skip
@JSON
def test_cases(
    paths: tuple[Path, ...],
    folder: Path | None,
    wanted: bool,
    html: Path | None,
    fail_under: float | None,
    as_json: bool,
) -> None:
    """Run the worked cases below PATH (by default those shipped) and show what differs."""
    from engine.cases import case_files, run_file
    from engine.reports import cases, coverage
    from engine.reports.text import console
    from engine.workbench.coverage import Coverage, share_seen_both_ways

    policies = _load(folder)
    observer = Coverage(policies) if wanted or html or fail_under is not None else None
    results = [r for path in case_files(paths or (shipped("cases"),)) for r in run_file(path, policies, observer)]
    rules = observer.rules() if observer else []
    rules = [rule for rule in rules if folder is None or Path(rule.file).is_relative_to(folder)]
    if html is not None:
        _write(html, coverage.page(rules), force=True)
    if as_json:
        found = cases.as_document(results) | ({"coverage": coverage.as_document(rules)} if observer else {})
        click.echo(json.dumps(found, indent=2))
    else:
        if wanted:
            coverage.show_coverage(rules, console())
        cases.show_results(results, console())
    low = fail_under is not None and share_seen_both_ways(rules) < fail_under
    if low:
        click.echo(f"fewer than {fail_under:g}% of the conditions were seen true and seen false", err=True)
    sys.exit(1 if low or any(r.differences for r in results) or not results else 0)


@main.command()
@click.argument("names", metavar="[FRAMEWORK]...", nargs=-1)
@click.option(
    "--cases", "paths", multiple=True, type=click.Path(path_type=Path), metavar="PATH",
    help="Judge by the cases below PATH; may be given again. By default those shipped.",
)  # fmt: skip
@POLICIES
@JSON
def mutate(names: tuple[str, ...], paths: tuple[Path, ...], folder: Path | None, as_json: bool) -> None:
    """Change one thing in the rules at a time, and list the changes that no worked case notices."""
    from engine.reports.mutation import as_document, show_mutation
    from engine.reports.text import console
    from engine.workbench.mutation import mutate as judge

    policies = _load(folder)
    gc.enable()  # requests are decided again and again
    judged = list(judge(policies, _named(policies, names), paths or (shipped("cases"),)))
    if as_json:
        click.echo(json.dumps(as_document(judged), indent=2))
    else:
        show_mutation(judged, console())
    sys.exit(1 if any(found.verdict == "survived" for found in judged) else 0)


@main.command()
@click.argument("names", metavar="[FRAMEWORK]...", nargs=-1)
@click.option("--as-of", type=Day(), metavar="DATE", help="Analyze the law in force on DATE; by default today's.")
@click.option(
    "--never", type=click.Path(path_type=Path), metavar="FILE",
    help="Prove the invariants in FILE; without a FRAMEWORK nothing else is asked.",
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Write the examples into DIR.")
@POLICIES
@JSON
def analyze(
    names: tuple[str, ...], as_of: date | None, never: Path | None, output: Path | None, folder: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Find rules that never hold or make no difference, and gaps; prove what must never be allowed.

    Exit code 0 no defect, 1 some defect or a broken invariant, 2 bad input.
    """
    from engine.invariants import read_invariants
    from engine.reports import analysis as report
    from engine.reports.text import console
    from engine.workbench.analysis import analyze as examine
    from engine.workbench.invariants import prove

    policies, day = _load(folder), as_of or date.today()
    chosen = _named(policies, names) if names or never is None else []
    invariants = read_invariants(never, policies) if never else []
    gc.freeze()
    gc.enable()  # requests are decided again and again
    found = (examine(policies, framework, day) for framework in chosen)
    concerns = [concern for some in _shown(found, len(chosen)) for concern in some]
    verdicts = list(_shown(prove(invariants, policies, day), len(invariants)))
    requests = report.examples(concerns, verdicts, day)
    if output is not None:
        _write_all(output, requests, report.HEAD)
    if as_json:
        click.echo(json.dumps(report.as_document(concerns, verdicts, day), indent=1))
    else:
        report.show_concerns(concerns, console())
        report.show_verdicts(verdicts, console())
        report.show_scope(day, len(requests), output, console())
    sys.exit(1 if report.some_defect(concerns, verdicts) else 0)


@main.command()
@click.argument("old")
@click.argument("new")
@click.option("--framework", "names", multiple=True, metavar="NAME", help="Compare NAME; may be given again.")
@click.option(
    "--against", type=click.Path(path_type=Path, exists=True), metavar="DIR",
    help="Decide every request below DIR under both, and list what comes out differently.",
)  # fmt: skip
@click.option("--as-of", type=Day(), metavar="DATE", help="Compare the law in force on DATE; by default today's.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Write the examples into DIR.")
@POLICIES
@JSON
def diff(
    old: str, new: str, names: tuple[str, ...], against: Path | None, as_of: date | None, output: Path | None,
    folder: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Compare two states of the law: is the new one stricter or looser, proven, and what was changed.

    OLD and NEW are folders of policies, revisions of the git repository that holds the policies folder, or two dates.
    Exit code 0 the same, 1 different, 2 bad input.
    """
    from engine.reports.comparison import as_document, show_comparison, witness_files
    from engine.reports.text import console
    from engine.workbench.comparison import compare
    from engine.workbench.revisions import sides

    first, second = sides(old, new, folder)
    if first.day and as_of:
        fail("two dates are compared as they stand; --as-of is for folders and revisions")
    comparison = compare(first, second, date.today(), as_of, names, against)
    if output is not None:
        files = witness_files(comparison)
        _write_into(output, files)
        click.echo(f"{len(files)} {'example' if len(files) == 1 else 'examples'} written to {output}", err=True)
    if as_json:
        click.echo(json.dumps(as_document(comparison), indent=1))
    else:
        show_comparison(comparison, console())
    sys.exit(1 if comparison.differs else 0)


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
    from engine.workbench.frameworks import framework_rows, markdown_table

    rows = list(framework_rows(_load(folder)))
    click.echo(json.dumps(rows, indent=2) if as_json else markdown_table(rows), nl=as_json)


@main.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where to.")
@POLICIES
@click.option(
    "--cases", "paths", multiple=True, type=click.Path(path_type=Path), metavar="PATH",
    help="Show the cases below PATH; may be given again. By default those shipped.",
)  # fmt: skip
@JSON
def handbook(output: Path, folder: Path | None, paths: tuple[Path, ...], as_json: bool) -> None:
    """Write the policies as a website that reads like a legal handbook and works from any folder.

    DIR must be empty or hold a former handbook, which is replaced.
    """
    from engine.workbench import handbook as site

    files = site.handbook(_load(folder), site.read_examples(paths or (shipped("cases"),)))
    site.write_handbook(output, files, lambda path, text: _write(path, text, force=True))
    if as_json:
        click.echo(json.dumps({"handbook": str(output), "files": len(files)}))
    else:
        click.echo(f"{len(files)} files written; open {output / 'index.html'}")


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
        _write_into(target, {f"{key}.schema.json": text for key, text in found.items()})
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


def _named(policies: PolicySet, names: tuple[str, ...]) -> list[Framework]:
    """The frameworks of these names, or all."""
    from engine.documents import nearest

    known = {framework.framework: framework for framework in policies.all_frameworks()}
    for name in names:
        if name not in known:
            fail(f'"{name}" is no framework; {nearest(name, known) or "assent frameworks lists them all"}')
    return [framework for name, framework in known.items() if not names or name in names]


def _shown(items: Iterable[T], length: int) -> Iterator[T]:
    """The items, one by one; a terminal shows how far the work is."""
    with click.progressbar(items, length, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield from bar


def _write_all(folder: Path, files: Mapping[str, str], head: str) -> None:
    """Write files into a folder; one that does not begin with the head is somebody else's, and nothing is written."""
    for name in files:
        path = folder / name
        own = path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(head)
        if path.exists() and not own:
            fail(f"{path} exists already and was not written by this command; nothing was written")
    _write_into(folder, files)


def _write_into(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder, made where there is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"{folder} cannot be made a folder: {(error.strerror or str(error)).lower()}")
    for name, text in files.items():
        _write(folder / name, text, force=True)


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
