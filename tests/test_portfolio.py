"""The report on many requests: none is lost, and what needs attention comes first."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from engine.reports.portfolio import SOON
from tests import house
from tests.house import assent, at_home, refused, request, write

READY = (
    "instruments:\n  - {instrument: pact, between: [OWNER, LAB], status: signed}",
    "steps:\n  - {step: law.step.log, by: OWNER, status: done}",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    house.build(tmp_path)
    return tmp_path


def ask(name: str, *texts: str) -> None:
    """Put a request into the folder."""
    own = Path(name).name
    write(f"requests/{name}.yaml", request(f"request: {own}", f"title: The request {own}", *texts))


def portfolio(*arguments: str) -> str:
    answer = at_home("report", "--portfolio", "requests", "-o", "portfolio.md", "--force", *arguments)
    assert answer.exit_code == 0, answer.output
    return Path("portfolio.md").read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of the table of requests."""
    lines = text.split("**Every request**")[1].strip().splitlines()
    table = [line for line in lines[: lines.index("") if "" in lines else None] if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def order(text: str) -> list[str]:
    return [re.findall(r"\(([a-z0-9-]+)\)", row[0])[-1] for row in rows(text)]


def test_each_request_has_its_answer_age_agencies_frameworks_and_what_is_left() -> None:
    ask("one")
    ask("older", "date: 2026-11-13")
    text = portfolio()
    one, older = sorted(rows(text), key=lambda row: int(row[2]))
    assert one[1:6] == ["**Not ready**", "0", "OWNER, The Laboratory", "1", "2 steps or papers"]
    assert older[2] == "10"
    assert "**OWNER**: The Owner" in text


def test_what_runs_out_comes_first_then_denied_open_not_ready_and_ready_then_the_oldest() -> None:
    ask("ready", *READY)
    ask("waiting")
    ask("waiting-longer", "date: 2026-01-01")
    ask("open", "facts: {}", "purpose: unknown")
    ask("denied", "purpose: marketing")
    ask("ending", "term: {until: 2026-12-31}")
    assert order(portfolio()) == ["ending", "denied", "open", "waiting-longer", "waiting", "ready"]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-22", "the term ended 2026-11-22"),
        ("2026-11-23", "the term ends 2026-11-23"),
        ("2027-02-21", "the term ends 2027-02-21"),
        ("2027-02-22", ""),
    ],
)
def test_a_term_runs_out_ninety_days_ahead(day: str, said: str) -> None:
    assert SOON.days == 90
    ask("one", f"term: {{until: {day}}}")
    assert rows(portfolio())[0][6] == said


def test_a_signed_paper_runs_out_and_a_draft_does_not() -> None:
    paper = "  - {{instrument: pact, between: [OWNER, LAB], status: {}, until: 2026-12-01}}"
    ask("one", "instruments:\n" + paper.format("signed"))
    ask("two", "instruments:\n" + paper.format("draft"))
    assert [row[6] for row in rows(portfolio())] == [
        "A data sharing pact between The Owner and The Laboratory ends 2026-12-01",
        "",
    ]


def test_a_request_that_cannot_be_read_is_listed_with_its_problem() -> None:
    ask("good")
    ask("wrong", "purpose: studdy")
    write("requests/broken.yaml", "request: [")
    text = portfolio()
    assert order(text) == ["good"]
    assert "1 allowed, not ready and 2 cannot be read" in text
    assert re.search(r'\| wrong\.yaml \| \d+ \| .*"studdy"', text)
    assert re.search(r"\| broken\.yaml \| \d+ \| ", text)


def test_documents_of_other_kinds_are_passed_over() -> None:
    ask("good")
    write("requests/case.yaml", house.CASE)
    write("requests/deep/below.yaml", request("request: below"))
    write("requests/notes.txt", "request: this is none")
    text = portfolio()
    assert sorted(order(text)) == ["below", "good"]
    assert "Cannot be read" not in text.split("## Answers")[0]
    assert 'Passed over, since no "request:" stands at their head: case.yaml.' in text


