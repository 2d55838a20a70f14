"""The handbook: rules stand beside their paragraphs, every link leads somewhere, and nothing is run or fetched."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest

from engine.backends.english import Line, number, outline
from engine.policies import PolicySet
from engine.workbench.handbook import handbook, read_examples
from engine.workbench.handbook.citations import citations
from engine.workbench.handbook.wording import wording
from tests import house
from tests.house import assent, at_home, everything, refused
from tests.writing import LAW_HEAD, law

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Page(HTMLParser):
    """What a page links to, which fragments it has, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.words: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.attributes += found
        self.links += [str(found[key]) for key in ("href", "src", "action") if key in found]
        self.ids += [str(found["id"])] if "id" in found else []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    house.build(tmp_path)
    return tmp_path


def site(*arguments: str | Path) -> dict[str, str]:
    """The files of the handbook of the house."""
    answer = at_home("handbook", "-o", "site", "--cases", "case.yaml", *arguments)
    assert answer.exit_code == 0, answer.output
    return {p.relative_to("site").as_posix(): p.read_text() for p in Path("site").rglob("*") if p.is_file()}


def pages(files: Mapping[str, str]) -> dict[str, Page]:
    return {name: Page(text) for name, text in files.items() if name.endswith(".html")}


def broken(files: Mapping[str, str]) -> Iterator[str]:
    """Every link within the handbook that leads nowhere."""
    found = pages(files)
    for name, page in found.items():
        for link in page.links:
            path, _, fragment = urljoin(name, link).partition("#")
            if link.startswith(("https:", "http:")):
                continue
            if path not in files or (fragment and unquote(fragment) not in found[path].ids):
                yield f"{name}: {link}"


# What it tells --------------------------------------------------------------------------------------------------------


def test_a_rule_stands_with_its_conditions_its_paragraph_and_how_far_it_was_verified() -> None:
    text = Page(site()["frameworks/law.html"]).text
    assert "A study by a trusted laboratory s. 3 read in an official summary" in text
    assert "Permits the disclosure if all of the following are true:" in text
    assert "(a) The purpose is a study or an audit" in text
    assert "(b) The receiver is trusted" in text


def test_a_requirement_says_who_owes_it_and_when_and_leads_to_its_clause() -> None:
    page = Page(site()["frameworks/law.html"])
    assert "Paper A data sharing pact the provider and the receiver, before transfer" in page.text
    assert "Step Record the disclosure the provider, before transfer" in page.text
    assert "../clauses/law.html#law.clause.use" in page.links


def test_a_clause_shows_what_an_agreement_fills_in_and_who_demands_it() -> None:
    page = Page(site()["clauses/law.html"])
    assert "name of the receiver destroys the data last day of the term ." in page.text
    assert "Describe what the data will be used for." in page.text
    assert "../frameworks/law.html#law.basis.study" in page.links


def test_the_glossary_gives_the_codes_of_a_fact_and_the_rules_that_read_it() -> None:
    page = Page(site()["facts/request.html"])
    assert "marketing Advertising" in page.text
    assert {"../frameworks/law.html#law.bar.advertising", "../frameworks/law.html#law.basis.study"} <= set(page.links)


def test_a_fact_read_through_a_definition_is_read_by_the_definition() -> None:
    assert "law.definition.trusted" in section(site()["facts/party.html"], "party.trusted")
    assert "law.basis.study" not in section(site()["facts/party.html"], "party.trusted")


def test_the_index_of_citations_leads_to_the_rules() -> None:
    assert "../" not in site()["citations.html"]
    assert "frameworks/law.html#law.bar.advertising" in Page(site()["citations.html"]).links


def test_a_case_is_told_in_sentences_and_named_beside_its_rule() -> None:
    house.write("pin.yaml", PIN)
    files = site("--cases", "pin.yaml")
    case = next(Page(text).text for name, text in files.items() if name.startswith("cases/"))
    assert "trusted of the receiver yes" in case
    assert "But with this change it fails on request.approved alone" not in case
    assert "fails on receiver.trusted alone" in case
    assert "A laboratory in good standing" in section(files["frameworks/law.html"], "law.definition.trusted")


def test_only_public_addresses_are_linked_as_sources() -> None:
    house.write("pin.yaml", PIN.replace("https://example.org/s2", "javascript:alert(1)"))
    assert "javascript:" not in "".join(site("--cases", "pin.yaml").values())


def test_law_that_changed_stands_version_beside_version_in_order_of_date() -> None:
    house.write("policies/old.yaml", VERSIONS)
    files = site()
    versions = section(files["frameworks/other.html"], "dates")
    assert versions.index("In force until December 31, 2019") < versions.index("In force from January 1, 2020")
    dates = Page(files["dates.html"]).text
    assert "December 31, 2019 Last day in force: The old way" in dates
    assert dates.index("The old way") < dates.index("The new way")


