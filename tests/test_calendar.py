"""The calendar: how days are counted, what is listed, and the file for calendar programs."""

from __future__ import annotations

import json
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar

from engine.calendar import Entry, entries
from engine.deadlines import deadline
from engine.policies import Home, PolicySet
from engine.requests import Moment
from tests.house import NET, assent, at_home, build, refused, request, write
from tests.writing import decided, policies, written

HARTFORD = Home(country="US", subdivision="CT", time_zone="America/New_York")
DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))

# Counting -------------------------------------------------------------------------------------------------------------


def ends(start: str, length: str, home: Home | None = HARTFORD) -> str:
    """The day, or the day and hour, on which a length of time after an event ends."""
    day, _, clock = start.partition(" ")
    found = deadline(Moment(date.fromisoformat(day), time.fromisoformat(clock) if clock else None), length, home)
    return f"{found.moment:%Y-%m-%d %H:%M}" if found.moment else str(found.day)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2027-03-01", "5 business days", "2027-03-08"),  # Monday to Monday
        ("2027-03-22", "5 business days", "2027-03-30"),  # Good Friday, the 26th, is none
        ("2027-02-08", "5 business days", "2027-02-17"),  # neither Lincoln's nor Washington's day counts
        ("2027-06-14", "4 business days", "2027-06-21"),  # Juneteenth, a Saturday, is kept on the Friday
        ("2027-03-27", "1 business day", "2027-03-29"),  # from a Saturday
        ("2027-03-01", "0 days", "2027-03-01"),
        ("2027-03-01", "60 days", "2027-04-30"),
        ("2027-03-01", "2 weeks", "2027-03-15"),
        ("2028-01-31", "1 month", "2028-02-29"),
        ("2028-02-29", "6 years", "2034-02-28"),
        ("2028-02-29", "4 years", "2032-02-29"),
        ("2027-03-01 14:30", "24 hours", "2027-03-02 14:30"),
        ("2027-03-13 14:30", "24 hours", "2027-03-14 15:30"),  # the clocks go forward in between
    ],
)
def test_a_time_is_counted_from_the_day_after_its_event(start: str, length: str, end: str) -> None:
    assert ends(start, length) == end


def test_hours_after_a_day_alone_end_with_the_next_day_and_say_so() -> None:
    found = deadline(Moment(date(2027, 3, 1)), "24 hours", HARTFORD)
    assert (found.day, found.moment) == (date(2027, 3, 2), None)
    assert found.note == "the hour of the event is not stated, so counted in whole days"


def test_hours_need_a_time_zone() -> None:
    found = deadline(Moment(date(2027, 3, 1), time(14, 30)), "24 hours", None)
    assert (found.day, found.moment) == (date(2027, 3, 2), None)
    assert "time zone" in found.note


def test_business_days_are_not_counted_where_nobody_says_whose_holidays_count() -> None:
    found = deadline(Moment(date(2027, 3, 1)), "5 business days", None)
    assert found.day is None
    assert found.note == "no deployment says whose holidays count"


def test_a_day_beyond_the_last_year_is_no_day() -> None:
    for length in ("999999 years", "2 days", "2 business days"):
        assert deadline(Moment(date(9999, 12, 31)), length, HARTFORD).day is None


def test_the_holidays_of_the_shipped_deployment_are_those_of_its_statute(shipped_policies: PolicySet) -> None:
    """CGS 1-4: days by date are kept on the Friday before a Saturday and the Monday after a Sunday."""
    named = {
        "2027-01-01", "2027-01-18", "2027-02-12", "2027-02-15", "2027-05-31", "2027-06-18", "2027-07-05", "2027-09-06",
        "2027-10-11", "2027-11-11", "2027-11-25", "2027-12-24", "2027-12-31",
    }  # fmt: skip
    by_proclamation = {"2027-03-26"}  # Good Friday
    home = shipped_policies.deployments["p20win"].home
    workdays = {str(deadline(Moment(date(2027, 1, 1) + timedelta(days=n)), "1 business day", home).day)
                for n in range(-1, 364)}  # fmt: skip
    weekdays = {date(2027, 1, 1) + timedelta(days=n) for n in range(365)}
    free = {str(day) for day in weekdays if day.weekday() < 5} - workdays
    assert free == named | by_proclamation


