"""From a decision to the draft of the agreement, as a paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from engine.agreements.blanks import OpenPlace, numbered
from engine.agreements.contents import AgreedClause, agreed_clauses, refuse_denied, sourced
from engine.agreements.exhibits import exhibits
from engine.agreements.people import data_of, many, roles, transfer_words
from engine.agreements.schedules import schedules
from engine.agreements.transfers import transfers
from engine.agreements.wording import Wording
from engine.decisions import Decision, Finding
from engine.documents import read, validate
from engine.papers.tree import (
    Anchored,
    Blank,
    Block,
    Contents,
    Footnote,
    Heading,
    Items,
    Line,
    PageBreak,
    Paper,
    Paragraph,
    Signature,
    Table,
    Terms,
    Text,
    line,
)
from engine.policies import AgreementForm, Meaning, Passage

_OPEN = "This request is not yet allowed: facts are missing. What hangs on them is marked."
_UNDER_NONE = "No framework or house rule demands a clause under this element for this request."
_OWED_BY = {"receiver": "recipient"}
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")


@dataclass(frozen=True, slots=True)
class Draft:
    """The draft with the list of what is still to be filled in."""

    paper: Paper
    open_places: tuple[OpenPlace, ...]


def draft(decision: Decision) -> Draft:
    """The agreement that a decision demands. Raises `CannotDo` for a denied request."""
    refuse_denied(decision)
    file, form, wording = decision.request.file, form_of_request(decision), Wording(decision)
    clauses = agreed_clauses(decision, wording)
    sections = [
        ("Parties", tuple(_parties(decision))),
        ("Recitals", _recitals(decision, wording, form)),
        ("Definitions", _definitions(decision, wording, form)),
        ("Legal basis of each transfer", tuple(_bases(decision))),
        ("Terms", tuple(_terms(decision, clauses))),
        ("Schedules", tuple(schedules(decision, wording))),
        ("Signatures", tuple(_signatures(decision, wording, form))),
    ]
    body: list[Block] = []
    for numeral, (title, blocks) in zip(_NUMERALS, [s for s in sections if s[1]], strict=False):
        body += [Heading(1, line(title), number=f"{numeral}."), *blocks]
    body += exhibits(decision, wording, form, clauses)
    blocks, places = numbered(tuple(body))
    paper = Paper(
        title=form.title,
        subtitle=file.title,
        about=f"Draft for request {file.request}, under the law in force on {decision.as_of.isoformat()}",
        blocks=(*_head(decision, places), Contents(2), *blocks, *_still_open(decision, places)),
    )
    return Draft(paper, places)


def form_of_request(decision: Decision) -> AgreementForm:
    """The form of the request's deployment, or the built-in minimum."""
    deployment = decision.request.deployment
    return deployment.agreement if deployment and deployment.agreement else _minimum()


@cache
def _minimum() -> AgreementForm:
    document = read(Path(__file__).with_name("minimum.yaml"))
    form = validate(AgreementForm, document)
    document.check()
    return form


def _head(decision: Decision, places: Sequence[OpenPlace]) -> Iterator[Block]:
    if decision.outcome == "undetermined":
        yield Paragraph(line(_OPEN), "warning")
    open_places = many(len(places), "place is", "places are")
    yield Paragraph(
        line(
            f"This is a draft. {open_places} still to be filled in. Each is marked and numbered where it stands, and "
            "listed at the end."
            if places
            else "This is a draft. Every place in it is filled in."
        )
    )


# Around the clauses ---------------------------------------------------------------------------------------------------


def _parties(decision: Decision) -> Iterator[Block]:
    head = tuple(line(word) for word in ("Party", "Role", "Address for notices", "Contact for this agreement"))
    rows = tuple(
        (
            line(Text(name, strong=True), f" ({acronym})" if acronym != name else ""),
            line(", ".join(roles(decision, acronym))),
            line(Blank(f"address of {acronym}", f"party.{acronym}.address")),
            line(Blank(f"contact at {acronym}", f"party.{acronym}.contact")),
        )
        for acronym, name in decision.request.names.items()
        if roles(decision, acronym)
    )
    yield Table(head, rows, row_heads=True, widths=(3, 2, 2, 2))


def _stands(decision: Decision, form: AgreementForm, passage: Passage | Meaning) -> bool:
    under = form.memorandum is not None and decision.request.through_hub
    return passage.only in (None, "memorandum" if under else "standalone")


def _recitals(decision: Decision, wording: Wording, form: AgreementForm) -> tuple[Block, ...]:
    texts = [wording.form(passage.text) for passage in form.recitals if _stands(decision, form, passage)]
    return (Items(tuple((Paragraph(text),) for text in texts), ordered=True),) if texts else ()


