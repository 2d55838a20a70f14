"""What stands behind the first page of a report: the parties, steps, clauses, dates, penalties and small print."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from engine.agreements.contents import sourced as with_mark
from engine.agreements.people import many, roles
from engine.agreements.wording import kinds_of_record
from engine.backends.english import named
from engine.calendar import entries
from engine.decisions import Decision
from engine.papers.tree import Block, Heading, Line, Paragraph, Table, Terms, Text, line
from engine.records import DecisionRecord, ObligationRecord
from engine.reports.calendar import sections, when
from engine.reports.findings import others
from engine.reports.plain import listed, who
from engine.reports.steps import Task

_PERHAPS = " (only if a missing fact turns out so)"
"""What is added to a task that may not be owed."""
Names = Callable[[Sequence[str]], str]
"""How some parties are named together."""


def parties(decision: Decision) -> Iterator[Block]:
    """Who takes part, and as what."""
    rows = [
        (line(acronym), line(name), line(listed(found)))
        for acronym, name in decision.request.names.items()
        if (found := roles(decision, acronym))
    ]
    yield Table((line("Short"), line("Name"), line("Part")), tuple(rows), caption="The parties", widths=(2, 6, 4))


def data(decision: Decision) -> Iterator[Block]:
    """Which data sets there are, of what kind, and from whom."""
    request = decision.request
    rows = []
    for name, dataset in request.file.datasets.items():
        origin = (
            f"made from {listed(map(named, dataset.from_))}" if dataset.from_ else request.names[str(dataset.owner)]
        )
        what = [dataset.description] if dataset.description else []
        what += [many(len(dataset.elements), "element", "elements")] if dataset.elements else []
        kind = "; ".join(kinds_of_record(decision, name)) or ("as its sources" if dataset.from_ else "not stated")
        rows.append((line(named(name)), line(origin), line("; ".join(what)), line(kind)))
    head = ("Data set", "Whose", "What", "Kinds of record")
    yield Table(tuple(map(line, head)), tuple(rows), caption="The data", widths=(2, 3, 5, 5))


def task_rows(decision: Decision, found: Sequence[Task]) -> Iterator[tuple[Line, ...]]:
    """Tasks as rows of a table: who, what, by when, under which paragraphs."""
    for task in found:
        refused = line(Text("Refused: ", strong=True)) if task.status == "refused" else ()
        what = (*refused, *line(_what(task)))
        yield line(_owners(task, partial(who, decision))), what, line(task.due), line("; ".join(task.sources))


def short_rows(found: Sequence[Task], names: Names) -> Iterator[tuple[Line, ...]]:
    """Tasks as few rows: who, everything they owe in a phase, which phase."""
    together: dict[tuple[str, str], list[Task]] = {}
    for task in found:
        together.setdefault((_owners(task, names), task.phase), []).append(task)
    for (owners, phase), same in together.items():
        yield line(owners), line(". ".join(map(_what, same))), line(phase)


def _what(task: Task) -> str:
    return f"{task.says}{_PERHAPS}" if task.conditional else task.says


def _owners(task: Task, names: Names) -> str:
    """Each who owes a step; for papers, who signs with whom."""
    if task.kind != "instrument":
        return names(task.owners)
    common = [party for party in task.owners if all(party in pair for pair in task.parties)]
    if len(task.parties) == 1 or not common:
        return "; ".join(" with ".join(names((party,)) for party in pair) for pair in task.parties)
    return f"{names(common)} with {names([party for party in task.owners if party not in common])}"


def clauses(decision: Decision, document: DecisionRecord) -> Iterator[Block]:
    """The clauses that the agreement must contain, by common element."""
    library, elements = decision.policies.clauses, decision.policies.elements
    wanted: dict[str, list[ObligationRecord]] = {}
    for o in document.obligations:
        if o.kind == "clause":
            wanted.setdefault(o.name, []).append(o)
    if not wanted:
        return
    yield Paragraph(line(f"The agreement must contain {many(len(wanted), 'clause', 'clauses')}."))
    for number, element in elements.items():
        rows = [
            (
                line(library[name].title, Text(f" {name}", code=True)),
                line("; ".join(dict.fromkeys(with_mark(d.cite, d.checked) for o in found for d in o.required_by))),
                line(_clause_status(found)),
            )
            for name, found in wanted.items()
            if library[name].element == number
        ]
        if rows:
            yield Table(
                (line("Clause"), line("Demanded by"), line("So far")),
                tuple(rows),
                caption=f"{number}. {element.title}",
                widths=(5, 5, 2),
            )


def _clause_status(found: Sequence[ObligationRecord]) -> str:
    statuses = {o.status for o in found}
    if "lacking" in statuses:
        return "lacking from a signed paper"
    if statuses == {"in the agreement"}:
        return "in the agreement"
    return "needed only if a missing fact turns out so" if all(o.conditional for o in found) else "to be written"


def dates(decision: Decision) -> Iterator[Block]:
    """Term, retention, destruction and reports: what has a day, what waits for an event, and what goes on."""
    for title, found in sections([entry for entry in entries(decision) if entry.kind != "before"]):
        rows = tuple(
            (line(f"{entry.what}{_PERHAPS if entry.conditional else ''}"), line(listed(entry.who)), line(when(entry)))
            for entry in found
        )
        yield Table((line("What"), line("Who"), line("When")), rows, caption=title, widths=(6, 4, 5))


def penalties(document: DecisionRecord) -> Iterator[Block]:
    """What follows a breach."""
    if document.penalties:
        rows = tuple((line(p.says), line(with_mark(p.cite, p.checked))) for p in document.penalties)
        yield Table((line("What"), line("Under")), rows, widths=(3, 2))


def small_print(decision: Decision, document: DecisionRecord) -> Iterator[Block]:
    """What identifies the decision, and the frameworks that were asked in vain."""
    yield Terms(
        (
            (line("Request"), line(Text(document.decision, code=True))),
            (line("Law as of"), line(document.as_of.isoformat())),
            (line("House rules of"), line(_house(decision))),
            (line("Digest of the request"), line(Text(document.request_digest, code=True))),
            (line("Digest of the rules"), line(Text(document.policies_digest, code=True))),
        )
    )
    unreached = others(decision)
    if unreached:
        yield Heading(2, line("Frameworks that reach none of these data"))
        yield Paragraph(line(f"{'; '.join(unreached)}."), "quiet")


def _house(decision: Decision) -> str:
    deployment = decision.request.deployment
    return deployment.title if deployment else "none"