@given(DAYS, st.integers(1, 40))
def test_business_days_end_on_a_weekday_and_never_before_calendar_days(start: date, amount: int) -> None:
    found = deadline(Moment(start), f"{amount} business days", HARTFORD).day
    plain = deadline(Moment(start), f"{amount} days", HARTFORD).day
    sooner = deadline(Moment(start), f"{amount - 1} business days", HARTFORD).day
    assert found is not None
    assert plain is not None
    assert sooner is not None
    assert found.weekday() < 5
    assert plain <= found
    assert sooner < found


@given(DAYS, st.integers(0, 60))
@example(date(2028, 2, 29), 72)
@example(date(2027, 12, 31), 2)
def test_months_keep_the_day_or_end_with_the_month(start: date, months: int) -> None:
    found = deadline(Moment(start), f"{months} months", None).day
    assert found is not None
    assert (found.year * 12 + found.month) - (start.year * 12 + start.month) == months
    assert found.day == min(start.day, monthrange(found.year, found.month)[1])


@given(DAYS, st.integers(0, 60))
@example(date(2028, 2, 29), 6)
def test_a_year_is_twelve_months(start: date, years: int) -> None:
    assert ends(str(start), f"{years} years") == ends(str(start), f"{12 * years} months")


# What is listed -------------------------------------------------------------------------------------------------------

CLOCKS = """
    framework: clocks
    title: The Law of Clocks
    authority: 3 Law 3
    applies: {says: Always, cite: s. 1, checked: text}
    events:
      matched: the confirmation that matching is complete
      told: the notice
      end_day: the date that the agreement sets
    bases:
      any: {title: Any, cite: s. 1, checked: text}
    requires:
      - {step: destroy, says: Destroy the input, by: receiver, due: on_completion, within: 5 business days, after: matched, cite: s. 2}
      - {step: hurry, says: Destroy the copy, by: receiver, due: on_completion, within: 24 hours, after: told, cite: s. 3}
      - {step: end, says: Destroy the rest, by: receiver, due: on_completion, within: {event: end_day}, cite: s. 4}
      - {step: keep, says: Keep the log, by: provider, due: continuing, for: 6 years, after: matched, cite: s. 5}
      - {step: tell, says: Tell of every breach, by: receiver, due: continuing, within: promptly, cite: s. 6}
      - {step: guard, says: Guard the data, by: receiver, due: continuing, cite: s. 7}
      - {step: show, says: Show the draft, by: receiver, due: before_publication, cite: s. 8}
      - {step: ask, says: Ask the board, by: board, due: before_transfer, cite: s. 9}
"""  # noqa: E501

HOME = written(NET) + "home: {country: US, subdivision: CT, time_zone: America/New_York}\n"

EVENTS = """
    events: {matched: 2027-03-01, told: 2027-03-01 14:30, end_day: 2027-12-31, publication: 2027-10-01}
"""


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    build(tmp_path)
    write("policies/net.yaml", HOME)
    write("policies/clocks.yaml", written(CLOCKS).replace("by: board", "by: provider"))
    return tmp_path


def listed(*texts: str) -> dict[str, dict[str, Any]]:
    """The calendar of the house's request with some of its keys replaced: entries by what they say."""
    answer = at_home("calendar", write("request.yaml", request(*texts)), "--json")
    assert answer.exit_code == 0, answer.output
    return {entry["what"]: entry for entry in json.loads(answer.stdout)["entries"]}