def test_bases_that_share_what_they_ask_are_compared() -> None:
    house.write("policies/old.yaml", VERSIONS)
    assert "The bases compared" in Page(site()["frameworks/other.html"]).text
    assert "The bases compared" not in Page(site()["frameworks/law.html"]).text


def test_house_rules_stand_apart_from_the_law() -> None:
    rules = house.framework("framework: net-rules").rstrip().replace("\n", "\n  ")
    house.write("policies/net.yaml", house.NET, f"rules:\n- {rules}")
    index = Page(site()["index.html"]).text
    assert index.index("The law") < index.index("House rules of The Network") < index.index("Another Law")


# How it is made -------------------------------------------------------------------------------------------------------


def test_every_link_and_fragment_leads_somewhere() -> None:
    assert list(broken(site())) == []


def test_every_link_of_the_shipped_policies_leads_somewhere(shipped_policies: PolicySet) -> None:
    files = handbook(shipped_policies, read_examples([house.ROOT / "cases" / "part-2"]))
    assert list(broken(files)) == []
    for name, page in pages(files).items():
        assert len(page.ids) == len(set(page.ids)), f"{name} has an id twice"
        assert {"html", "head", "main", "h1"} <= set(page.tags)


def test_text_of_a_document_is_text_and_nothing_else() -> None:
    house.write("policies/law.yaml", LAW_HEAD.replace("The Law", '"<script>alert(1)</script> \\u202e"'), house.LAW)
    files = site()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\u202e" in files["index.html"]
    assert "<script>alert" not in "".join(text for name, text in files.items() if name.endswith(".html"))


def test_a_page_runs_fetches_and_embeds_nothing_from_elsewhere() -> None:
    for name, text in site().items():
        if not name.endswith(".html"):
            continue
        page = Page(text)
        assert "default-src 'none'" in text
        assert not [a for a in page.attributes if a.startswith("on") or a == "style"]
        assert "style" not in page.tags
        assert ("script" in page.tags) == (name == "search.html")
        loaded = re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="([^"]*)"', text)
        assert all(not re.match("[a-z]+:|//", address) for address in loaded)


def test_the_same_policies_give_the_same_bytes() -> None:
    site()
    first = everything(Path("site"))
    site()
    assert everything(Path("site")) == first


def test_a_former_handbook_is_replaced_and_what_it_no_longer_has_goes() -> None:
    house.write("policies/old.yaml", VERSIONS)
    assert "frameworks/other.html" in site()
    Path("policies/old.yaml").unlink()
    assert "frameworks/other.html" not in site()


def test_a_folder_with_anything_else_is_left_alone() -> None:
    house.write("mine/notes.txt", "mine")
    before = everything(Path())
    answer = at_home("handbook", "-o", "mine", "--cases", "case.yaml")
    assert refused(answer) == "mine is not empty and holds no handbook; nothing was written\n"
    assert everything(Path()) == before


def test_a_marker_cannot_make_it_delete_anything_but_pages() -> None:
    house.write("site/handbook.json", '{"files": ["../request.yaml", "notes.txt"]}')
    house.write("site/notes.txt", "mine")
    site()
    assert Path("request.yaml").exists()
    assert Path("site/notes.txt").exists()


def test_a_place_that_is_no_folder_is_refused() -> None:
    assert "request.yaml is" in refused(at_home("handbook", "-o", "request.yaml", "--cases", "case.yaml"))


