"""The report to a board: what it says on the first page, and that everything behind it is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.util import find_spec
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine.agreements.people import party_name
from engine.decisions import Decision, decide
from engine.documents import shipped
from engine.papers.tidy import tidy, walk, words
from engine.papers.tree import Figure, Heading, Items, PageBreak, Paper, Paragraph, Table, Terms
from engine.policies import PolicySet
from engine.records import record
from engine.reports.board import board_report
from engine.reports.flows import flow_rows
from engine.reports.plain import condition_words
from engine.requests import read_request
from tests import house
from tests.house import at_home, refused, request, write

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SOFFICE = shutil.which("soffice")
CASES = shipped("cases") / "p20win"
HOSTILE = '<script>alert(1)</script> #eval("1") \\input{x} { HYPERLINK "x" } =1+1'


HOUSE_RULES = """
rules:
  - framework: house-rules
    title: House Rules
    authority: The Board
    applies: {says: Always, cite: s. 1, checked: text}
    bases: {any: {title: Anything, cite: s. 2, checked: text}}
    requires:
      - {step: vote, says: Vote on it, by: board, due: before_agreement, approval: true, cite: s. 9}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    house.build(tmp_path)
    return tmp_path


def said(blocks: Any) -> str:
    """The words of some blocks in the order in which they are read."""
    found: list[str] = []
    for block in walk(tuple(blocks)):
        match block:
            case Heading() | Paragraph():
                found.append(words(block.line))
            case Table():
                found.append(block.caption)
                found += [words(cell) for row in (block.head, *block.rows) for cell in row]
            case Terms():
                found += [words(cell) for pair in block.pairs for cell in pair]
            case Figure():
                found.append(block.alternative)
            case _:
                assert isinstance(block, Items | object)
    return "\n".join(found)


def first_page(paper: Paper) -> str:
    """What stands before the first page break."""
    blocks = list(paper.blocks)
    return said(blocks[: next(i for i, block in enumerate(blocks) if isinstance(block, PageBreak))])


def report(*texts: str) -> str:
    """The first page of the report on the request of the house, changed by some texts, and all that follows it."""
    path = write("changed.yaml", request(*texts))
    answer = at_home("report", path, "-o", "report.md", "--force")
    assert answer.exit_code == 0, answer.output
    return Path("report.md").read_text(encoding="utf-8")


def shipped_report(policies: PolicySet, name: str) -> tuple[Decision, Paper]:
    decision = decide(policies, read_request(CASES / f"{name}.yaml", policies))
    return decision, tidy(board_report(decision))


# The first page -------------------------------------------------------------------------------------------------------


def test_a_request_that_is_allowed_but_not_ready_says_what_is_open() -> None:
    text = report()
    assert "Allowed, not ready" in text
    assert "The law permits the flow of data; 2 steps are still open." in text
    assert "The Owner" in text
    assert "The Laboratory" in text
    assert "No vote or approval is open." in text


def test_a_request_that_is_ready_says_so() -> None:
    text = report(
        "instruments:\n  - {instrument: pact, between: [OWNER, LAB], status: signed}",
        "steps:\n  - {step: law.step.log, by: OWNER, status: done}",
    )
    assert "Allowed and ready" in text
    assert "nothing is left to do first" in text


def test_a_denied_request_says_which_law_forbids_which_flow_and_that_no_vote_helps() -> None:
    text = report("purpose: marketing")
    assert "does not permit the flow of data" in text
    assert "Forbidden: School records may not serve advertising" in text
    assert "No vote can make this request lawful as it stands" in text
    assert "Votes and approvals needed" not in text


def test_an_open_request_counts_what_is_missing_and_who_can_answer() -> None:
    text = report("facts: {}", "purpose: unknown")
    assert "Nobody can say yet whether the law permits this" in text
    assert re.search(r"Missing facts:\W+whoever knows \d+", text)


