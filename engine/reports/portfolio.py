"""The report on many requests: where each stands, what is open and with whom, and what runs out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from engine.agreements.people import many, parties_with, party_name
from engine.decisions import Decision, decide
from engine.documents import Document, DocumentProblems, Mark, Problem, read
from engine.papers.tree import Badge, Block, Figure, Heading, Paper, Paragraph, Table, Terms, line
from engine.policies import PolicySet
from engine.records import record
from engine.reports.charts import Bar, Fill, bars
from engine.reports.findings import badge, by_framework
from engine.reports.plain import listed
from engine.reports.steps import tasks
from engine.requests import Request, check_request

SOON = timedelta(days=90)
"""What ends within this time is said to run out."""

_MOST = 12
"""So many bars fit a chart that is taken in at a glance."""

_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends: the term, or a paper."""

    day: date
    what: str


class Agency(NamedTuple):
    """A party as a table shows it, and its whole name."""

    short: str
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one request stands."""

    file: str
    id: str
    title: str
    dated: date
    outcome: str
    ready: bool
    agencies: tuple[Agency, ...]
    frameworks: tuple[str, ...]
    outstanding: tuple[tuple[str, ...], ...]
    missing: int
    endings: tuple[Ending, ...]

    @property
    def state(self) -> str:
        """The answer, with whether anything is left to do."""
        return "ready" if self.ready else self.outcome


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that cannot be judged, and why."""

    file: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Every request of a folder on one day."""

    as_of: date
    standings: tuple[Standing, ...]
    unread: tuple[Unread, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """What lies below a folder: requests, what cannot be read, and documents of other kinds."""

    requests: tuple[Document, ...]
    unread: tuple[Unread, ...]
    others: tuple[str, ...]


def find_requests(folder: Path) -> Findings:
    """The requests below a folder, in order of their paths; what is none or cannot be read is named, not left out."""
    requests, unread, others = [], [], []
    paths, closed = _files(folder)
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            document = read(path)
        except DocumentProblems as error:
            unread.append(Unread(name, tuple(error.problems)))
            continue
        if isinstance(document.data, dict) and "request" in document.data:
            requests.append(document)
        else:
            others.append(name)
    return Findings(tuple(requests), (*closed, *unread), tuple(others))


def _files(folder: Path) -> tuple[list[Path], tuple[Unread, ...]]:
    """The documents below a folder, hidden ones too, and the folders that cannot be opened."""
    errors: list[OSError] = []
    found = [
        Path(place, name)
        for place, _, names in os.walk(folder, onerror=errors.append)
        for name in names
        if name.lower().endswith(_SUFFIXES)
    ]
    closed = (
        Problem(Path(error.filename).relative_to(folder).as_posix(), Mark(0, 0), "unreadable", _reason(error))
        for error in errors
    )
    # What is neither a file nor a link that leads nowhere, such as a pipe, might never end.
    return sorted(path for path in found if path.is_file() or not path.exists()), tuple(
        sorted((Unread(problem.file, (problem,)) for problem in closed), key=lambda item: item.file)
    )


def _reason(error: OSError) -> str:
    return f"the folder cannot be read: {(error.strerror or str(error)).lower()}"


def latest(documents: Iterable[Document]) -> date | None:
    """The latest date that any of some requests bears."""
    days = [document.data.get("date") for document in documents]
    return max((day for day in days if isinstance(day, date)), default=None)


def assess(policies: PolicySet, document: Document, name: str, as_of: date) -> Standing | Unread:
    """Where a request stands under the law of a day."""
    try:
        return _standing(decide(policies, check_request(document, policies), as_of), name)
    except DocumentProblems as error:
        return Unread(name, tuple(error.problems))


def _standing(decision: Decision, name: str) -> Standing:
    request = decision.request
    todo = tasks(decision, record(decision, whole=False))
    owners = dict.fromkeys(finding.disclosure.provider for finding in decision.findings)
    users = parties_with(decision, "recipient")
    return Standing(
        file=name,
        id=request.file.request,
        title=request.file.title,
        dated=request.file.date,
        outcome=decision.outcome,
        ready=decision.ready,
        agencies=tuple(_agency(decision, party) for party in dict.fromkeys((*owners, *users))),
        frameworks=tuple(title for title, _ in by_framework(decision)),
        outstanding=tuple(tuple(party_name(decision, party) for party in task.owners) for task in todo.outstanding),
        missing=len(decision.missing),
        endings=tuple(sorted(_endings(request, decision), key=lambda ending: ending.day)),
    )


def _agency(decision: Decision, party: str) -> Agency:
    """A party, by its acronym where the deployment knows it."""
    deployment = decision.request.deployment
    known = deployment is not None and party in deployment.agencies
    name = decision.request.names[party]
    return Agency(party if known else name, name)


def _endings(request: Request, decision: Decision) -> Iterator[Ending]:
    """What ends soon, or has ended."""
    last = decision.as_of + SOON
    if request.file.term.until and request.file.term.until <= last:
        yield Ending(request.file.term.until, "the term")
    for paper in request.file.instruments:
        if paper.status == "signed" and paper.until and paper.until <= last:
            titles = listed(decision.policies.instruments[kind].title for kind in paper.instrument)
            yield Ending(paper.until, f"{titles} between {listed(request.names[p] for p in paper.between)}")


# The paper ------------------------------------------------------------------------------------------------------------

_STATES: dict[str, tuple[str, Fill]] = {
    "deny": ("Denied", "full"),
    "undetermined": ("Open for want of facts", "hatched"),
    "allow": ("Allowed, not ready", "dotted"),
    "ready": ("Allowed and ready", "empty"),
    "unread": ("Cannot be read", "plain"),
}


def portfolio_report(portfolio: Portfolio, folder: str) -> Paper:
    """The report on a portfolio, requests with the greatest need for attention first."""
    return Paper(
        title="Requests to share data",
        subtitle=f"Where {many(len(portfolio.standings) + len(portfolio.unread), 'request stands', 'requests stand')}",
        about=f"{folder}, under the law in force on {portfolio.as_of.isoformat()}",
        blocks=tuple(_blocks(portfolio)),
        dense=True,
    )


def _blocks(portfolio: Portfolio) -> Iterator[Block]:
    standings = sorted(portfolio.standings, key=_need)
    states = Counter(standing.state for standing in standings) + Counter(unread=len(portfolio.unread))
    summary = (f"{states[state]} {_STATES[state][0].lower()}" for state in _STATES if states[state])
    yield Paragraph(line(f"{listed(summary)}."), "lead")
    yield Paragraph(
        line(
            "What runs out soonest comes first, then what is denied, open, not ready and ready; within each, the "
            f"oldest. Age is counted in days from a request's date to {portfolio.as_of.isoformat()}, the day whose law "
            f"decides here. What ends within {SOON.days} days of it runs out."
        ),
        "quiet",
    )
    if standings:
        yield _table(standings, portfolio.as_of)
    if portfolio.unread:
        yield from _unread(portfolio.unread)
    if portfolio.others:
        yield Paragraph(
            line(f'Passed over, since no "request:" stands at their head: {listed(portfolio.others)}.'), "quiet"
        )
    yield Heading(1, line("Answers"))
    yield from _chart("answers", "Requests by answer", [Bar(w, states[s], fill) for s, (w, fill) in _STATES.items()])
    frameworks = Counter(title for standing in standings for title in standing.frameworks)
    if frameworks:
        yield Heading(1, line("Frameworks"))
        yield from _chart("frameworks", "Requests that each framework reaches or may reach", _ranked(frameworks))
    owners = Counter(owner for s in standings for parties in s.outstanding for owner in dict.fromkeys(parties))
    if owners:
        yield Heading(1, line("Outstanding steps and papers"))
        yield from _chart("owners", "Outstanding steps and papers by who owes them", _ranked(owners))
    names = {agency.short: agency.name for s in standings for agency in s.agencies if agency.short != agency.name}
    if names:
        yield Heading(1, line("Short names"))
        yield Terms(tuple((line(short), line(name)) for short, name in sorted(names.items())))


def _need(standing: Standing) -> tuple[bool, date, int, date, str]:
    order = list(_STATES).index(standing.state)
    first = standing.endings[0].day if standing.endings else date.max
    return not standing.endings, first, order, standing.dated, standing.file


def _table(standings: Sequence[Standing], day: date) -> Table:
    head = ("Request", "Answer", "Age", "Agencies", "Frameworks", "Left to do", "Runs out")
    rows = tuple(
        (
            line(f"{standing.title} ({standing.id})"),
            line(_badge(standing)),
            line(str((day - standing.dated).days)),
            line(", ".join(agency.short for agency in standing.agencies)),
            line(str(len(standing.frameworks))),
            line(_left(standing)),
            line("; ".join(_ending(ending, day) for ending in standing.endings)),
        )
        for standing in standings
    )
    return Table(
        tuple(map(line, head)), rows, caption="Every request", row_heads=True, widths=(12, 5, 3, 8, 6, 6, 7)
    )  # fmt: skip


def _badge(standing: Standing) -> Badge:
    if standing.outcome != "allow":
        return badge(standing.outcome)
    return Badge("Ready", "good") if standing.ready else Badge("Not ready", "open")


def _left(standing: Standing) -> str:
    if standing.outcome == "deny":
        return "change the request"
    left = [many(len(standing.outstanding), "step or paper", "steps or papers")] if standing.outstanding else []
    facts = [many(standing.missing, "fact to learn", "facts to learn")] if standing.missing else []
    return ", ".join([*facts, *left])


def _ending(ending: Ending, day: date) -> str:
    word = "ended" if ending.day < day else "ends"
    return f"{ending.what} {word} {ending.day.isoformat()}"


def _unread(unread: Sequence[Unread]) -> Iterator[Block]:
    rows = tuple(
        (
            line(item.file),
            line(str(problem.mark.line or "")),
            line("; ".join(part for part in (problem.message, problem.help) if part)),
        )
        for item in unread
        for problem in item.problems
    )
    yield Table((line("File"), line("Line"), line("Problem")), rows, caption="Cannot be read", widths=(4, 1, 8))


def _ranked(counted: Counter[str]) -> list[Bar]:
    return [Bar(label, count) for label, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]


def _chart(name: str, title: str, rows: Sequence[Bar]) -> Iterator[Block]:
    """A chart of the greatest values; where there are more, a table of all."""
    svg, alternative = bars(name, title, rows[:_MOST])
    if len(rows) <= _MOST:
        yield Figure(svg, alternative, title)
        return
    yield Figure(svg, alternative, f"{title}: the first {_MOST}")
    yield Table(
        (line("Name"), line("Number")),
        tuple((line(row.label), line(str(row.value))) for row in rows),
        caption=f"{title}: all",
        row_heads=True,
        widths=(6, 1),
    )