def test_what_has_no_day_says_what_it_waits_for() -> None:
    found = listed()
    assert found["Destroy the input"]["day"] is None
    assert found["Destroy the input"]["words"] == "5 business days after the confirmation that matching is complete"
    assert found["Destroy the rest"]["words"] == "by the date that the agreement sets"
    assert found["Keep the log"]["words"] == "for 6 years after the confirmation that matching is complete"
    assert found["Show the draft"]["words"] == "before the publication"
    assert found["The term of the agreement ends"]["words"] == "the request states no day"


def test_days_are_counted_from_the_events_that_the_request_states() -> None:
    found = listed(EVENTS)
    days = {what: entry["day"] for what, entry in found.items() if entry["day"]}
    assert days == {
        "Destroy the copy": "2027-03-02",
        "Destroy the input": "2027-03-08",
        "Show the draft": "2027-10-01",
        "Destroy the rest": "2027-12-31",
        "Keep the log": "2033-03-01",
    }
    assert found["Destroy the copy"]["moment"] == "2027-03-02T14:30:00-05:00"
    assert found["Keep the log"]["kind"] == "keep"


def test_a_setting_in_hours_stays_in_hours_and_ends_at_its_hour() -> None:
    write("policies/clocks.yaml", written(CLOCKS).replace("by: board", "by: provider").replace(
        "within: 24 hours", "within: {fact: deployment.hub_retention}"
    ))  # fmt: skip
    write("policies/net.yaml", f"{HOME}facts: {{hub_retention: 72 hours}}\n")
    hurry = listed(EVENTS)["Destroy the copy"]
    assert hurry["words"] == "72 hours after the notice"
    assert hurry["moment"].startswith("2027-03-04T14:30")


def test_words_that_are_no_length_of_time_stay_words() -> None:
    tell = listed(EVENTS)["Tell of every breach"]
    assert (tell["day"], tell["words"]) == (None, "promptly")


def test_continuing_duties_are_listed_as_such() -> None:
    guard = listed(EVENTS)["Guard the data"]
    assert (guard["kind"], guard["day"], guard["who"], guard["cite"]) == (
        "continuing", None, ["The Laboratory"], "s. 7",
    )  # fmt: skip


def test_the_term_and_the_ends_of_instruments_are_listed() -> None:
    papers = """
        term: {from: 2027-01-01, until: 2028-02-29}
        instruments:
          - {instrument: pact, between: [OWNER, LAB], status: signed, from: 2026-01-01, until: 2027-06-30}
          - {instrument: waiver, between: [OWNER, LAB], status: draft, from: 2027-02-01}
    """
    days = [(what, entry["day"]) for what, entry in listed(papers).items() if entry["day"]]
    assert days == [
        ("The term of the agreement begins", "2027-01-01"),
        ("A waiver begins", "2027-02-01"),
        ("A data sharing pact ends", "2027-06-30"),
        ("The term of the agreement ends", "2028-02-29"),
    ]


def test_a_step_done_before_the_data_move_is_no_longer_listed() -> None:
    assert "Ask the board" in listed()
    assert "Ask the board" not in listed("steps: [{step: clocks.step.ask, status: done}]")


def test_parties_that_owe_the_same_stand_on_one_line() -> None:
    decision = decided(
        house_policies(),
        """
        parties: {OWNER: {}, OTHER: {}, LAB: {}}
        datasets: {a: {owner: OWNER}, b: {owner: OTHER}}
        flows:
          - {id: one, from: OWNER, to: LAB, carries: [a]}
          - {id: two, from: OTHER, to: LAB, carries: [b]}
        """,
    )
    kept = [entry for entry in entries(decision) if entry.what == "Keep the log"]
    assert [entry.who for entry in kept] == [("OWNER", "OTHER")]


def house_policies() -> PolicySet:
    """The law of clocks alone."""
    return policies(written(CLOCKS).replace("by: board", "by: provider"))


