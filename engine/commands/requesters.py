"""Commands for requesters."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import click

from engine.commands.common import AS_OF, EXIT_CODES, JSON, POLICIES, REQUEST, decide_file, fail, write_file


@click.command()
@REQUEST
@AS_OF
@POLICIES
@click.option("--explain", is_flag=True, help="Show the whole proof.")
@JSON
def check(request_file: Path, as_of: date | None, folder: Path | None, explain: bool, as_json: bool) -> None:
    """Decide a request: allow, deny or undetermined, and why.

    Exit code 0 allow, 10 deny, 11 undetermined, 2 bad input.
    """
    decision = decide_file(request_file, folder, as_of)
    if as_json:
        from engine.records import record

        click.echo(record(decision).model_dump_json(indent=1, exclude_defaults=True))
    else:
        from engine.reports.text import console, show_decision

        show_decision(decision, console(), explain=explain)
    sys.exit(EXIT_CODES[decision.outcome])


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

    text = write(decide_file(request_file, folder, as_of))
    write_file(output, text, force=force)
    blanks = text.count("[to be completed")
    if as_json:
        click.echo(json.dumps({"draft": str(output), "blanks": blanks}))
    else:
        click.echo(f"{output} written; {blanks} blanks to complete")
