"""The public site: what it shows, whom it does not name, and the folder it is written into."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decisions import decide
from engine.policies import PolicySet, load_policies
from engine.redaction import CONTACT, NAME, redact
from engine.requests import check_request
from tests.house import POLICIES, at_home, build, everything, refused, request, write
from tests.writing import VOCABULARY, document, written

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PERSONAL = """
    title: What Jane Doe of the laboratory wants
    parties:
      OWNER: {}
      LAB: {name: The Laboratory, kind: lab, facts: {trusted: true}}
      JDOE: {name: Jane Doe, kind: person, facts: {trusted: true, barred_until: {OWNER: not_applicable}}}
      OTHER: {name: John Roe Associates}
    datasets:
      records: {owner: OWNER, categories: [school], description: "Ask for them at (860) 555-0100"}
    flows:
      - {id: leg, from: OWNER, to: LAB, carries: [records], form: coded}
      - {id: onward, from: LAB, to: JDOE, carries: [records], form: coded}
    users:
      - {name: Mary Moe, party: LAB, acknowledged: true}
      - {name: Max Foe, party: LAB}
    instruments:
      - {instrument: pact, between: [LAB, JDOE], status: draft}
    steps:
      - {step: law.step.log, by: JDOE, status: pending}
    agreement:
      activity: >-
        Mary Moe (mary.moe@example.org, call 555-0123) sends the figures to 12 Main Street, Hartford, CT 06106.
"""


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    build(tmp_path)
    vocabulary = written(VOCABULARY).replace("lab: A laboratory", "lab: A laboratory, person: A person")
    write("policies/vocabulary.yaml", vocabulary + "persons: [person]\n")
    return tmp_path


def published(*texts: str, name: str = "example") -> str:
    """The page of the house's request with some of its keys replaced, as a reader sees it."""
    path = write("request.yaml", request(*texts))
    answer = at_home("publish", path, "-o", "site")
    assert answer.exit_code == 0, answer.output
    return seen(Path(f"site/requests/{name}.html"))


def seen(page: Path) -> str:
    """The words of a page."""
    text = page.read_text(encoding="utf-8")
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text.partition("<body>")[2])).split())


# What is shown --------------------------------------------------------------------------------------------------------


def test_a_page_tells_what_is_asked_what_the_law_says_and_links_the_agreement() -> None:
    page = published("""
        term: {from: 2027-01-01, until: 2027-12-31}
        users: [{name: Mary Moe, party: LAB}, {name: Max Foe, party: LAB}]
        agreement: {activity: We count pupils.}
    """)
    for words in (
        "An example",
        "Allowed, not ready",
        "Data of The Owner",
        "For use by The Laboratory",
        "Persons with access 2 at The Laboratory",
        "Term 2027-01-01 to 2027-12-31",
        "A study by a trusted laboratory (s. 3 [read in an official summary])",
        "We count pupils.",
        "2027-12-31 The term of the agreement ends",
    ):
        assert words in page
    assert "An example" in seen(Path("site/agreements/example.html"))


def test_every_link_leads_to_a_page_of_the_site_and_nothing_is_fetched() -> None:
    published()
    for page in Path("site").rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert "<script" not in html
        targets = re.findall(r'href="([^"#]+)(?:#[^"]*)?"', html)
        assert all((page.parent / target).resolve().is_file() for target in targets), page
        assert "http:" not in html.replace("http://www.w3.org/", "")
    assert re.search('href="requests/example.html"', Path("site/index.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ("purpose: marketing", "Denied", "School records may not serve advertising (s. 5)"),
        ("facts: {approved: unknown}\npurpose: unknown", "Open", "it depends on facts that are missing"),
    ],
)
def test_what_is_not_allowed_has_a_page_and_no_agreement(change: str, status: str, said: str) -> None:
    page = published(change)
    assert status in page
    assert said in page
    assert not Path("site/agreements").exists()


def test_the_list_is_by_year_the_latest_first() -> None:
    paths = [
        write(f"{name}.yaml", request(f"request: {name}\ntitle: Request {name}\ndate: {day}"))
        for name, day in (("a", "2025-03-01"), ("b", "2026-05-01"), ("c", "2026-11-23"), ("d", "2026-11-23"))
    ]
    assert at_home("publish", *paths, "-o", "site").exit_code == 0
    page = seen(Path("site/index.html"))
    order = ["The Network", "4 requests", "2026", "Request c", "Request d", "Request b", "2025", "Request a"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)


def test_the_same_requests_give_the_same_site_in_any_order() -> None:
    paths = [write(f"{name}.yaml", request(f"request: {name}")) for name in "ab"]
    for folder, order in (("one", paths), ("two", paths[::-1])):
        assert at_home("publish", *order, "-o", folder).exit_code == 0
    one, two = ({path.partition("/")[2]: found for path, found in everything(Path(f)).items()} for f in ("one", "two"))
    assert one == two


