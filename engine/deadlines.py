"""Deadlines: the day on which a length of time after an event ends.

The day of the event is not counted. Days, weeks, months and years run through weekends and holidays; a month or year
that has no such day ends on its last. Business days leave out weekends and the holidays of the deployment's home.
Hours end at an hour where that of the event and the time zone are known, else on a day.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from engine.documents import CannotDo, nearest
from engine.facts import DURATION
from engine.policies import Home
from engine.requests import Moment

if TYPE_CHECKING:
    from holidays import HolidayBase


class Deadline(NamedTuple):
    """A day, the hour on it where that is known, and what has to be said about either."""

    day: date | None
    moment: datetime | None = None
    note: str = ""


def deadline(start: Moment, length: str, home: Home | None) -> Deadline:
    """When a length of time (`5 business days`) that begins with an event ends."""
    match = DURATION.fullmatch(length)
    assert match, "a length of time as documents write it"
    amount, unit = int(match[1]), match[2].removesuffix("s")
    try:
        if unit == "business day":
            return _business_days(start.day, amount, home)
        if unit == "hour":
            return _hours(start, amount, home)
        return Deadline(_later(start.day, amount, unit))
    except (ValueError, OverflowError):
        return Deadline(None, note="too far off for any calendar")


def _later(day: date, amount: int, unit: str) -> date:
    from dateutil.relativedelta import relativedelta

    if unit in ("day", "week"):
        return day + timedelta(days=amount * (7 if unit == "week" else 1))
    later: date = day + (relativedelta(months=amount) if unit == "month" else relativedelta(years=amount))
    return later


def _business_days(day: date, amount: int, home: Home | None) -> Deadline:
    if home is None:
        return Deadline(None, note="no deployment says whose holidays count")
    found = _holidays(home.country, home.subdivision).get_nth_working_day(day, amount) if amount else day
    return Deadline(found)


@cache
def _holidays(country: str, subdivision: str | None) -> HolidayBase:
    import holidays

    known = holidays.list_supported_countries()
    if country not in known:
        raise CannotDo(_unknown(country, nearest(country, known)))
    if subdivision is not None and subdivision not in known[country]:
        raise CannotDo(_unknown(f"{country}-{subdivision}", nearest(subdivision, known[country])))
    return holidays.country_holidays(country, subdiv=subdivision)


def _unknown(place: str, help: str) -> str:
    return f'the holidays of "{place}" are not known; {help or "write codes of ISO 3166, as in US and CT"}'


def _hours(start: Moment, amount: int, home: Home | None) -> Deadline:
    if start.time is not None and home is not None:
        zone = ZoneInfo(home.time_zone)
        begun = datetime.combine(start.day, start.time, zone).astimezone(UTC)
        ended = (begun + timedelta(hours=amount)).astimezone(zone)
        return Deadline(ended.date(), ended)
    why = "the hour of the event is not stated" if start.time is None else "no deployment says in which time zone"
    return Deadline(start.day + timedelta(days=amount // 24), note=f"{why}, so counted in whole days")
