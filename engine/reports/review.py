"""Show the review of an agreement in a terminal, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console

from engine.agreements.contents import Demand
from engine.agreements.differences import Change
from engine.agreements.review import ClauseReview, Review
from engine.reports.text import escape

_AROUND = 8
"""How many of the same words are shown beside a change."""
_STYLES = {"contained": "green", "altered": "yellow", "lacking": "red"}


def show_review(review: Review, console: Console) -> None:
    """Print what the paper has of the clauses: what needs attention first."""
    for line in _lines(review):
        console.print(line, soft_wrap=not console.is_terminal)


def review_data(review: Review) -> dict[str, Any]:
    """The review for programs."""
    return {
        "whole": review.whole,
        "tracked_changes": review.tracked,
        "anchored": review.anchored,
        "clauses": [_clause_data(found) for found in review.clauses],
        "not_required": [{"clause": name, "title": title} for name, title in review.unasked],
        "open_elsewhere": list(review.open_elsewhere),
    }


def _clause_data(found: ClauseReview) -> dict[str, Any]:
    clause = found.clause
    return {
        "clause": clause.name,
        "number": clause.number,
        "title": clause.title,
        "state": found.state,
        "found_by": found.found_by or None,
        "conditional": clause.conditional,
        "required_by": [{"rule": d.rule, "cite": d.cite, "checked": d.checked} for d in clause.demands],
        "filled": [{"blank": label, "text": text} for label, text in found.fills],
        "open": list(found.open_blanks),
        "difference": marked(found.changes) if found.state == "altered" else "",
        "if_rejected": _rejected_data(found.rejected) if found.rejected else None,
    }


def _rejected_data(found: ClauseReview) -> dict[str, Any]:
    """What becomes of a clause if the tracked changes in it are rejected."""
    data = _clause_data(found)
    return {key: data[key] for key in ("state", "filled", "open", "difference")}


def marked(changes: Sequence[Change]) -> str:
    """The paper's words with what is lacking as [-...-] and what was added as {+...+}."""
    marks = {"lacking": "[-{}-]", "added": "{{+{}+}}"}
    return " ".join(marks.get(change.kind, "{}").format(_said(change)) for change in changes)


def _said(change: Change) -> str:
    return change.text or f"[{change.label or 'blank'}]"


def _lines(review: Review) -> Iterator[str]:
    states = ", ".join(f"{review.count(state)} {state}" for state in ("contained", "altered", "lacking"))
    total = len(review.clauses)
    yield f"[bold]{total} required {'clause' if total == 1 else 'clauses'}[/]: {states}"
    if review.tracked:
        yield "[yellow]The paper has tracked changes; it was read as if all of them were accepted.[/]"
        if not any(found.rejected for found in review.clauses):
            yield "They touch no required clause."
    if not review.anchored:
        yield "The paper marks no clause; all were looked for by their wording, and no other clause would be noticed."
    for state in ("lacking", "altered"):
        found = [clause for clause in review.clauses if clause.state == state]
        if found:
            yield ""
            yield f"[bold {_STYLES[state]}]{state.capitalize()}[/]"
        for clause in found:
            yield from _clause(clause)
    yield from _touched(review)
    yield from _blanks(review)
    yield from _others(review)


def _clause(found: ClauseReview) -> Iterator[str]:
    clause = found.clause
    by_wording = ", found by its wording" if found.found_by == "wording" else ""
    yield f"  {escape(clause.number)} {escape(clause.title)} [dim]({escape(clause.name)}{by_wording})[/]"
    if clause.conditional:
        yield "      Needed only if a fact that is still unknown turns out so."
    yield f"      [dim]Required by {escape(_demands(clause.demands))}[/]"
    if found.state == "altered":
        yield f"      {_coloured(found.changes)}"


def _touched(review: Review) -> Iterator[str]:
    """The clauses that read otherwise if the tracked changes are rejected."""
    touched = [(found, found.rejected) for found in review.clauses if found.rejected]
    if not touched:
        return
    yield ""
    yield "[bold yellow]Touched by tracked changes that are neither accepted nor rejected[/]"
    for found, rejected in touched:
        clause = found.clause
        yield f"  {escape(clause.number)} {escape(clause.title)} [dim]({escape(clause.name)})[/]"
        blanks = ", with other words in its blanks" if found.settled else ""
        yield f"      {found.state.capitalize()} if they are accepted, {rejected.state} if they are rejected{blanks}"
        if rejected.state == "altered":
            yield f"      Rejected: {_coloured(rejected.changes)}"


def _demands(demands: Sequence[Demand]) -> str:
    return "; ".join(dict.fromkeys(demand.source for demand in demands))


def _coloured(changes: Sequence[Change]) -> str:
    parts = []
    for number, change in enumerate(changes):
        text = escape(_said(change))
        if change.kind == "lacking":
            parts.append(f"[red]\\[-{text}-][/]")
        elif change.kind == "added":
            parts.append(f"[green]{{+{text}+}}[/]")
        elif change.kind == "filled":
            parts.append(f"[cyan]{text}[/]")
        else:
            parts.append(escape(_shortened(change.text, number, len(changes))))
    return " ".join(part for part in parts if part)


def _shortened(text: str, number: int, count: int) -> str:
    """The same words as far as they stand beside a change."""
    words = text.split()
    before, after = (0 if number == 0 else _AROUND), (0 if number == count - 1 else _AROUND)
    if len(words) <= before + after + 2:
        return text
    return " ".join([*words[:before], "...", *words[len(words) - after :]])


def _blanks(review: Review) -> Iterator[str]:
    filled = [(c, label, text) for c in review.clauses if c.state != "lacking" for label, text in c.fills]
    still = [(c, label) for c in review.clauses if c.state != "lacking" for label in c.open_blanks]
    if filled:
        yield ""
        yield "[bold]Blanks filled in[/]"
        for found, label, text in filled:
            yield f"  {escape(found.clause.number)} {escape(label)}: [cyan]{escape(text)}[/]"
    if still or review.open_elsewhere:
        yield ""
        yield "[bold]Blanks still open[/]"
        for found, label in still:
            yield f"  {escape(found.clause.number)} {escape(label)}"
        for label in review.open_elsewhere:
            yield f"  {escape(label)}"


def _others(review: Review) -> Iterator[str]:
    conditional = [c for c in review.clauses if c.clause.conditional and c.state == "contained"]
    if conditional:
        yield ""
        yield "[bold]Contained, and needed only if a fact that is still unknown turns out so[/]"
        yield from (f"  {escape(c.clause.number)} {escape(c.clause.title)}" for c in conditional)
    worded = [c for c in review.clauses if c.found_by == "wording" and c.state == "contained"]
    if worded and review.anchored:
        yield ""
        yield "[bold]Contained, found by their wording[/]"
        yield from (f"  {escape(c.clause.number)} {escape(c.clause.title)}" for c in worded)
    if review.unasked:
        yield ""
        yield "[bold]In the paper, and required by no rule here[/]"
        yield from (f"  {escape(title)} [dim]({escape(name)})[/]" for name, title in review.unasked)