def test_a_denied_request_has_no_calendar() -> None:
    path = write("request.yaml", request("purpose: marketing"))
    assert refused(at_home("calendar", path)) == (
        "example is denied; nothing is owed. See why with: assent check\n"
    )  # fmt: skip
    assert not Path("dates.ics").exists()


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ("{mached: 2027-03-01}", '"mached" is not a known event'),
        ("{matched: soon}", "should be a day, as in 2027-03-01, or a day and time, as in 2027-03-01 14:30"),
        ("{matched: 2027-03-01 25:00}", "should be a day"),
        ("{matched: [2027-03-01]}", "should be a day"),
    ],
)
def test_a_wrong_event_is_one_message_with_its_place(events: str, said: str) -> None:
    message = refused(at_home("calendar", write("request.yaml", request(f"events: {events}"))))
    assert said in message
    assert message.startswith("request.yaml:")


@pytest.mark.parametrize(
    ("home", "said"),
    [
        (
            "{country: US, subdivision: CX, time_zone: America/New_York}",
            '"US-CX" are not known; write codes of ISO 3166',
        ),
        ("{country: XX, time_zone: America/New_York}", 'the holidays of "XX" are not known'),
        ("{country: US, time_zone: America/New_Yorck}", 'did you mean "America/New_York"'),
    ],
)
def test_a_home_that_nobody_knows_is_refused(home: str, said: str) -> None:
    write("policies/net.yaml", NET, f"home: {home}")
    assert said in refused(at_home("calendar", write("request.yaml", request(EVENTS))))


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ("within: 5 days, for: 5 days", 'is either done "within" a time or goes on "for" one'),
        ("within: {event: matched}, after: told", "is due on the day of an event, and so after no other"),
        ("within: 5 days, after: mached", '"mached" is not a declared event'),
        ("within: {event: mached}", '"mached" is not a declared event'),
    ],
)
def test_a_clock_that_cannot_run_is_refused(terms: str, said: str) -> None:
    text = written(CLOCKS).replace("by: board, ", "by: provider, ").replace("due: before_transfer", terms)
    write("policies/clocks.yaml", text)
    assert said in refused(at_home("calendar", "request.yaml"))


# As a table and as a file ---------------------------------------------------------------------------------------------


def test_in_a_pipe_every_entry_is_a_line_of_cells() -> None:
    answer = at_home("calendar", write("request.yaml", request(EVENTS)))
    lines = [line.split("\t") for line in answer.stdout.splitlines()]
    assert all(len(cells) == 5 for cells in lines)
    assert [
        "2027-03-08: 5 business days after the confirmation that matching is complete",
        "Destroy the input", "The Laboratory", "later", "s. 2",
    ] in lines  # fmt: skip
    assert any(cells[0].startswith("2027-03-02 14:30 EST: 24 hours after the notice") for cells in lines)


def test_a_terminal_sees_tables_by_what_has_a_day() -> None:
    from rich.console import Console

    from engine.reports.calendar import show_calendar

    decision = decided(house_policies(), "term: {from: 2027-01-01}")
    screen = Console(width=80, force_terminal=True, color_system=None, record=True)
    show_calendar(decision, entries(decision), screen)
    text = screen.export_text()
    heads = [text.index(head) for head in ("With a day", "Waiting for something that has no day yet", "Going on")]
    assert heads == sorted(heads)
    assert max(map(len, text.splitlines())) <= 80


def calendar_file(*texts: str) -> Calendar:
    """The calendar file of the house's request, read back."""
    answer = at_home("calendar", write("request.yaml", request(*texts)), "-o", "dates.ics", "--force")
    assert answer.exit_code == 0, answer.output
    return Calendar.from_ical(Path("dates.ics").read_bytes())