def test_it_is_written_as_json_says() -> None:
    assert '"handbook": "site"' in at_home("handbook", "-o", "site", "--cases", "case.yaml", "--json").stdout
    assert assent("handbook").exit_code == 2


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_searching_finds_a_rule_in_a_browser() -> None:
    site()
    address = f"{Path('site/search.html').resolve().as_uri()}?q=trusted+laboratory"
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", address]
    shown = Page(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
    assert "A study by a trusted laboratory" in shown.text
    assert "frameworks/law.html#law.basis.study" in shown.links
    assert "frameworks/law.html#law.basis.approval" not in shown.links


# English --------------------------------------------------------------------------------------------------------------


def english(when: str) -> str:
    """A condition as an outline, one line after the other."""
    found = law(f"bases: {{one: {{title: One, cite: s. 1, checked: text, when: {when}}}}}")
    return " ".join(_read(outline(found.bases()["law.basis.one"].when, found.vocabulary)))


def _read(line: Line) -> Iterator[str]:
    yield from filter(None, (line.number, line.unless, line.says))
    if line.question:
        q = line.question
        answers = "; ".join(a.words for a in q.answers)
        yield from filter(None, (q.role, q.asks, q.verb, answers, "or does not apply" if q.or_absent else ""))
    yield from filter(None, (line.lead,))
    for part in line.lines:
        yield from _read(part)


@pytest.mark.parametrize(
    ("when", "reads"),
    [
        ("{request.approved: true}", "approved of the request yes"),
        ("{not: {request.approved: true}}", "approved of the request no"),
        ("{request.purpose: [study, audit]}", "purpose of the request one of A study; An audit"),
        ("{not: {request.purpose: [study]}}", "purpose of the request not A study"),
        ("{not: {request.ethics: waived}}", "ethics of the request not Waived or does not apply"),
        ("{receiver.trusted: true}", "trusted of the receiver yes"),
        ("{data.categories: {excludes: [school, wage]}}",
         "categories of the data includes none of School record; Wage record"),
        ("{receiver.barred_until: {after: {fact: request.date}}}",
         "barred until of the receiver after the date of the request"),
        ("[{request.approved: true}, {any: [{receiver.trusted: true}, {not: {all: [{data.sensitive: true}, "
         "{flow.linked: true}]}}]}]",
         "all of the following are true (a) approved of the request yes (b) one of the following is true "
         "(i) trusted of the receiver yes (ii) it is not so that all of the following are true "
         "(A) sensitive of the data yes (B) linked of the flow yes"),
        ("[{request.approved: true}, {not: {any: [{data.sensitive: true}, {flow.linked: true}]}}]",
         "all of the following are true (a) approved of the request yes "
         "(b) unless one of the following is true (i) sensitive of the data yes (ii) linked of the flow yes"),
        ("{at_least: {count: 2, of: [{request.approved: true}, {data.sensitive: true}, {flow.linked: true}]}}",
         "at least 2 of the following are true (a) approved of the request yes (b) sensitive of the data yes "
         "(c) linked of the flow yes"),
        ("{says: Nothing is joined, not: {any: [{flow.linked: true}, {data.sensitive: true}]}}",
         "Nothing is joined it is not so that one of the following is true (a) linked of the flow yes "
         "(b) sensitive of the data yes"),
    ],
)  # fmt: skip
def test_conditions_read_as_english(when: str, reads: str) -> None:
    assert english(when) == reads


def test_lines_are_numbered_as_in_a_statute() -> None:
    assert [number(0, i) for i in (0, 25, 26)] == ["(a)", "(z)", "(aa)"]
    assert [number(1, i) for i in (0, 3, 8)] == ["(i)", "(iv)", "(ix)"]
    assert [number(2, 1), number(3, 1), number(4, 1)] == ["(B)", "(2)", "(b)"]


def test_citations_are_taken_apart_by_law_and_section() -> None:
    found = list(citations('34 CFR 99.3 "a, b", 99.31(a)(3), (b); 20 U.S.C. 1232g; 99.7; A letter of 2020'))
    assert [(c.law, c.section, c.whole) for c in found] == [
        ("34 CFR", "99.3", '99.3 "a, b"'),
        ("34 CFR", "99.31", "99.31(a)(3), (b)"),
        ("20 USC", "1232g", "1232g"),
        ("20 USC", "99.7", "99.7"),
        ("Other sources", "A letter of 2020", "A letter of 2020"),
    ]


def test_a_clause_that_chooses_says_so() -> None:
    text = (
        "{% if users %}For {% for u in users %}{{ u.name }}{% if not loop.last %}, {% endif %}{% endfor %}{% endif %}."
    )
    shown = [f"[{p.text}]" if p.blank else p.text for p in wording(text)]
    assert "".join(shown) == "[if there is users:]For [for each of the users:][name of the u], [next u][end]."


PIN = """
    cases:
    - id: pinned
      title: A laboratory in good standing
      source: {citation: s. 2, url: "https://example.org/s2"}
      pins: law.definition.trusted
      facts: {receiver.trusted: true}
      near_misses:
        - {change: {receiver.trusted: false}, fails: receiver.trusted}
"""

VERSIONS = house.framework("""
    bases:
      way:
        title: The new way
        cite: s. 2
        checked: text
        in_force: {from: 2020-01-01}
        when: [{request.approved: true}, {request.purpose: study}]
      way-2010:
        title: The old way
        cite: s. 2 (2010)
        checked: summary
        in_force: {until: 2019-12-31}
        when: [{request.approved: true}, {request.purpose: audit}]
      third:
        title: A third way
        cite: s. 3
        checked: text
        when: [{request.purpose: marketing}]
""")


def section(source: str, start: str) -> str:
    """The text of a page from the element with that id to the next heading of its kind or rule."""
    _, _, rest = source.partition(f'id="{start}"')
    return Page("<p " + re.split(r'<section class="rule"', rest, maxsplit=1)[0]).text
