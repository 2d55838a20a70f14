"""The report to a board: a first page to decide from, then everything that it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from engine.agreements.agreement import sentence
from engine.agreements.people import many, parties_with
from engine.backends.english import named
from engine.decisions import Decision
from engine.papers.tree import (
    Badge,
    Block,
    Contents,
    Figure,
    Heading,
    Line,
    PageBreak,
    Paper,
    Paragraph,
    Table,
    Terms,
    Text,
    line,
)
from engine.records import DecisionRecord, record
from engine.reports import grounds
from engine.reports.annex import clauses, data, dates, parties, penalties, short_rows, small_print, task_rows
from engine.reports.findings import badge, by_framework, findings, reason, restrictions
from engine.reports.flows import FlowRow, flow_rows, form_words, numbers_of, purpose_in_words, runs, waits_for, worst
from engine.reports.picture import picture
from engine.reports.plain import listed, short, who
from engine.reports.room import fit
from engine.reports.steps import Tasks, tasks

_WIDTHS = (4, 12, 3)
"""Of the tables of votes and steps."""


def board_report(decision: Decision) -> Paper:
    """The report on one request."""
    document = record(decision, whole=False)
    flows, todo = flow_rows(decision), tasks(decision, document)
    first = list(_first_page(decision, document, flows, todo))
    if document.outcome != "deny":
        in_full = list(_open_steps(decision, todo))
        first += in_full if fit(document.title, [*first, *in_full]) else _counted(decision, todo)
    blocks = [*first, PageBreak(), *_rest(decision, document, flows, todo)]
    return Paper(
        title=document.title,
        subtitle="Report to the board on a request to share data",
        about=f"{document.decision}, under the law in force on {document.as_of.isoformat()}",
        blocks=tuple(blocks),
        dense=True,
    )


# The first page -------------------------------------------------------------------------------------------------------


def _first_page(
    decision: Decision, document: DecisionRecord, flows: tuple[FlowRow, ...], todo: Tasks
) -> Iterator[Block]:
    yield Paragraph(outcome(decision, document, flows, todo), "lead")
    yield Terms(tuple(_who_and_why(decision)))
    yield flow_table(decision, flows)
    request = decision.request
    owners = {finding.disclosure.provider for finding in decision.findings}
    drawn = picture(flows, request.names, owners, request.hubs)
    yield Figure(drawn.svg, drawn.alternative)
    if decision.outcome == "deny":
        yield from _why_denied(flows, decision)
        return
    yield from _votes(decision, todo)
    if document.missing:
        counts = [f"{person} {len(found)}" for person, found in grounds.by_whom(document).items()]
        yield Paragraph(line(Text("Missing facts: ", strong=True), f"{', '.join(counts)}."))


def outcome(decision: Decision, document: DecisionRecord, flows: Sequence[FlowRow], todo: Tasks) -> Line:
    """The answer in a sentence."""
    what = "flow of data" if len(flows) == 1 else f"{len(flows)} flows of data"
    wrong = [row.number for row in flows if row.outcome == document.outcome]
    laws = [title for title, found in by_framework(decision) if worst(f.outcome for f in found) == document.outcome]
    if document.outcome == "deny":
        several = f"{len(wrong)} of the {what}" if len(flows) > 1 else "the flow of data"
        number = "number" if len(wrong) == 1 else "numbers"
        which = f" ({number} {listed(map(str, wrong))})" if len(flows) > 1 else ""
        verb = "does" if len(laws) == 1 else "do"
        return line(badge("deny"), f" {_several(laws)} {verb} not permit {several}{which}.")
    if document.outcome == "undetermined":
        facts = many(len(document.missing), "fact is", "facts are")
        return line(
            badge("undetermined"),
            f" Nobody can say yet whether the law permits this: {facts} missing, on which {_several(laws)} depend"
            f"{'s' if len(laws) == 1 else ''}.",
        )
    if document.ready:
        return line(
            Badge("Allowed and ready", "good"), f" The law permits the {what}, and nothing is left to do first."
        )
    left = [many(len(todo.votes), "vote or approval", "votes or approvals")] if todo.votes else []
    other = "other " if todo.votes else ""
    left += [many(len(todo.open), f"{other}step", f"{other}steps")] if todo.open else []
    verb = "is" if len(todo.outstanding) == 1 else "are"
    return line(
        Badge("Allowed, not ready", "open"),
        f" The law permits the {what}; {' and '.join(left)} {verb} still open.",
    )


def _several(laws: Sequence[str]) -> str:
    """The titles of a few frameworks; of many, the first and how many more."""
    return listed(laws) if len(laws) <= 3 else f"{', '.join(laws[:2])} and {len(laws) - 2} more bodies of rules"


def _who_and_why(decision: Decision) -> Iterator[tuple[Line, Line]]:
    request, vocabulary = decision.request, decision.policies.vocabulary
    purposes = [purpose for found in request.purposes.values() for purpose in found]
    yield line("Purpose"), line(sentence(purpose_in_words(vocabulary, purposes)))
    users = parties_with(decision, "recipient")
    yield line("Who would use the data"), line(who(decision, users) or "Nobody outside the hub")
    term = request.file.term
    if term.from_ or term.until:
        begins = term.from_.isoformat() if term.from_ else "not stated"
        ends = term.until.isoformat() if term.until else "not stated"
        yield line("Term"), line(f"{begins} to {ends}")


def flow_table(decision: Decision, flows: tuple[FlowRow, ...]) -> Table:
    """Who gets what in which form, and whether they may; flows between the same two are told together."""
    names, datasets = decision.request.names, decision.request.file.datasets
    together: dict[tuple[str, str, str, tuple[int, ...]], list[FlowRow]] = {}
    for row in flows:
        waiting = tuple(waits_for(row, flows)) if row.outcome == "allow" else ()
        together.setdefault((row.sender, row.receiver, row.outcome, waiting), []).append(row)
    rows = []
    for (sender, receiver, outcome, waiting), found in together.items():
        carried = [
            f"{'; '.join(datasets[name].description or named(name) for name in row.carries)} ({form_words(row)})"
            for row in found
        ]
        be = "is" if len(waiting) == 1 else "are"
        waits = f" once {listed(map(str, waiting))} {be}" if waiting else ""
        numbers = line(runs(row.number for row in found))
        answer = line(badge(outcome), waits)
        rows.append((numbers, line(names[sender]), line(names[receiver]), line("; ".join(carried)), answer))
    head = ("No.", "From", "To", "What, and in which form", "Answer")
    return Table(tuple(line(word) for word in head), tuple(rows), caption="Who gets what", widths=(2, 7, 7, 14, 4))


def _why_denied(flows: tuple[FlowRow, ...], decision: Decision) -> Iterator[Block]:
    denying = [
        (title, [f for f in found if f.outcome == "deny"])
        for title, found in by_framework(decision)
        if worst(f.outcome for f in found) == "deny"
    ]
    numbers = numbers_of(flows)
    rows = []
    for title, found in denying:
        where = sorted({numbers[finding.disclosure.flow.id] for finding in found})
        why = dict.fromkeys(reason(decision, finding) for finding in found)
        rows.append((line(title), line(runs(where)), line(sentence("; ".join(why)))))
    yield Table((line("What forbids it"), line("Flows"), line("Why")), tuple(rows), caption="Why", widths=(6, 2, 11))
    yield Paragraph(
        line(
            "No vote can make this request lawful as it stands; it has to change first. The findings by framework say "
            "what each basis lacks."
        )
    )


def _votes(decision: Decision, todo: Tasks) -> Iterator[Block]:
    if not todo.votes:
        yield Paragraph(line("No vote or approval is open."))
        return
    rows = tuple(short_rows(todo.votes, partial(who, decision)))
    head = line("Who decides"), line("What"), line("By when")
    yield Table(head, rows, caption="Votes and approvals needed", widths=_WIDTHS)


def _open_steps(decision: Decision, todo: Tasks) -> Iterator[Block]:
    if todo.open:
        rows = tuple(short_rows(todo.open, lambda parties: listed(short(decision, party) for party in parties)))
        yield Table((line("Who"), line("What"), line("By when")), rows, caption="Other open steps", widths=_WIDTHS)


def _counted(decision: Decision, todo: Tasks) -> Iterator[Block]:
    """The open steps by who owes them, where there is no room for each."""
    owed = Counter(owner for task in todo.open for owner in task.owners)
    owing = ", ".join(f"{short(decision, owner)} {count}" for owner, count in owed.items())
    yield Paragraph(
        line(Text("Other open steps, by who has to act: ", strong=True), f"{owing}. Section 2 has them one by one.")
    )


# The rest -------------------------------------------------------------------------------------------------------------


def _rest(decision: Decision, document: DecisionRecord, flows: tuple[FlowRow, ...], todo: Tasks) -> Iterator[Block]:
    yield Contents(1)
    sections: list[tuple[str, list[Block]]] = [
        ("The parties and the data", [*parties(decision), *data(decision)]),
        ("Steps", list(_steps(decision, todo))),
        ("Missing facts", list(grounds.missing(decision, document, flows))),
        ("Findings by framework", list(findings(decision, flows))),
        ("Restrictions that travel", list(restrictions(decision, flows))),
        ("Clauses of the agreement", list(clauses(decision, document))),
        ("Dates", list(dates(decision))),
        ("What the answer rests on", [*grounds.facts(decision, flows), *grounds.sources(decision, document)]),
        ("What follows a breach", list(penalties(document))),
        ("Small print", list(small_print(decision, document))),
    ]
    present = [(title, blocks) for title, blocks in sections if blocks]
    for number, (title, blocks) in enumerate(present, 1):
        yield Heading(1, line(title), number=str(number))
        yield from blocks


def _steps(decision: Decision, todo: Tasks) -> Iterator[Block]:
    for heading, found in (
        ("In the way", todo.blocking),
        ("Votes and approvals that are open", todo.votes),
        ("Other steps and papers that are open", todo.open),
        ("Later", todo.later),
        ("Done", todo.done),
    ):
        if found:
            yield Table(
                (line("Who"), line("What"), line("By when"), line("Under")),
                tuple(task_rows(decision, found)),
                caption=heading,
                widths=(4, 6, 3, 5),
            )