def _definitions(decision: Decision, wording: Wording, form: AgreementForm) -> tuple[Block, ...]:
    pairs = tuple(
        (line(Text(name, strong=True)), wording.form(term.means))
        for name, term in form.definitions.items()
        if _stands(decision, form, term)
    )
    return (Terms(pairs),) if pairs else ()


def _bases(decision: Decision) -> Iterator[Block]:
    """For each transfer, in the order in which the data move, the paragraph of each law that permits it."""
    reached = [finding for finding in decision.findings if finding.outcome != "not_applicable"]
    head = tuple(line(word) for word in ("Law or rules", "Data of", "Basis", "Source"))
    for number, flow in enumerate(transfers(decision), 1):
        findings = [finding for finding in reached if finding.disclosure.flow.id == flow.id]
        if not findings:
            continue
        rows: dict[tuple[str, str, str], list[str]] = {}
        for finding in findings:
            rows.setdefault(_basis(finding), []).append(decision.request.names[finding.disclosure.provider])
        yield Heading(2, line(transfer_words(decision, flow)), number=f"Transfer {number}.")
        table = tuple(
            (line(law), line(", ".join(dict.fromkeys(of))), line(basis), line(cite))
            for (law, basis, cite), of in rows.items()
        )
        yield Table(head, table, caption=data_of(decision, flow), row_heads=True, widths=(3, 3, 4, 3))


def _basis(finding: Finding) -> tuple[str, str, str]:
    title = finding.framework.title
    law = title if finding.applies.truth is True else f"{title}, if it applies: facts are missing"
    if finding.used is None:
        return law, "Not yet known: facts are missing", ""
    basis = finding.used.basis
    perhaps = "" if finding.used.permits.truth is True else "If facts that are missing turn out so: "
    return law, f"{perhaps}{sourced(basis.title, basis.checked)}", basis.cite


def _terms(decision: Decision, clauses: tuple[AgreedClause, ...]) -> Iterator[Block]:
    by_element = {key: tuple(found) for key, found in groupby(clauses, key=lambda clause: clause.element)}
    for key, element in decision.policies.elements.items():
        owed_by = _OWED_BY.get(element.party, element.party)
        yield Heading(2, line(f"{element.title} ({owed_by})"), number=f"{key}.")
        for clause in by_element.get(key, ()):
            yield from _clause(clause)
        if key not in by_element:
            yield Paragraph(line(_UNDER_NONE))


def _clause(clause: AgreedClause) -> Iterator[Block]:
    yield Heading(3, line(clause.title), number=clause.number)
    *others, last = clause.texts
    source = "; ".join(f"{demand.source}, rule {demand.rule}" for demand in clause.demands)
    texts: list[Line] = [*others, (*last, Footnote(f"Required by {source}."))]
    yield Anchored(clause.name, tuple(Paragraph(text) for text in texts))
    if clause.conditional:
        yield Paragraph(line("Needed only if a fact that is still unknown turns out so."), "quiet")


def _signatures(decision: Decision, wording: Wording, form: AgreementForm) -> Iterator[Block]:
    yield Paragraph(wording.form(form.signed_by))
    for acronym, name in decision.request.names.items():
        if parts := roles(decision, acronym):
            yield Signature(name, ", ".join(parts).capitalize())


# What is still open ---------------------------------------------------------------------------------------------------


def _still_open(decision: Decision, places: Sequence[OpenPlace]) -> Iterator[Block]:
    if not places:
        return
    asks = {key: ask for clause in decision.policies.clauses.values() for key, ask in clause.asks.items()}
    asks["why"] = "For each data element, the question that it helps to answer"
    head = tuple(line(word) for word in ("No.", "What", "Where"))
    rows = tuple(
        (
            line(str(place.number)),
            line(asks.get(place.name.rpartition(".")[2]) or sentence(place.label)),
            line(_where(place.where)),
        )
        for place in places
    )
    yield PageBreak()
    yield Heading(1, line("What is still to be filled in"))
    yield Paragraph(line("A working list, to be taken out before the agreement is signed."), "quiet")
    yield Table(head, rows, row_heads=True, widths=(1, 7, 4))


def _where(places: tuple[str, ...]) -> str:
    shown = ", ".join(places[:4])
    return f"{shown} and {len(places) - 4} more" if len(places) > 4 else shown


def sentence(text: str) -> str:
    """The text with a capital letter at its head."""
    return text[:1].upper() + text[1:]