def test_text_of_the_requester_stays_text() -> None:
    published("title: <script>alert(1)</script> & more")
    html = Path("site/requests/example.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;" in html


# Whom it does not name ------------------------------------------------------------------------------------------------


def test_no_page_names_a_person_or_says_how_to_reach_one() -> None:
    path = write("request.yaml", request(PERSONAL))
    answer = at_home("publish", path, "-o", "site")
    assert answer.exit_code == 0, answer.output
    for name, content in everything(Path("site")).items():
        text = (content or b"").decode()
        for word in ("Jane", "JDOE", "John", "Mary", "Moe", "Foe", "555", "example.org", "Main Street", "06106"):
            assert word not in text, (name, word)
    page = seen(Path("site/requests/example.html"))
    assert "Party 1 (not named here)" in page
    assert f"{NAME} ({CONTACT}, {CONTACT}) sends the figures to {CONTACT}, Hartford, {CONTACT}." in page


def test_what_was_removed_is_listed_with_its_place() -> None:
    path = write("request.yaml", request(PERSONAL))
    lines = at_home("publish", path, "-o", "site").stdout.splitlines()
    assert 'example: agreement.activity: removed "mary.moe@example.org"' in lines
    assert 'example: datasets.records.description: removed "(860) 555-0100"' in lines
    assert 'example: parties.JDOE: removed "Jane Doe"' in lines
    assert 'example: parties.OTHER: removed "John Roe Associates"' in lines  # of what kind it is, nobody stated
    assert 'example: users.0.name: removed "Mary Moe"' in lines
    assert 'example: title: removed "Jane Doe"' in lines
    answer = json.loads(at_home("publish", path, "-o", "site", "--json").stdout)
    assert {"request": "example", "where": "users.1.name", "removed": "Max Foe"} in answer["removed"]


@pytest.mark.parametrize(
    "contact",
    [
        "jane.doe@ct.gov", "JANE (AT) CT (DOT) GOV", "jane+data@mail.example.co.uk", "860-555-0100", "860.555.0100",
        "(860) 555-0100 x12", "8605550100", "1-800-555-0100", "+44 20 7946 0000", "call 555-0100", "Phone: 555 0100",
        "450 Capitol Avenue", "12 N. Main St.", "350 42nd Street", "P.O. Box 12", "CT 06106-1234",
    ],
)  # fmt: skip
def test_what_looks_like_a_contact_is_removed(contact: str) -> None:
    page = published(f"agreement: {{activity: 'Write to us, {contact}, for more.'}}")
    assert f"Write to us, {CONTACT}, for more." in page


@pytest.mark.parametrize(
    "text",
    [
        "20 CFR 603.9(b) and 42 U.S.C. 1320d to 1320d-9", "the classes of 2010-2014", "36000 graduates in 12 towns",
        "by 2027-03-01 14:30", "Public Act 25-119", "CGS 10a-57g(b)", "1.5 million rows", "PIRL Element 1703",
    ],
)  # fmt: skip
def test_what_is_no_contact_stays(text: str) -> None:
    assert text in published(f"agreement: {{activity: 'It says: {text}.'}}")


@pytest.mark.parametrize(("old", "new"), [("request: example", "request: 860-555-0100"), ("records", "d-860-555-0100")])
def test_a_contact_in_a_name_that_decides_is_refused(old: str, new: str) -> None:
    path = write("request.yaml", request().replace(old, new))
    assert "looks like a contact; give another" in refused(at_home("publish", path, "-o", "site"))
    assert not Path("site").exists()


@given(st.sampled_from(["purpose: marketing", "facts: {approved: true}", "facts: {approved: unknown}", ""]))
def test_a_redacted_request_is_decided_like_the_request(change: str) -> None:
    policies = load_policies(POLICIES)
    asked = check_request(document(request(PERSONAL, change)), policies)
    whole, public = decide(policies, asked), decide(policies, redact(asked, policies).request)
    assert [f.outcome for f in whole.findings] == [f.outcome for f in public.findings]
    assert (whole.outcome, whole.ready) == (public.outcome, public.ready)
    assert "JDOE" in asked.parties, "the request itself stays as it was"


@given(st.text(alphabet="ab@.1860-5()+ CTcal", max_size=80))
def test_redacting_twice_removes_nothing_more(text: str) -> None:
    policies = load_policies(POLICIES)
    asked = check_request(document(request(), f"agreement: {{activity: {json.dumps(text)}}}"), policies)
    once = redact(asked, policies).request
    assert redact(once, policies).request.file.agreement == once.file.agreement


# The folder -----------------------------------------------------------------------------------------------------------


def test_a_former_site_is_replaced_and_what_it_no_longer_has_goes() -> None:
    published()
    write("site/notes.txt", "mine")
    published("request: second\npurpose: marketing", name="second")
    assert sorted(everything(Path("site"))) == [
        "site/agreements", "site/index.html", "site/notes.txt", "site/requests", "site/requests/second.html",
        "site/site.json",
    ]  # fmt: skip


def test_a_folder_of_somebody_else_stays_as_it_is() -> None:
    write("mine/notes.txt", "mine")
    assert refused(at_home("publish", "request.yaml", "-o", "mine")) == (
        "mine is not empty and holds no site; nothing was written\n"
    )
    assert sorted(everything(Path("mine"))) == ["mine/notes.txt"]


def test_two_requests_cannot_have_one_page() -> None:
    first = write("one.yaml", request("request: Same"))
    second = write("two.yaml", request("request: same"))
    assert refused(at_home("publish", first, second, "-o", "site")) == (
        'two.yaml has the id "same", as one.yaml has; each request needs an id of its own\n'
    )


def test_a_kind_of_person_that_is_no_kind_is_refused() -> None:
    write("policies/vocabulary.yaml", VOCABULARY, "persons: [agncy]")
    message = refused(at_home("publish", "request.yaml", "-o", "site"))
    assert '"agncy" is not a code of party.kind' in message
    assert 'did you mean "agency"' in message


def test_the_shipped_policies_say_which_kinds_are_persons(shipped_policies: PolicySet) -> None:
    assert shipped_policies.persons == {"individual", "researcher", "attorney"}


# In a browser ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    CHROMIUM is None or find_spec("playwright") is None or find_spec("axe_playwright_python") is None,
    reason="needs Chromium, playwright and axe",
)
def test_the_pages_are_accessible_and_fit_a_phone(house: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    published()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in ("index.html", "requests/example.html"):
            page = browser.new_page(viewport={"width": 390, "height": 844})
            page.goto((house / "site" / name).as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            assert Axe().run(page).response["violations"] == []
            page.close()
        browser.close()