def test_a_hidden_request_is_read_and_one_that_leads_nowhere_is_told() -> None:
    ask("good")
    ask(".hidden/quiet")
    Path("requests/.hidden/gone.yaml").symlink_to("nowhere.yaml")
    text = portfolio()
    assert sorted(order(text)) == ["good", "quiet"]
    assert re.search(r"\| \.hidden/gone\.yaml \| +\| .*cannot be read", text)


@pytest.mark.skipif(os.geteuid() == 0, reason="every folder is open to root")
def test_a_folder_that_cannot_be_opened_is_told() -> None:
    ask("good")
    Path("requests/closed").mkdir(mode=0)
    assert "| closed |" in portfolio()


def test_a_problem_stands_with_what_helps() -> None:
    ask("good")
    ask("wrong", "purpose: studdy")
    assert re.search(r'"studdy".*study', portfolio())


def test_what_is_left_to_do_is_counted_as_in_the_report_on_the_request() -> None:
    several = """
        parties: {OWNER: {}, LAB: {name: The Laboratory, kind: lab, facts: {trusted: true}},
                  DESK: {name: The Desk, kind: lab, facts: {trusted: true}}}
        flows:
          - {id: one, from: OWNER, to: LAB, carries: [records], form: coded}
          - {id: two, from: OWNER, to: DESK, carries: [records], form: coded}
    """
    ask("one", several)
    assert at_home("report", "requests/one.yaml", "-o", "one.md").exit_code == 0
    (counted,) = re.findall(r"; (\d+) steps are still open", Path("one.md").read_text())
    assert rows(portfolio())[0][5] == f"{counted} steps or papers"


def test_the_day_is_the_latest_date_of_the_requests_unless_one_is_given() -> None:
    ask("one", "date: 2026-11-23")
    ask("two", "date: 2027-01-05")
    assert "under the law in force on 2027-01-05" in portfolio()
    text = portfolio("--as-of", "2027-01-06")
    assert "under the law in force on 2027-01-06" in text
    assert sorted(row[2] for row in rows(text)) == ["1", "44"]


def test_charts_stand_with_the_same_in_words() -> None:
    ask("one")
    ask("two", "purpose: marketing")
    text = portfolio()
    assert "Requests by answer: Denied: 1; Open for want of facts: 0; Allowed, not ready: 1" in text
    assert "Requests that each framework reaches or may reach: The Law: 2." in text
    assert "Outstanding steps and papers by who owes them: The Owner: " in text


def test_the_same_folder_gives_the_same_bytes() -> None:
    ask("one")
    ask("two", "purpose: marketing")
    for name in ("a", "b"):
        assert at_home("report", "--portfolio", "requests", "-o", f"{name}.html").exit_code == 0
    assert Path("a.html").read_bytes() == Path("b.html").read_bytes()


def test_a_folder_without_requests_is_refused() -> None:
    Path("requests").mkdir()
    assert "bears a date" in refused(at_home("report", "--portfolio", "requests", "-o", "p.html"))
    assert "is no folder" in refused(at_home("report", "--portfolio", "nowhere", "-o", "p.html"))
    assert not Path("p.html").exists()


def test_json_says_what_was_written() -> None:
    ask("one")
    answer = at_home("report", "--portfolio", "requests", "-o", "p.html", "--json")
    assert json.loads(answer.stdout) == {"report": "p.html", "requests": 1, "unread": 0, "as_of": "2026-11-23"}


def test_a_portfolio_may_go_under_the_shipped_law(home: Path) -> None:
    """Two of the shipped examples, one denied and one not."""
    from engine.documents import shipped

    for name in ("r01", "joined-university"):
        write(f"requests/{name}.yaml", (shipped("cases") / "p20win" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert assent("report", "--portfolio", "requests", "-o", "p.md").exit_code == 0
    assert order(Path("p.md").read_text(encoding="utf-8")) == ["joined-university", "r01-college-entrance-and-credits"]