def test_a_vote_is_owed_by_a_body_or_a_party_and_stands_apart_from_other_steps() -> None:
    with Path("policies/net.yaml").open("a", encoding="utf-8") as net:
        net.write(HOUSE_RULES)
    text = report()
    assert "1 vote or approval and 2 other steps are still open" in text
    assert re.search(r"\| The Board\s+\| Vote on it\s+\| before the agreement", text)


def test_what_was_done_is_no_longer_open() -> None:
    text = report("steps:\n  - {step: law.step.log, by: OWNER, status: done}")
    assert "1 step is still open" in text
    assert "Done" in text


def test_the_first_page_names_every_flow_and_every_vote_of_the_shipped_requests(shipped_policies: PolicySet) -> None:
    for name in ("r01", "joined-university-cured"):
        decision, paper = shipped_report(shipped_policies, name)
        page = first_page(paper)
        for row in flow_rows(decision):
            assert f"{decision.request.names[row.sender]}\n{decision.request.names[row.receiver]}" in page
        for finding, duty in decision.duties():
            if duty.requirement.approval and duty.status == "outstanding":
                assert duty.requirement.says in page
                owner = duty.parties[0]
                assert owner in page or party_name(decision, owner) in page, finding.disclosure.id


def test_open_steps_stand_on_the_first_page_one_by_one_where_it_has_room(shipped_policies: PolicySet) -> None:
    decision, paper = shipped_report(shipped_policies, "r01")
    page = first_page(paper)
    open_ = [o for o in record(decision, whole=False).obligations if o.kind == "step" and o.status == "outstanding"]
    assert len(open_) > 10
    assert all(o.says in page for o in open_)
    assert "Section 2 has them one by one" in first_page(shipped_report(shipped_policies, "joined-university-cured")[1])


@pytest.mark.parametrize("name", ["joined-university", "joined-university-cured", "r01", "r06-wage-outcomes"])
def test_the_first_page_is_one_page(name: str, shipped_policies: PolicySet) -> None:
    from pypdf import PdfReader

    from engine.papers.forms import render

    _, paper = shipped_report(shipped_policies, name)
    pages = PdfReader(BytesIO(render(paper, "pdf"))).pages
    assert "Who gets what" in pages[0].extract_text()
    assert "The parties and the data" in pages[1].extract_text().splitlines()[1]


@pytest.mark.skipif(SOFFICE is None, reason="needs LibreOffice")
def test_the_first_page_is_one_page_in_word_too(home: Path, shipped_policies: PolicySet) -> None:
    from pypdf import PdfReader

    from engine.papers.forms import render

    ends = {
        "r01": "Reviewthedraftreport",
        "joined-university-cured": "Section2hasthemonebyone",
        "r09-disconnected-youth": "Section2hasthemonebyone",
        "r12-edsight-earnings": "Reviewthedraftreport",
    }
    files = {home / f"{name}.docx": end for name, end in ends.items()}
    for name, file in zip(ends, files, strict=True):
        file.write_bytes(render(shipped_report(shipped_policies, name)[1], "docx"))
    options = [f"-env:UserInstallation=file://{home}/office", "--headless", "--convert-to", "pdf", "--outdir"]
    subprocess.run([str(SOFFICE), *options, str(home), *files], capture_output=True, timeout=120, check=True)
    for file, end in files.items():
        pages = PdfReader(file.with_suffix(".pdf")).pages
        first, second = ("".join(page.extract_text().split()) for page in pages[:2])
        assert end in first, f"the first page of {file.name} runs over"
        assert "1Thepartiesandthedata" in second


# What stands behind it ------------------------------------------------------------------------------------------------


def test_every_finding_stands_with_its_paragraph(shipped_policies: PolicySet) -> None:
    decision, paper = shipped_report(shipped_policies, "joined-university")
    text = said(paper.blocks)
    for finding in decision.findings:
        if finding.outcome == "not_applicable":
            continue
        assert finding.framework.title in text
        if finding.outcome == "allow" and finding.used is not None:
            assert finding.used.basis.cite in text
            assert finding.used.basis.id in text
        for bar in finding.holding:
            assert f"{bar.says} ({bar.cite}" in text


