"""The calendar of a decision as a table, as a document, and as a file for calendar programs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from engine.calendar import Entry
from engine.decisions import Decision
from engine.documents import visible

if TYPE_CHECKING:
    from icalendar import Event
    from rich.console import Console

_LABELS = {"before": "Before this day", "deadline": "Due", "keep": "Keep until"}
WARNING = timedelta(days=7)
"""How long before a day a calendar program reminds of it."""


def dated(found: Sequence[Entry]) -> list[Entry]:
    """What has a day and is still to come about."""
    return [entry for entry in found if entry.day is not None and entry.status != "done"]


def show_calendar(decision: Decision, found: Sequence[Entry], console: Console) -> None:
    """Print the calendar as tables, for a terminal."""
    console.print(f"[bold]{_shown(decision.request.file.title)}[/], as of {decision.as_of.isoformat()}")
    for title, some in sections(found):
        console.print(_table(title, some))


def sections(found: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """The calendar in parts, each with its title; none is empty."""
    parts = {
        "With a day": [entry for entry in found if entry.day],
        "Waiting for something that has no day yet": [e for e in found if not e.day and e.kind != "continuing"],
        "Going on": [entry for entry in found if not entry.day and entry.kind == "continuing"],
    }
    return ((title, some) for title, some in parts.items() if some)


def as_lines(found: Sequence[Entry]) -> str:
    """The calendar as a line of tabbed cells for each entry, for a pipe."""
    rows = ((when(entry), entry.what, ", ".join(entry.who), status(entry), entry.cite) for entry in found)
    return "".join("\t".join(map(visible, cells)) + "\n" for cells in rows)


def _table(title: str, found: Sequence[Entry]) -> Table:
    table = Table(title=title, title_style="bold", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 1, 0))
    for head, share in (("when", 2), ("what", 4), ("who", 2)):
        table.add_column(head, ratio=share)
    for entry in found:
        what = f"{_shown(entry.what)}\n[dim]{_shown(entry.cite)}[/]" if entry.cite else _shown(entry.what)
        who = f"{_shown(', '.join(entry.who))}\n[dim]{_shown(status(entry))}[/]"
        table.add_row(_shown(when(entry)), what, who)
    return table


def _shown(text: str) -> str:
    return escape(visible(text))


def when(entry: Entry) -> str:
    """The day, what it follows from, and what has to be said about it; the words alone where there is no day."""
    note = f" ({entry.note})" if entry.note else ""
    if entry.day is None:
        return f"{entry.words}{note}"
    return f"{shown_day(entry)}: {entry.words}{note}"


def shown_day(entry: Entry) -> str:
    """The day, with the hour where there is one."""
    if entry.moment is not None:
        return f"{entry.moment:%Y-%m-%d %H:%M} {entry.moment.tzname()}"
    return entry.day.isoformat() if entry.day else ""


def status(entry: Entry) -> str:
    """The status, and whether it is owed at all."""
    return f"{entry.status}, if a missing fact turns out so" if entry.conditional else entry.status


def as_document(decision: Decision, found: Sequence[Entry]) -> dict[str, Any]:
    """The calendar for other programs."""
    return {
        "request": decision.request.file.request,
        "as_of": decision.as_of.isoformat(),
        "entries": [
            {
                "kind": entry.kind,
                "name": entry.name,
                "what": entry.what,
                "who": list(entry.who),
                "day": entry.day.isoformat() if entry.day else None,
                "moment": entry.moment.isoformat() if entry.moment else None,
                "words": entry.words,
                "note": entry.note,
                "status": entry.status,
                "conditional": entry.conditional,
                "cite": entry.cite,
            }
            for entry in found
        ],
    }


def as_icalendar(decision: Decision, found: Sequence[Entry]) -> bytes:
    """What has a day, as an iCalendar file (RFC 5545). The same decision gives the same bytes."""
    from icalendar import Calendar

    file = decision.request.file
    calendar = Calendar()
    calendar.add("prodid", "-//assent//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", visible(file.title))
    for entry in dated(found):
        calendar.add_component(_event(file.request, file.date, entry))
    content: bytes = calendar.to_ical()
    return content


def _event(request: str, written: date, entry: Entry) -> Event:
    from icalendar import Alarm
    from icalendar import Event as NewEvent

    label = _LABELS.get(entry.kind)
    summary = visible(f"{label}: {entry.what}" if label else entry.what)
    event = NewEvent()
    event.add("uid", f"{uuid.uuid5(uuid.NAMESPACE_URL, f'assent:{request}:{entry.name}')}@assent")
    event.add("dtstamp", datetime.combine(written, time(), UTC))
    if entry.moment is not None:
        event.add("dtstart", entry.moment.astimezone(UTC))
    elif entry.day is not None:
        event.add("dtstart", entry.day)
        event.add("dtend", entry.day + timedelta(days=1))
    event.add("summary", summary)
    event.add("description", "\n".join(map(visible, _description(request, entry))))
    event.add("transp", "TRANSPARENT")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", -WARNING)
    event.add_component(alarm)
    return event


def _description(request: str, entry: Entry) -> Iterator[str]:
    if entry.who:
        yield f"Who: {', '.join(entry.who)}"
    yield f"When: {when(entry)}"
    yield f"Status: {status(entry)}"
    if entry.cite:
        yield f"Citation: {entry.cite}"
    yield f"Request: {request}"
