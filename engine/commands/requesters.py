"""Commands for requesters."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import NoReturn

import click

from engine.commands.common import AS_OF, EXIT_CODES, JSON, POLICIES, REQUEST, decide_file, fail, load, write_file


@click.command()
@REQUEST
@AS_OF
@POLICIES
@click.option("--explain", is_flag=True, help="Show the whole proof.")
@click.option("--engine", type=click.Choice(["assent", "opa"]), default="assent", help="Decide through another engine.")
@click.option("--opa-url", metavar="URL", help="The Open Policy Agent server, as in http://127.0.0.1:8181.")
@JSON
def check(
    request_file: Path, as_of: date | None, folder: Path | None, explain: bool, engine: str, opa_url: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Decide a request: allow, deny or undetermined, and why.

    Exit code 0 allow, 10 deny, 11 undetermined, 2 bad input. With --engine opa a server decides that has loaded what
    assent export rego writes; it answers without proof.
    """
    if (engine == "opa") != (opa_url is not None):
        fail("--engine opa and --opa-url go together: the one says who decides, the other where")
    if opa_url is not None:
        _check_by_opa(request_file, as_of, folder, opa_url, explain=explain, as_json=as_json)
    decision = decide_file(request_file, folder, as_of)
    if as_json:
        from engine.records import record

        click.echo(record(decision).model_dump_json(indent=1, exclude_defaults=True))
    else:
        from engine.reports.text import console, show_decision

        show_decision(decision, console(), explain=explain)
    sys.exit(EXIT_CODES[decision.outcome])


def _check_by_opa(
    request_file: Path, as_of: date | None, folder: Path | None, url: str, *, explain: bool, as_json: bool
) -> NoReturn:
    from engine.backends.rego.deciding import decide_by_server
    from engine.backends.rego.server import Server
    from engine.reports.answer import show_answer
    from engine.reports.text import console
    from engine.requests import read_request

    if explain:
        fail("--explain shows a proof, which the server does not give; leave --engine opa out")
    policies, server = load(folder), Server(url)
    answer = decide_by_server(server, policies, read_request(request_file, policies), as_of)
    if as_json:
        click.echo(answer.model_dump_json(indent=1, exclude_defaults=True))
    else:
        show_answer(answer, policies, f"the Open Policy Agent at {server.shown}", console())
    sys.exit(EXIT_CODES[answer.outcome])


@click.command()
@REQUEST
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write FILE, not REQUEST.")
@click.option(
    "--for", "role", type=click.Choice(["requester", "provider", "hub", "receiver", "counsel"]),
    help="Ask only what this role can answer.",
)  # fmt: skip
@AS_OF
@POLICIES
@JSON
def ask(
    request_file: Path, output: Path | None, role: str | None, as_of: date | None, folder: Path | None, as_json: bool
) -> None:
    """Ask for what is missing, one question at a time, and write the answers into the request.

    The question that settles the answer soonest comes first. Every answer is saved at once; comments and layout of the
    file stay. --json prints the questions and asks nothing. Exit codes as those of assent check.
    """
    from engine.advice.interview import Interview
    from engine.commands.conversation import converse
    from engine.documents import read
    from engine.reports.questions import questions_data, show_end
    from engine.reports.text import console

    read(request_file).check()
    policies, text = load(folder), request_file.read_bytes().decode()
    interview = Interview(policies, text, str(request_file), as_of, role)
    if as_json:
        click.echo(json.dumps(questions_data(interview.decision, role), indent=1, ensure_ascii=False))
    else:
        if output is not None:
            write_file(output, text, force=False)
        target = output or request_file.resolve()
        saved = [text]

        def save(changed: str) -> None:
            if changed != saved[-1]:
                write_file(target, changed, force=True)
                saved.append(changed)

        converse(interview, save, console())
        show_end(interview, str(output or request_file), console())
    sys.exit(EXIT_CODES[interview.decision.outcome])