def test_a_denial_names_the_condition_that_failed_its_paragraph_and_what_was_stated() -> None:
    text = report("parties: {OWNER: {}, LAB: {name: The Laboratory, kind: lab, facts: {trusted: false}}}")
    assert "Nothing permits it" in text
    assert "Not met:" in text
    assert "The receiver is trusted" in text
    assert "The Laboratory: no" in text


def test_each_fact_stands_under_who_stated_it() -> None:
    text = report("datasets:\n  records: {owner: OWNER, elements: [Schools / Marks]}")
    by_request, by_catalogue = (text.index(f"Stated by the {source}") for source in ("request", "catalogue"))
    assert text.index("| The Laboratory | trusted of the receiver | yes |") > by_request
    assert text.index("| data set records | categories of the data | School record |") > by_catalogue


def test_a_fact_is_told_once_for_what_it_is_about_and_flows_by_the_numbers_of_the_first_page(
    shipped_policies: PolicySet,
) -> None:
    decision, paper = shipped_report(shipped_policies, "r01")
    tables = [block for block in walk(paper.blocks) if isinstance(block, Table) and "Stated by" in block.caption]
    assert tables
    for table in tables:
        rows = [tuple(words(cell) for cell in row) for row in table.rows]
        assert len(rows) == len(set(rows))
        whose = [row[0] for row in rows]
        assert len(set(whose)) == sum(a != b for a, b in pairwise(["", *whose])), "facts about the same stand apart"
    text = said(paper.blocks)
    assert not [flow.id for flow in decision.request.file.flows if re.search(rf"\bflow {flow.id}\b", text)]
    assert "15 that hold of the public, since it is nobody in particular" in text


def test_a_law_that_may_not_apply_is_not_said_to_apply_and_what_it_asks_only_perhaps() -> None:
    text = report("datasets:\n  records: {owner: OWNER}")
    assert "Whether it applies to flow 1 (OWNER) hangs on facts that are missing" in text
    assert "It applies to" not in text
    assert "Record the disclosure (only if a missing fact turns out so)" in text


def test_a_law_that_applies_asks_without_perhaps() -> None:
    text = report()
    assert "It applies to flow 1 (OWNER): The data include school records." in text
    assert "only if a missing fact" not in text


def test_sources_that_were_not_read_as_text_are_counted_and_listed() -> None:
    text = report()
    assert re.search(r"Read in an official summary only\W+2\b", text)
    assert "Counsel should look at these" in text


def test_clauses_stand_under_their_elements_and_penalties_and_restrictions_are_there() -> None:
    text = report()
    assert "a. Use of the data" in text
    assert "law.clause.use" in text
    assert "The board may fine the receiver" in text
    assert "No restriction travels" in text


def test_a_restriction_stands_with_the_flow_it_binds() -> None:
    text = report(
        "parties: {OWNER: {}, LAB: {kind: lab, facts: {trusted: true}}, NEXT: {kind: lab, facts: {trusted: true}}}",
        """
        flows:
          - {id: leg, from: OWNER, to: LAB, carries: [records], form: coded}
          - {id: onward, from: LAB, to: NEXT, carries: [records], form: coded}
        """,
    )
    assert re.search(r"Stays with the receiver \(s\. 6\)\.\s+\| flow 2 \(OWNER\)", text)


def test_elements_that_no_catalogue_knows_are_named() -> None:
    text = report("datasets:\n  records: {owner: OWNER, elements: [Schools / Anything, Shoe size]}")
    assert "Shoe size" in text


def test_digests_identify_request_and_rules() -> None:
    answer = at_home("check", "request.yaml", "--json")
    digests = re.findall(r'_digest": "([0-9a-f]{64})"', answer.stdout)
    text = report()
    assert len(digests) == 2
    assert at_home("report", "request.yaml", "-o", "one.md").exit_code == 0
    assert all(digest in Path("one.md").read_text() for digest in digests)
    assert digests[1] in text


