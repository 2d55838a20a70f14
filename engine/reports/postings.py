"""What a network tells the public: a page on each request, its agreement, and a list of all.

Made from redacted requests alone (`engine.redaction`). The pages need no script and work from any folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from engine.agreements import draft
from engine.agreements.contents import sourced
from engine.agreements.people import many, parties_with, party_name
from engine.backends.english import named
from engine.calendar import entries
from engine.decisions import Decision, Finding
from engine.facts import unknown
from engine.papers.tree import Badge, Block, Figure, Heading, Items, Line, Link, Paper, Paragraph, Table, Terms, line
from engine.reports.board import flow_table
from engine.reports.calendar import shown_day
from engine.reports.findings import badge, by_framework
from engine.reports.flows import FlowRow, flow_rows, purpose_in_words, worst
from engine.reports.picture import picture
from engine.reports.plain import listed, question, value_words

INDEX = "index.html"


class Posting(NamedTuple):
    """The public pages on one request: what the list says of it, its own page, and its agreement if there is one."""

    name: str
    made: date
    entry: tuple[Block, ...]
    page: Paper
    agreement: Paper | None


def posting(decision: Decision) -> Posting:
    """The pages on one request. An agreement is posted where the request is allowed."""
    file = decision.request.file
    agreement = _agreement(decision) if decision.outcome == "allow" else None
    return Posting(file.request, file.date, tuple(_entry(decision)), _page(decision), agreement)


def index(postings: Sequence[Posting], networks: Sequence[str]) -> Paper:
    """The list of all requests, by year, the latest first."""
    newest = sorted(sorted(postings, key=lambda one: one.name), key=lambda one: one.made, reverse=True)
    blocks: list[Block] = [Paragraph(line(f"{many(len(postings), 'request', 'requests')} to share data."))]
    for year, found in groupby(newest, key=lambda one: one.made.year):
        blocks += [Heading(1, line(str(year))), *(block for one in found for block in one.entry)]
    return Paper("Requests to share data", tuple(blocks), subtitle=listed(networks))


def files(postings: Sequence[Posting], networks: Sequence[str]) -> dict[str, Paper]:
    """Every page of the site, by its path."""
    pages = {INDEX: index(postings, networks)}
    for found in postings:
        pages[f"requests/{found.name}.html"] = found.page
        if found.agreement is not None:
            pages[f"agreements/{found.name}.html"] = found.agreement
    return pages


# The list -------------------------------------------------------------------------------------------------------------


def _entry(decision: Decision) -> Iterator[Block]:
    request, file = decision.request, decision.request.file
    purposes = dict.fromkeys(purpose for found in request.purposes.values() for purpose in found)
    aims = listed("a purpose not stated" if unknown(aim) else named(str(aim)) for aim in purposes)
    yield Heading(2, line(Link(file.title, f"requests/{file.request}.html")))
    yield Paragraph(
        line(
            _badge(decision),
            f" Made on {file.date.isoformat()}, for {aims}. Data of {_names(decision, _owners(decision))}, for use by "
            f"{_users_of(decision)}. Term: {_term(decision)}.",
        )
    )


def _badge(decision: Decision) -> Badge:
    if decision.outcome == "allow" and not decision.ready:
        return Badge("Allowed, not ready", "open")
    return badge(decision.outcome)


def _owners(decision: Decision) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.disclosure.provider for finding in decision.findings))


def _names(decision: Decision, parties: Sequence[str]) -> str:
    return listed(party_name(decision, party) for party in parties)


def _users_of(decision: Decision) -> str:
    return _names(decision, parties_with(decision, "recipient")) or "nobody else"


def _term(decision: Decision) -> str:
    first, last = decision.request.file.term.from_, decision.request.file.term.until
    if not first and not last:
        return "not stated"
    return f"{first or 'a day not stated'} to {last or 'a day not stated'}"


# The page of a request ------------------------------------------------------------------------------------------------


def _page(decision: Decision) -> Paper:
    file, flows = decision.request.file, flow_rows(decision)
    sections: tuple[tuple[str, list[Block]], ...] = (
        ("Who gets what", list(_flows(decision, flows))),
        ("The data", list(_data(decision))),
        ("What the law says", list(_law(decision))),
        ("What will be published", list(_outputs(decision))),
        ("In the requester's words", list(_words(decision))),
        ("Dates", list(_dates(decision))),
        ("The agreement", [_to_agreement(decision)]),
    )
    blocks = [
        Paragraph(line(Link("All requests", f"../{INDEX}"))),
        Paragraph(line(_badge(decision), f" {_status(decision)}"), "lead"),
        Terms(tuple(_summary(decision))),
        *(block for title, found in sections if found for block in (Heading(1, line(title)), *found)),
    ]
    about = f"Request {file.request} of {file.date.isoformat()}, under the law in force on {decision.as_of.isoformat()}"
    return Paper(file.title, tuple(blocks), subtitle="Request to share data", about=about)


def _status(decision: Decision) -> str:
    if decision.outcome == "deny":
        return "The law does not permit this request as it stands; no data may move."
    if decision.outcome == "undetermined":
        return "Whether the law permits this request is not settled; facts are missing."
    if decision.ready:
        return "The law permits this request, and what has to be done before data move is done."
    return "The law permits this request; steps are still to be taken before data move."


def _summary(decision: Decision) -> Iterator[tuple[Line, Line]]:
    request = decision.request
    purposes = [purpose for found in request.purposes.values() for purpose in found]
    yield line("Purpose"), line(purpose_in_words(decision.policies.vocabulary, purposes))
    yield line("Data of"), line(_names(decision, _owners(decision)))
    if hubs := parties_with(decision, "hub"):
        yield line("Brought together by"), line(_names(decision, hubs))
    yield line("For use by"), line(_users_of(decision))
    yield line("Persons with access"), line(_users(decision))
    yield line("Term"), line(_term(decision))


def _users(decision: Decision) -> str:
    counts = Counter(user.party for user in decision.request.file.users)
    if not counts:
        return "not yet named"
    return listed(f"{count} at {decision.request.names[party]}" for party, count in counts.items())


def _flows(decision: Decision, flows: tuple[FlowRow, ...]) -> Iterator[Block]:
    yield flow_table(decision, flows)
    drawn = picture(flows, decision.request.names, {*_owners(decision)}, decision.request.hubs)
    yield Figure(drawn.svg, drawn.alternative, "Solid line: allowed. Dashed line: open. Double line and cross: denied.")


def _data(decision: Decision) -> Iterator[Block]:
    for name, dataset in decision.request.file.datasets.items():
        yield Heading(2, line(named(name).capitalize()))
        if dataset.from_:
            origin = f"Made from {listed(map(named, dataset.from_))}"
        else:
            origin = f"Data of {decision.request.names[decision.request.owner(name)]}"
        about = f": {dataset.description}" if dataset.description else ""
        yield Paragraph(line(f"{origin}{about}."))
        if dataset.elements:
            yield Items(tuple((Paragraph(line(element)),) for element in dataset.elements))
        elif not dataset.from_:
            yield Paragraph(line("The request lists no single data elements."), "quiet")


def _law(decision: Decision) -> Iterator[Block]:
    rows = []
    for title, found in by_framework(decision):
        outcome = worst(finding.outcome for finding in found)
        telling = [finding for finding in found if finding.outcome == outcome]
        reasons = dict.fromkeys(words for finding in telling for words in _reasons(decision, finding))
        law = line(f"{title} ({found[0].framework.authority})")
        rows.append((law, line(badge(outcome)), line("; ".join(reasons))))
    if not rows:
        yield Paragraph(line("No framework reaches these data."))
        return
    head = tuple(map(line, ("Law or rules", "Answer", "What permits it, or stands in the way")))
    yield Table(head, tuple(rows), caption="Each law and set of rules that reaches the data", widths=(5, 2, 7))


def _reasons(decision: Decision, finding: Finding) -> Iterator[str]:
    """Rules in their own words with their paragraphs; what the parties stated about themselves is not repeated."""
    if finding.outcome == "allow":
        if finding.used is not None:
            yield f"{finding.used.basis.title} ({sourced(finding.used.basis.cite, finding.used.basis.checked)})"
        return
    if finding.outcome == "undetermined":
        yield "it depends on facts that are missing"
        return
    for bar in finding.holding:
        yield f"{bar.says} ({sourced(bar.cite, bar.checked)})"
    for duty in finding.all_duties:
        if duty.blocks:
            owed = duty.requirement
            yield f"{duty.status}: {owed.says or decision.policies.clauses[owed.name].title} ({owed.cite})"
    if not finding.holding and not any(found.permits.truth for found in finding.bases):
        yield "none of the grounds on which it permits sharing is met"


def _outputs(decision: Decision) -> Iterator[Block]:
    """Each publication with its form and its smallest numbers."""
    vocabulary, request = decision.policies.vocabulary, decision.request
    items = []
    for output in request.file.outputs:
        stated = {f"flow.{key}": found.statement.value for key, found in request.flow_facts[output.id].items()}
        facts = [
            f"{question(vocabulary, fact)} {value_words(vocabulary, fact, value)}"
            for fact, value in stated.items()
            if fact == "flow.form" or vocabulary[fact].fact.type == "number"
        ]
        what = f"{named(output.id).capitalize()}, by {request.names[output.from_]}"
        carried = listed(map(named, output.carries))
        items.append((Paragraph(line(f"{what}, from {carried}.")), Items(tuple((Paragraph(line(f)),) for f in facts))))
    if items:
        yield Items(tuple(items))


def _words(decision: Decision) -> Iterator[Block]:
    """What the requester wrote for the agreement, under what was asked."""
    asked = {name: ask for clause in decision.policies.clauses.values() for name, ask in clause.asks.items()}
    pairs = tuple((line(asked[name]), line(text)) for name, text in decision.request.file.agreement.items())
    if pairs:
        yield Terms(pairs)


def _dates(decision: Decision) -> Iterator[Block]:
    rows = tuple(
        (line(shown_day(entry) or "no day yet"), line(entry.what), line(listed(entry.who)), line(entry.words))
        for entry in entries(decision)
        if entry.kind in ("term", "deadline")
    )
    if rows:
        head = tuple(map(line, ("Day", "What", "Who", "Rule")))
        yield Table(head, rows, caption="Term, destruction and other deadlines", widths=(2, 6, 4, 5))


# The agreement --------------------------------------------------------------------------------------------------------


def _to_agreement(decision: Decision) -> Paragraph:
    if decision.outcome == "deny":
        return Paragraph(line("A request that is denied has no agreement."))
    if decision.outcome == "undetermined":
        return Paragraph(line("There is no agreement while it is not settled whether the request is allowed."))
    name = decision.request.file.request
    return Paragraph(
        line(
            Link("The agreement, as the rules demand it", f"../agreements/{name}.html"),
            ". What the parties sign may say more.",
        )
    )


def _agreement(decision: Decision) -> Paper:
    paper = draft(decision).paper
    back = Paragraph(line(Link("The request", f"../requests/{decision.request.file.request}.html")))
    return Paper(paper.title, (back, *paper.blocks), paper.subtitle, paper.about, paper.language)