@click.command()
@REQUEST
@click.argument("rule")
@AS_OF
@POLICIES
@JSON
def explain(request_file: Path, rule: str, as_of: date | None, folder: Path | None, as_json: bool) -> None:
    """Show why one rule holds or fails, on every disclosure."""
    from engine.documents import nearest
    from engine.records import explain as explain_rule

    decision = decide_file(request_file, folder, as_of)
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


@click.command()
@REQUEST
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FILE",
    help="Where to: a file ending in .docx (Word), .pdf, .html or .md.",
)  # fmt: skip
@AS_OF
@POLICIES
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@JSON
def draft(
    request_file: Path, output: Path, as_of: date | None, folder: Path | None, force: bool, as_json: bool
) -> None:
    """Write the data sharing agreement that a request needs, as Word, PDF, web page or Markdown.

    It has the form of the request's deployment: under its memorandum where the data go through its hub, else as an
    agreement of its own. Refused for a denied request.
    """
    from engine.agreements import draft as write
    from engine.papers.forms import form_of, render

    form = form_of(output)
    drafted = write(decide_file(request_file, folder, as_of))
    write_file(output, render(drafted.paper, form), force=force)
    blanks = len(drafted.open_places)
    if as_json:
        click.echo(json.dumps({"draft": str(output), "blanks": blanks}))
    else:
        click.echo(f"{output} written; {blanks} {'blank' if blanks == 1 else 'blanks'} to complete")


@click.command()
@REQUEST
@click.argument("agreement_file", metavar="AGREEMENT", type=click.Path(path_type=Path))
@AS_OF
@POLICIES
@JSON
def review(request_file: Path, agreement_file: Path, as_of: date | None, folder: Path | None, as_json: bool) -> None:
    """Compare an agreement with what the decision requires of it: each clause contained, altered or lacking.

    AGREEMENT is an edited or signed paper in Word (.docx), HTML or Markdown. Exit code 0 if it contains every required
    clause, 1 if not, 2 bad input.
    """
    from engine.agreements.reading import read_agreement
    from engine.agreements.review import review as compare
    from engine.reports.review import review_data, show_review

    decision = decide_file(request_file, folder, as_of)
    reviewed = compare(decision, read_agreement(agreement_file, decision.policies.clauses))
    if as_json:
        click.echo(json.dumps(review_data(reviewed), indent=2))
    else:
        from engine.reports.text import console

        show_review(reviewed, console())
    sys.exit(0 if reviewed.whole else 1)


@click.command()
@REQUEST
@click.option("--apply", "number", type=click.IntRange(min=1), metavar="N", help="Write the request with cure N.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE.yaml", help="Where to.")
@AS_OF
@POLICIES
@click.option("--force", is_flag=True, help="Overwrite FILE.yaml if it exists.")
@JSON
def cure(
    request_file: Path,
    number: int | None,
    output: Path | None,
    as_of: date | None,
    folder: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Find the smallest sets of changes that make a request allowed.

    Each was decided by the engine before it is shown. Exit code 0 if there is one or none is needed, else as for check.
    """
    from engine.advice.cures import cures
    from engine.reports import cures as report
    from engine.reports.text import console
    from engine.requests import read_request

    if (number is None) is not (output is None):
        fail("--apply and -o belong together: --apply N says which cure, -o where the request with it goes")
    policies = load(folder)
    request = read_request(request_file, policies)
    advice = cures(policies, request, request_file.read_bytes().decode(), as_of)
    if number is not None and output is not None:
        if number > len(advice.cures):
            fail(f"there is no cure {number}; {request_file} has {len(advice.cures)}")
        write_file(output, advice.cures[number - 1].text, force=force)
    if as_json:
        click.echo(json.dumps(report.as_document(advice), indent=1, default=str))
    elif output is not None:
        click.echo(f"{output} written; read it before you send it: assent check {output}")
    else:
        report.show_advice(advice, console())
    sys.exit(0 if advice.cures else EXIT_CODES[advice.decision.outcome])