def test_a_condition_without_words_of_its_own_reads_as_its_question(shipped_policies: PolicySet) -> None:
    for rule in list(shipped_policies.rules().values())[::7]:
        text = condition_words(rule.when, shipped_policies.vocabulary)
        assert not re.search(r"\b(receiver|sender|provider|data|flow|request)\.[a-z]+_?[a-z]+\b", text), text


# The file -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["html", "pdf", "docx"])
def test_the_same_request_gives_the_same_bytes(form: str) -> None:
    for name in ("one", "two"):
        assert at_home("report", "request.yaml", "-o", f"{name}.{form}").exit_code == 0
    assert Path(f"one.{form}").read_bytes() == Path(f"two.{form}").read_bytes()


def test_hostile_text_stays_text() -> None:
    path = write(
        "hostile.yaml",
        request(
            "title: |-\n  " + HOSTILE,
            "parties: {OWNER: {}, LAB: {name: '<img src=x onerror=y>', kind: lab, facts: {trusted: true}}}",
        ),
    )
    assert at_home("report", path, "-o", "hostile.html").exit_code == 0
    html = Path("hostile.html").read_text()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html
    assert at_home("report", path, "-o", "hostile.pdf").exit_code == 0


def test_the_report_says_what_it_wrote_and_does_not_overwrite() -> None:
    answer = at_home("report", "request.yaml", "-o", "report.html")
    assert answer.output == "report.html written; outcome allow, ready false\n"
    before = Path("report.html").read_bytes()
    assert "exists already" in refused(at_home("report", "request.yaml", "-o", "report.html"))
    assert Path("report.html").read_bytes() == before
    assert at_home("report", "request.yaml", "-o", "report.html", "--force", "--json").output == (
        '{"report": "report.html", "outcome": "allow", "ready": false}\n'
    )


def test_bad_input_writes_nothing() -> None:
    assert "request.yaml" in refused(
        at_home("report", write("request.yaml", request("purpose: studdy")), "-o", "r.html")
    )
    assert 'papers have no form ".xls"' in refused(at_home("report", "request.yaml", "-o", "r.xls"))
    assert not [path for path in Path().iterdir() if path.name.startswith("r.")]


def test_either_a_request_or_a_portfolio_is_named() -> None:
    for arguments in ((), ("request.yaml", "--portfolio", ".")):
        answer = at_home("report", *arguments, "-o", "r.html")
        assert answer.exit_code == 2
        assert "name either a REQUEST or a folder" in answer.stderr


def test_the_law_of_another_day_may_be_asked_for() -> None:
    assert at_home("report", "request.yaml", "-o", "r.md", "--as-of", "2020-01-01").exit_code == 0
    assert "under the law in force on 2020-01-01" in Path("r.md").read_text()


@pytest.mark.skipif(
    CHROMIUM is None or find_spec("playwright") is None or find_spec("axe_playwright_python") is None,
    reason="needs Chromium, playwright and axe",
)
def test_the_page_can_be_used_by_everybody_on_a_phone_and_on_a_desk(home: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    denied = write("denied.yaml", request("purpose: marketing"))
    assert at_home("report", denied, "-o", "denied.html").exit_code == 0
    assert at_home("report", "--portfolio", ".", "-o", "portfolio.html").exit_code == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in ("denied", "portfolio"):
            for width in (390, 1280):
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.goto((home / f"{name}.html").as_uri())
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                fits = "all => all.every(e => e.offsetWidth <= e.parentElement.clientWidth)"
                assert page.eval_on_selector_all("table", fits)
                assert Axe().run(page).response["violations"] == []
                sizes = page.eval_on_selector_all(
                    "svg text", "all => all.map(e => parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a)"
                )
                assert sizes
                assert min(sizes) >= 12
                page.close()
        browser.close()