def test_the_file_reads_back_with_every_day_and_says_what_it_leaves_out() -> None:
    answer = at_home("calendar", write("request.yaml", request(EVENTS)), "-o", "dates.ics")
    assert answer.stdout == "dates.ics written; 5 with a day, 7 without one left out\n"
    events = Calendar.from_ical(Path("dates.ics").read_bytes()).walk("VEVENT")
    days = {str(event["summary"]): event.decoded("dtstart") for event in events}
    assert days == {
        "Due: Destroy the copy": datetime(2027, 3, 2, 19, 30, tzinfo=UTC),
        "Due: Destroy the input": date(2027, 3, 8),
        "Before this day: Show the draft": date(2027, 10, 1),
        "Due: Destroy the rest": date(2027, 12, 31),
        "Keep until: Keep the log": date(2033, 3, 1),
    }
    for event in events:
        (alarm,) = event.walk("VALARM")
        assert alarm.decoded("trigger") == timedelta(days=-7)
        assert event.decoded("dtstamp") == datetime(2026, 11, 23, tzinfo=UTC)


def test_what_is_done_needs_no_reminder() -> None:
    found = calendar_file(EVENTS, "steps: [{step: clocks.step.destroy, status: done}]")
    assert "Due: Destroy the input" not in [str(event["summary"]) for event in found.walk("VEVENT")]


def test_the_same_request_gives_the_same_file_and_a_moved_day_keeps_its_identity() -> None:
    def uids(file: Calendar) -> dict[str, str]:
        return {str(event["summary"]): str(event["uid"]) for event in file.walk("VEVENT")}

    first = calendar_file(EVENTS)
    again = calendar_file(EVENTS)
    assert first.to_ical() == again.to_ical()
    moved = calendar_file("events: {matched: 2027-04-01}")
    assert uids(moved)["Due: Destroy the input"] == uids(first)["Due: Destroy the input"]
    assert len(set(uids(first).values())) == len(uids(first))


def test_text_of_the_user_stays_text_in_the_file() -> None:
    name = r"Lab; a, b\nEND:VEVENT <b>"
    file = calendar_file(EVENTS, f"""
        parties:
          OWNER: {{}}
          LAB: {{name: "{name.replace(chr(92), chr(92) * 2)}\\u0007", kind: lab, facts: {{trusted: true}}}}
    """)  # fmt: skip
    (event, *_) = file.walk("VEVENT")
    assert str(event["description"]).splitlines()[0] == rf"Who: {name}\u0007"
    assert len(file.walk("VEVENT")) == 5


def test_a_calendar_does_not_overwrite_unless_forced() -> None:
    write("dates.ics", "mine")
    assert refused(at_home("calendar", "request.yaml", "-o", "dates.ics")) == (
        "dates.ics exists already; nothing was written\n"
    )
    assert at_home("calendar", "request.yaml", "-o", "dates.ics", "--force").exit_code == 0


def test_programs_are_told_what_was_written() -> None:
    path = write("request.yaml", request(EVENTS))
    answer = at_home("calendar", path, "-o", "dates.ics", "--json")
    assert json.loads(answer.stdout) == {"calendar": "dates.ics", "entries": 5, "undated": 7}


def test_the_hub_of_the_shipped_deployment_has_five_business_days_or_a_day(tmp_path: Path) -> None:
    """A match confirmed on Monday of Holy Week leaves the hub until the Tuesday after Easter."""
    text = (Path(__file__).parent.parent / "cases/p20win/r01.yaml").read_text(encoding="utf-8")
    text += "\nevents: {matching_confirmed: 2027-03-22, destruction_date: 2027-12-31}\n"
    found = json.loads(assent("calendar", write("r01.yaml", text), "--json").stdout)["entries"]
    days = {entry["name"].partition(" ")[0]: entry["day"] for entry in found}
    assert days["p20win.step.hub-destruction"] == "2027-03-30"
    assert days["p20win.step.recipient-destruction"] == "2027-12-31"
    assert days["p20win.step.leaver-notice"] is None


def test_an_entry_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Entry("term", "a", "b", (), "c", "d").what = "e"  # type: ignore[misc]
