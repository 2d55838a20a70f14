"""The schedules of an agreement: the data, the papers and steps that are owed, and the restrictions that travel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.agreements.contents import sourced
from engine.agreements.people import party_name
from engine.agreements.wording import Wording
from engine.decisions import Decision, Status
from engine.papers.tree import Blank, Block, Heading, Line, Paragraph, Table, Text, line
from engine.records import ObligationRecord, obligations
from engine.requests import PUBLIC

_DONE: dict[Status, str] = {"outstanding": "still to be done", "later": "not due yet"}
_PERHAPS = "; only if a fact still unknown turns out so"
_SIGNED: dict[Status, str] = {"done": "signed", "outstanding": "still to be signed", "later": "not due yet"}


def schedules(decision: Decision, wording: Wording) -> Iterator[Block]:
    """Every schedule that has something in it, under headings of level 2."""
    owed = obligations(decision)
    found = [
        ("Data", tuple(_data(decision, wording))),
        ("Instruments", tuple(_instruments(decision, [o for o in owed if o.kind == "instrument"]))),
        ("Steps", tuple(_steps(decision, [o for o in owed if o.kind == "step"]))),
        ("Restrictions that travel with the data", tuple(_restrictions(decision))),
    ]
    for number, (title, blocks) in enumerate([(title, blocks) for title, blocks in found if blocks], 1):
        yield Heading(2, line(title), number=f"Schedule {number}.")
        yield from blocks


def _data(decision: Decision, wording: Wording) -> Iterator[Block]:
    head = tuple(line(word) for word in ("Dataset", "Of", "What it holds"))
    rows = []
    for name, dataset in sorted(decision.request.file.datasets.items()):
        if dataset.owner is None:
            of, holds = line("made"), line(f"Made from {', '.join(dataset.from_ or ())}.", dataset.description and " ")
            holds = (*holds, *line(dataset.description))
        else:
            of, holds = line(decision.request.names[dataset.owner]), tuple(_holds(decision, wording, name))
        rows.append((line(Text(name, strong=True)), of, holds))
    yield Table(head, tuple(rows), row_heads=True, widths=(2, 3, 6))


def _holds(decision: Decision, wording: Wording, name: str) -> Line:
    dataset = decision.request.file.datasets[name]
    about = f"{dataset.description}. " if dataset.description else ""
    categories = wording.dataset(name)["categories"]
    kinds = f"Kinds of record: {'; '.join(categories)}. " if categories else ""
    if dataset.elements:
        return line(f"{about}{kinds}Elements: {'; '.join(grouped(dataset.elements))}.")
    return (*line(f"{about}{kinds}Elements: "), Blank(f"data elements of {name}", f"data.{name}.elements"))


def grouped(elements: Iterable[str]) -> list[str]:
    """Data elements by the table they stand in: `Program / Category: one, two`."""
    tables: dict[str, list[str]] = {}
    for element in elements:
        table, _, name = element.rpartition(" / ")
        tables.setdefault(table, []).append(name)
    return [f"{table}: {', '.join(names)}" if table else ", ".join(names) for table, names in tables.items()]


def _instruments(decision: Decision, owed: Sequence[ObligationRecord]) -> Iterator[Block]:
    if not owed:
        return
    head = tuple(line(word) for word in ("Instrument", "Between", "When", "Status", "Source"))
    between: dict[tuple[str, str, str, str], list[str]] = {}
    for o in owed:
        what = (decision.policies.instruments[o.name].title, _when(o), _status(o), _sources(o))
        between.setdefault(what, []).append(" with ".join(party_name(decision, party) for party in o.parties))
    rows = tuple(
        (line(title), line("; ".join(pairs)), line(when), line(status), line(sources))
        for (title, when, status, sources), pairs in between.items()
    )
    yield Table(head, rows, row_heads=True, widths=(4, 4, 2, 2, 3))


def _steps(decision: Decision, owed: Sequence[ObligationRecord]) -> Iterator[Block]:
    """A table for each party, board or officer, in order of first mention."""
    head = tuple(line(word) for word in ("Step", "When", "Status", "Source"))
    for parties in dict.fromkeys(o.parties for o in owed):
        rows = tuple(
            (line(o.says), line(_when(o)), line(_status(o)), line(_sources(o))) for o in owed if o.parties == parties
        )
        who = " and ".join(party_name(decision, party) for party in parties)
        yield Table(head, rows, caption=f"Steps of {who}", row_heads=True, widths=(6, 2, 2, 3))


def _when(owed: ObligationRecord) -> str:
    phase = "" if owed.within and owed.due == "continuing" else owed.due.replace("_", " ")
    return "; ".join(part for part in (phase, owed.within) if part)


def _status(owed: ObligationRecord) -> str:
    words = _SIGNED if owed.kind == "instrument" else _DONE
    status = words.get(owed.status, owed.status)
    return f"{status}{_PERHAPS}" if owed.conditional else status


def _sources(owed: ObligationRecord) -> str:
    return "; ".join(dict.fromkeys(sourced(demand.cite, demand.checked) for demand in owed.required_by))


def _restrictions(decision: Decision) -> Iterator[Block]:
    """What the bases attach to the data, whom it binds, and on which data."""
    binds: dict[str, dict[str, None]] = {}
    data: dict[str, dict[str, None]] = {}
    sure: set[str] = set()
    for finding in decision.findings:
        used, disclosure = finding.used, finding.disclosure
        if used is None or disclosure.receiver == PUBLIC:
            continue
        if None not in (used.permits.truth, finding.applies.truth):
            sure |= set(used.basis.attaches)
        for name in used.basis.attaches:
            binds.setdefault(name, {})[decision.request.names[disclosure.receiver]] = None
            data.setdefault(name, {})[disclosure.dataset] = None
    if not binds:
        return
    found = {name: decision.policies.restrictions[name] for name in binds}
    head = tuple(line(word) for word in ("Restriction", "Binds", "On", "Source"))
    rows = tuple(
        (
            line(r.says, "" if name in sure else _PERHAPS),
            line(", ".join(binds[name])),
            line(", ".join(data[name])),
            line(sourced(r.cite, r.checked)),
        )
        for name, r in found.items()
    )
    yield Paragraph(
        line("Whoever receives the data holds them under these restrictions, and passes them on with them.")
    )
    yield Table(head, rows, row_heads=True, widths=(5, 3, 2, 3))
