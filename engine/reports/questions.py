"""Questions in the terminal: what is asked, about what, why, and how to answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from engine.advice.interview import Interview
from engine.advice.questions import EXAMPLES, Choice, Question, Reason, question, reasons
from engine.completions import key_of
from engine.decisions import Decision
from engine.reports.text import OUTCOME_STYLE, asked_of, escape

_FEW = 2
"""How many rules are named with a question; `?` shows all."""
_COMMANDS = "? why   d don't know   s skip   b back   q save and quit"


def show_question(interview: Interview, asked: Question, out: Console) -> None:
    """Print a question with its answers."""
    for line in _question(interview, asked):
        out.print(line, soft_wrap=not out.is_terminal)


def _question(interview: Interview, asked: Question) -> Iterator[str | Table]:
    whom = asked.declared.fact.asked_of
    yield ""
    yield f"[bold]Question {len(interview.answers) + 1}[/]{f' [dim]for {asked_of(whom)}[/]' if whom else ''}"
    yield f"About {escape(_about(interview.decision, asked))}"
    cite = f" ({escape(asked.cite)})" if asked.cite else ""
    yield f"[bold]{escape(asked.asks)}[/]{cite}"
    if asked.note:
        yield f"  {escape(asked.note)}"
    if asked.known:
        yield f"  So far: {escape(', '.join(asked.known))}, and possibly others. Which others?"
    if asked.choices:
        yield _choices(asked.choices)
    yield f"  {_how(asked)}"
    found = reasons(interview.decision, asked.fact)
    if found:
        for reason in found[:_FEW]:
            yield f"  [dim]Asked because it decides {_turns(reason)}[/]"
        if len(found) > _FEW:
            yield f"  [dim]and {len(found) - _FEW} more of this kind; ? shows all[/]"
    else:
        yield "  [dim]Asked because it decides under which rules the data may go on from an earlier leg[/]"
    yield f"  [dim]{_COMMANDS}[/]"


def _turns(reason: Reason) -> str:
    """What of a rule a fact decides."""
    law, rule = escape(reason.framework), f"{escape(reason.says)} ({escape(reason.cite)})"
    if reason.part == "applies":
        return f"whether {law} applies: {rule}"
    return f"whether {law} bars this: {rule}" if reason.part == "bar" else f"whether {law} permits this: {rule}"


def _choices(choices: tuple[Choice, ...]) -> Table:
    """The answers by number; those that settle the outcome alone say which it is."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", width=4)
    table.add_column(no_wrap=True)
    for _ in range(2):
        table.add_column()
    for i, choice in enumerate(choices, 1):
        settles = f"[yellow]settles it: {choice.settles}[/]" if choice.settles else ""
        table.add_row(str(i), choice.answer, escape(choice.says), settles)
    return table


def _how(asked: Question) -> str:
    if asked.form == "choice":
        return "Answer with a number or the word."
    if asked.form == "several":
        return "Answer with the numbers or words of all that apply, as in 1, 3; or with none."
    words = f" or {' or '.join(choice.answer for choice in asked.choices)}" if asked.choices else ""
    return f"Answer with {EXAMPLES[asked.form]}{words}."


def _about(decision: Decision, asked: Question) -> str:
    """What a question is about, with what a person needs to recognize it."""
    request, about = decision.request, asked.about
    whose, _, which = about.partition(" ")
    if whose == "flow":
        flow = next(flow for flow in request.flows if flow.id == which)
        return f"{about}: {flow.from_} to {flow.to}, carrying {', '.join(flow.carries)}"
    if whose == "dataset" and which in request.file.datasets:
        dataset = request.file.datasets[which]
        made = f" of {dataset.owner}" if dataset.owner else f", made from {', '.join(dataset.from_ or ())}"
        return f"{about}{made}{f': {dataset.description}' if dataset.description else ''}"
    if whose == "party":
        party, _, other = which.partition(" towards ")
        return " towards ".join(request.names.get(name, name) for name in (party, other) if name)
    return about


def show_why(interview: Interview, asked: Question, out: Console) -> None:
    """Print everything that turns on a question."""
    for line in _why(interview, asked):
        out.print(line, soft_wrap=not out.is_terminal)


def _why(interview: Interview, asked: Question) -> Iterator[str]:
    for reason in reasons(interview.decision, asked.fact):
        yield f"  It decides {_turns(reason)} [dim]{reason.rule}[/]"
        yield f"    on {escape(', '.join(reason.disclosures))}"
    yield f"  {_how(asked)}"
    yield f"  [dim]The fact is {asked.reading.name} of {escape(asked.reading.about)}[/]"


def show_end(interview: Interview, name: str, out: Console) -> None:
    """Print where the interview has led, and what to do next."""
    for line in _end(interview, escape(name)):
        out.print(line, soft_wrap=not out.is_terminal)


def _end(interview: Interview, name: str) -> Iterator[str]:
    decision = interview.decision
    yield ""
    yield f"[{OUTCOME_STYLE[decision.outcome]}]{decision.outcome.upper()}[/]"
    if interview.answers:
        count = len(interview.answers)
        yield f"{count} {'answer' if count == 1 else 'answers'} written to {name}:"
        for answered in interview.answers:
            about = escape(_about(decision, answered.asked))
            yield f"  {escape(answered.asked.asks)} [dim]{about}:[/] {escape(answered.answer)}"
    if decision.outcome == "allow":
        yield f"Next: assent draft {name} -o agreement.docx, and assent report {name} -o report.pdf"
    elif decision.outcome == "deny":
        yield f"Next: assent check {name} says why; assent cure {name} says what would make it allowed"
    else:
        waiting = Counter(decision.policies.vocabulary[r.name].fact.asked_of for r in decision.missing)
        yield f"{len(decision.missing)} facts can still change the answer. Next:"
        for role, count in waiting.items():
            option = f" --for {role}" if role else ""
            yield f"  assent ask {name}{option}  [dim]({count} for {asked_of(role)})[/]"


def questions_data(decision: Decision, role: str | None) -> list[dict[str, Any]]:
    """The questions that can still change the answer, in the order to ask them, as `--json` prints them."""
    found = []
    for reading in decision.missing:
        whom = decision.policies.vocabulary[reading.name].fact.asked_of
        asked = question(decision, reading)
        if asked is None or (role and whom not in (None, role)):
            continue
        found.append(
            {
                "fact": reading.name, "about": reading.about, "asked_of": whom, "question": asked.asks,
                "form": asked.form, "cite": asked.cite, "note": asked.note, "known": list(asked.known),
                "choices": [
                    {"answer": c.answer, "says": c.says, **({"settles": c.settles} if c.settles else {})}
                    for c in asked.choices
                ],
                "reasons": [_reason(reason) for reason in reasons(decision, key_of(reading))],
            }
        )  # fmt: skip
    return found


def _reason(reason: Reason) -> dict[str, Any]:
    return reason._asdict() | {"disclosures": list(reason.disclosures)}
