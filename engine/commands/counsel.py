"""Commands for counsel."""

from __future__ import annotations

import gc
import json
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from engine.commands.common import (
    BAD_INPUT,
    JSON,
    POLICIES,
    Day,
    fail,
    load,
    named,
    shown,
    write_all,
    write_file,
    write_into,
)
from engine.documents import shipped


@click.command()
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


@click.command("fmt")
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
            write_file(one.path.resolve(), one.after, force=True)
    if as_json:
        click.echo(json.dumps([str(one.path) for one in changed], indent=2))
    else:
        for one in changed:
            click.echo(one.difference() if diff else f"{one.path} {'would change' if dry else 'changed'}", nl=not diff)
    sys.exit(1 if dry and changed else 0)


LINT_FORMATS = click.Choice(["text", "json", "sarif", "github"])


@click.command("lint")
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


@click.command()
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


@click.command("test")
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

    policies = load(folder)
    observer = Coverage(policies) if wanted or html or fail_under is not None else None
    results = [r for path in case_files(paths or (shipped("cases"),)) for r in run_file(path, policies, observer)]
    rules = observer.rules() if observer else []
    rules = [rule for rule in rules if folder is None or Path(rule.file).is_relative_to(folder)]
    if html is not None:
        write_file(html, coverage.page(rules), force=True)
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


@click.command()
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

    policies = load(folder)
    gc.enable()  # requests are decided again and again
    judged = list(judge(policies, named(policies, names), paths or (shipped("cases"),)))
    if as_json:
        click.echo(json.dumps(as_document(judged), indent=2))
    else:
        show_mutation(judged, console())
    sys.exit(1 if any(found.verdict == "survived" for found in judged) else 0)


@click.command()
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

    policies, day = load(folder), as_of or date.today()
    chosen = named(policies, names) if names or never is None else []
    invariants = read_invariants(never, policies) if never else []
    gc.freeze()
    gc.enable()  # requests are decided again and again
    found = (examine(policies, framework, day) for framework in chosen)
    concerns = [concern for some in shown(found, len(chosen)) for concern in some]
    verdicts = list(shown(prove(invariants, policies, day), len(invariants)))
    requests = report.examples(concerns, verdicts, day)
    if output is not None:
        write_all(output, requests, report.HEAD)
    if as_json:
        click.echo(json.dumps(report.as_document(concerns, verdicts, day), indent=1))
    else:
        report.show_concerns(concerns, console())
        report.show_verdicts(verdicts, console())
        report.show_scope(day, len(requests), output, console())
    sys.exit(1 if report.some_defect(concerns, verdicts) else 0)


@click.command()
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
        write_into(output, files)
        click.echo(f"{len(files)} {'example' if len(files) == 1 else 'examples'} written to {output}", err=True)
    if as_json:
        click.echo(json.dumps(as_document(comparison), indent=1))
    else:
        show_comparison(comparison, console())
    sys.exit(1 if comparison.differs else 0)


@click.command()
@POLICIES
@JSON
def frameworks(folder: Path | None, as_json: bool) -> None:
    """List the frameworks: the law, and how far each one's sources were verified."""
    from engine.workbench.frameworks import framework_rows, markdown_table

    rows = list(framework_rows(load(folder)))
    click.echo(json.dumps(rows, indent=2) if as_json else markdown_table(rows), nl=as_json)


@click.command()
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
    from engine.sites import write_site
    from engine.workbench import handbook as site

    files = site.handbook(load(folder), site.read_examples(paths or (shipped("cases"),)))
    write_site(output, "handbook", files, lambda path, text: write_file(path, text, force=True))
    if as_json:
        click.echo(json.dumps({"handbook": str(output), "files": len(files)}))
    else:
        click.echo(f"{len(files)} files written; open {output / 'index.html'}")


@click.command()
@click.option("--write", "target", type=click.Path(path_type=Path), metavar="DIR", help="Write the schemas into DIR.")
@click.argument("name", required=False)
@POLICIES
@click.option("--json", "as_json", is_flag=True, hidden=True, help="A schema is JSON anyway.")
def schema(target: Path | None, name: str | None, folder: Path | None, as_json: bool) -> None:
    """Print the JSON Schema of a document, with your facts and codes in it, or write all of them."""
    from engine.documents import nearest
    from engine.schemas import schemas

    found = schemas(load(folder))
    if target is not None:
        write_into(target, {f"{key}.schema.json": text for key, text in found.items()})
        click.echo(f"{len(found)} schemas written to {target}")
    elif name is None:
        click.echo(json.dumps(list(found)) if as_json else "\n".join(found))
    elif name not in found:
        fail(f'there is no schema of "{name}"; {nearest(name, found)}')
    else:
        click.echo(found[name], nl=False)
