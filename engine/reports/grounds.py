"""What an answer rests on: the facts and who stated them, the sources and how far they were read, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from engine.agreements.agreement import sentence
from engine.agreements.people import many
from engine.backends.english import named
from engine.conditions import Reading, readings
from engine.decisions import Decision, Finding
from engine.facts import unknown
from engine.graph import GRAPH
from engine.papers.tree import Block, Heading, Line, Paragraph, Table, line
from engine.policies import Rule
from engine.records import DecisionRecord, MissingRecord, title_of
from engine.reports.flows import FlowRow, numbers_of
from engine.reports.plain import about, listed, question, value_words
from engine.reports.steps import title
from engine.reports.text import asked_of
from engine.requests import NOBODY

_SOURCES = {
    GRAPH: "that follow from the flows on the first page",
    NOBODY: "that hold of the public, since it is nobody in particular",
}
"""What is stated by nobody, and needs no table."""
CHECKED = {
    "text": "The text of the law was read",
    "summary": "Read in an official summary only",
    "interpretation": "Our interpretation of the text",
    "unverified": "Not verified",
}


def facts(decision: Decision, flows: tuple[FlowRow, ...]) -> Iterator[Block]:
    """Every fact that the findings rest on, by who stated it, and for each by what it is about."""
    vocabulary, numbers = decision.policies.vocabulary, numbers_of(flows)
    stated: dict[str, dict[str, list[tuple[Line, ...]]]] = {}
    for reading in {(reading.name, reading.about): reading for reading in _read(decision)}.values():
        if not unknown(reading.value):
            whose = about(decision, reading.about, numbers)
            row = (
                line(whose),
                line(question(vocabulary, reading.name)),
                line(value_words(vocabulary, reading.name, reading.value)),
            )
            rows = stated.setdefault(reading.source, {}).setdefault(whose, [])
            if row not in rows:  # two facts may ask the same: of a party as provider and as receiver
                rows.append(row)
    counted = [
        f"{sum(map(len, found.values()))} {_SOURCES.get(source) or f'stated by {source}'}"
        for source, found in stated.items()
    ]
    yield Paragraph(line(f"The answer rests on these facts: {listed(counted)}. It takes them as they were stated."))
    for source, found in stated.items():
        if source not in _SOURCES:
            yield Table(
                (line("About"), line("Question"), line("Answer")),
                tuple(row for rows in found.values() for row in rows),
                caption=f"Stated by {source}",
                widths=(3, 5, 3),
            )


def _read(decision: Decision) -> Iterator[Reading]:
    for finding in decision.findings:
        proofs = [finding.applies, *(proof for _, proof in finding.bars)]
        bases = [finding.used] if finding.used else finding.bases
        yield from readings([*proofs, *(found.proof for found in bases)])


def sources(decision: Decision, document: DecisionRecord) -> Iterator[Block]:
    """How far the sources behind the answer were verified, and those that were not read as text."""
    rules = {rule.id: rule for finding in decision.findings for rule in _rules(finding)}
    rested: dict[tuple[str, str], str] = {(rule.cite, rule.checked): title_of(rule) for rule in rules.values()}
    for o in document.obligations:
        for demand in o.required_by:
            rested.setdefault((demand.cite, demand.checked), o.says or title(decision, o))
    counted: Counter[str] = Counter(checked for _, checked in rested)
    rows = tuple((line(words), line(str(counted[checked]))) for checked, words in CHECKED.items())
    yield Table((line("How far the paragraph was verified"), line("Paragraphs")), rows, row_heads=True, widths=(5, 1))
    doubtful = [(cite, checked, what) for (cite, checked), what in rested.items() if checked != "text"]
    doubtful.sort(key=lambda row: -list(CHECKED).index(row[1]))
    if doubtful:
        yield Paragraph(line("Counsel should look at these before anybody relies on them:"))
        yield Table(
            (line("Paragraph"), line("What rests on it"), line("How far verified")),
            tuple((line(cite), line(what), line(CHECKED[checked])) for cite, checked, what in doubtful),
            widths=(3, 5, 2),
        )
    notes = {rule.note: rule for rule in rules.values() if rule.note}
    if notes:
        yield Heading(3, line("Doubts that the authors of the rules noted"))
        yield Table(
            (line("Rule"), line("Note")),
            tuple((line(f"{title_of(rule)} ({rule.cite})"), line(note)) for note, rule in notes.items()),
            widths=(2, 3),
        )


def _rules(finding: Finding) -> Iterator[Rule]:
    """The rules that a finding rests on."""
    if finding.outcome == "not_applicable":
        return
    yield finding.framework.applies
    yield from finding.holding
    if finding.used is not None:
        yield finding.used.basis


def by_whom(document: DecisionRecord) -> dict[str, list[MissingRecord]]:
    """The facts that are missing, by who can answer; first whose answers settle it soonest."""
    found: dict[str, list[MissingRecord]] = {}
    for fact in document.missing:
        found.setdefault(asked_of(fact.asked_of), []).append(fact)
    return found


def missing(decision: Decision, document: DecisionRecord, flows: tuple[FlowRow, ...]) -> Iterator[Block]:
    """Every fact that can still change the answer, by who can answer; then what is of unknown kind."""
    numbers = numbers_of(flows)
    for person, found in by_whom(document).items():
        rows: dict[tuple[str, str, str], list[str]] = {}
        for fact in found:
            rows.setdefault((fact.question or named(fact.fact), fact.cite, fact.absence), []).append(
                about(decision, fact.about, numbers)
            )
        yield Table(
            (line("Question"), line("About"), line("So far")),
            tuple(
                (
                    line(f"{asked} ({cite})" if cite else asked),
                    line("; ".join(dict.fromkeys(abouts))),
                    line(absence),
                )
                for (asked, cite, absence), abouts in rows.items()
            ),
            caption=f"{sentence(person)}: {many(len(found), 'question', 'questions')}",
            widths=(5, 3, 2),
        )
    for dataset, elements in document.unclassified.items():
        yield Paragraph(
            line(
                f"Of unknown kind, since the catalogue does not have them, in the data set {named(dataset)}: "
                f"{', '.join(elements)}."
            )
        )
