"""Papers in every form: what the tree says is there to read, nothing in it acts, and everybody can use the result."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.shared import Pt
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html
from markdown_it import MarkdownIt
from pypdf import PdfReader

from engine.documents import CannotDo
from engine.papers.forms import Form, form_of, render
from engine.papers.tidy import clean
from engine.papers.tree import (
    Anchored,
    Badge,
    Blank,
    Block,
    Contents,
    Figure,
    Footnote,
    Heading,
    Items,
    Link,
    PageBreak,
    Paper,
    Paragraph,
    Signature,
    Table,
    Terms,
    Text,
    line,
)
from engine.papers.word import bookmark, tag

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SOFFICE = shutil.which("soffice")
FORMS: tuple[Form, ...] = ("html", "pdf", "docx", "md")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SVG = (
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="300" height="60">'
    '<rect x="1" y="1" width="120" height="50" fill="none" stroke="black"/><text x="20" y="30">Department</text></svg>'
)


def item(text: str) -> tuple[Block, ...]:
    return (Paragraph(line(text)),)


EVERYTHING = Paper(
    title="Sharing wage records",
    subtitle="A draft",
    about="Request r01, law of 2026-11-23",
    blocks=(
        Contents(3),
        PageBreak(),
        Heading(1, line("Parties"), "parties", "1."),
        Paragraph(line("This is ", Badge("allowed", "good"), Badge("denied", "bad"), Badge("open", "open")), "lead"),
        Paragraph(line("Facts are missing."), "warning"),
        Paragraph(line(Badge("not applicable"), " as of today."), "quiet"),
        Paragraph(
            line(
                "The ",
                Text("Department", strong=True),
                " gives ",
                Text("wages", emphasis=True),
                Footnote("Beside the text."),
                " for ",
                Blank("the purpose", "purpose"),
                " under ",
                Link("34 CFR 99", "https://www.ecfr.gov/current/title-34"),
                " and ",
                Link("a clause", "#ferpa.return"),
                ", as ",
                Text("before_transfer", code=True),
                " says.",
            )
        ),
        Terms(((line("Provider"), line("Labor", Footnote("Its full name."))), (line("Term"), line(Blank("until"))))),
        Heading(2, line("Data"), "", "1.1"),
        Items((item("first"), (*item("second"), Items((item("inner"), item("other")), ordered=True)))),
        Items((item("one"), item("two")), ordered=True),
        Items((item("one again"), item("two again")), ordered=True),
        Figure(SVG, "The Department sends to the University.", "Flows"),
        Heading(1, line("Clauses"), "clauses", "2."),
        Anchored(
            "ferpa.return",
            (
                Paragraph(line("Return or destroy on ", Blank("date", "date"), " at the latest", Footnote("99.31."))),
                Items((item("within five days"), item("with a certificate")), ordered=True),
            ),
        ),
        Table(
            (line("Step"), line("Due")),
            ((line("Approve", Footnote("By vote.")), line()), (line("Sign"), line(Badge("open", "open")))),
            "Open steps",
            row_heads=True,
            widths=(2, 1),
        ),
        Table((line("a"), line("b")), ((line("alone"),),)),
        Table((), ((line("no"), line("head")),), "Without a head"),
        Signature("Department of Labor", "provider"),
        Signature("State University", ""),
    ),
)
SAID = (
    "Sharing wage records", "A draft", "Request r01", "Facts are missing", "Department", "Beside the text", "purpose",
    "34 CFR 99", "before_transfer", "Its full name", "inner", "two again", "within five days", "Open steps", "By vote",
    "alone", "Without a head", "Department of Labor", "provider", "State University",
)  # fmt: skip


# Reading papers back --------------------------------------------------------------------------------------------------


def page_of(content: bytes) -> Any:
    return lxml_html.document_fromstring(content.decode())


def parts_of(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.endswith((".xml", ".rels"))]
        return {name: etree.fromstring(archive.read(name)) for name in names}


def text_of(content: bytes, form: Form) -> str:
    """All that a paper says, as a reader of its form finds it."""
    if form == "html":
        page = page_of(content)
        return str(page.text_content()) + " ".join(map(str, page.xpath("//@aria-label")))
    if form == "pdf":
        reader = PdfReader(io.BytesIO(content))
        return "".join(page.extract_text() for page in reader.pages) + str(reader.metadata and reader.metadata.title)
    if form == "docx":
        parts = parts_of(content).values()
        return "\n".join("".join(p.itertext(f"{W}t")) for part in parts for p in part.iter(f"{W}p")) + "\n".join(
            str(described) for part in parts for described in part.xpath("//@descr")
        )
    source = re.sub(r"^\[\^\d+\]: ", "", content.decode(), flags=re.MULTILINE)
    shown = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(source)
    return str(lxml_html.fragment_fromstring(shown, create_parent="div").text_content())


PLACES: dict[str, Callable[[str], Block]] = {
    "heading": lambda t: Heading(1, line(t), number=t),
    "anchor": lambda t: Heading(1, line("x", Text(t)), anchor=t),
    "text": lambda t: Paragraph(line(t)),
    "styled": lambda t: Paragraph(line("x ", Text(t, strong=True, emphasis=True), " y")),
    "code": lambda t: Paragraph(line("x ", Text(t, code=True))),
    "blank": lambda t: Paragraph(line("x ", Blank(t, t))),
    "link": lambda t: Paragraph(line(Link(t, "https://example.org/"), Link(t, t), Link(t, f"#{t}"))),
    "note": lambda t: Paragraph(line("x", Footnote(t))),
    "badge": lambda t: Paragraph(line(Badge(t, "bad"))),
    "item": lambda t: Items((item(t), (), item(t)), ordered=True),
    "caption": lambda t: Table((line(t),), ((line(t), line(t)),), t, row_heads=True),
    "cell": lambda t: Table((line("a"), line("b")), ((line(t), line(Text(t, code=True))),)),
    "terms": lambda t: Terms(((line(t), line(t)),)),
    "figure": lambda t: Figure(SVG, t, t),
    "anchored": lambda t: Anchored(t, item(t)),
    "signature": lambda t: Signature(t, t),
}


def with_text(place: str, text: str) -> Paper:
    if place == "title":
        return Paper(text, (Contents(), Heading(1, line("x"))), text, text, text)
    return Paper("A title", (Contents(), PLACES[place](text)))


HOSTILE = (
    "<script>alert(1)</script>", "</style><script>alert(1)</script>", '" onload="alert(1)', "]]> <![CDATA[ <!-- -->",
    "#let x = 1; #panic() $x$ *b* _i_ @ref <label>", "#include \"/etc/passwd\" #read(\"a\")", r"\input{/etc/passwd}",
    "{ PAGE } { HYPERLINK \"http://x\" } {{ x }}", "=1+1", "- a", "1. b", "# c", "> d", "| e | f |", "[g](http://h)",
    "![i](http://j)", "&amp; &lt;b&gt;", "`k` ``l", "***", "www.example.org a@example.org http://example.org", "~~m~~",
    "javascript:alert(1)", "\x00\x07\x1b[31m\x7f\x85", "a\nb\r\nc\td", "\u202eright to left\u202c \u2028 \ufeff",
    "\ud800 \udfff \ufffe \uffff", "\u05e9\u05dc\u05d5\u05dd \u0639\u0631\u0628\u064a", "\u4e2d\u6587 \U0001f600",
    "s" * 200, "word " * 60, "[^1]: note", "a\\", "--- ===", "+ n", "(1) o", "<a id=\"x\"></a>", "@page { }", "",
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(), max_size=30),
    st.text("<>&\"'\\`*_{}[]()#+-.!|~$@:/=%^ \n1a", max_size=20),
)
places = st.sampled_from(["title", *PLACES])


def found(text: str, content: bytes, form: Form) -> None:
    """The text, all of it and nothing else, is what the paper says between the two marks."""
    wanted = "".join(clean(f"\u00ab{text}\u00bb").split())
    assert wanted in "".join(text_of(content, form).split())


# Whatever somebody writes stays text ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["html", "docx", "md"])
def test_hostile_text_stays_text_in_every_place(form: Form) -> None:
    for text in HOSTILE:
        blocks = tuple(
            place(f"\u00ab{text}\u00bb") for name, place in PLACES.items() if (name, form) != ("figure", "md")
        )
        said = "".join(text_of(render(Paper("T", blocks), form), form).split())
        assert said.count("".join(clean(f"\u00ab{text}\u00bb").split())) >= len(blocks)


@settings(max_examples=250)
@given(places, texts)
def test_text_stays_text_in_html(place: str, text: str) -> None:
    content = render(with_text(place, f"\u00ab{text}\u00bb"), "html")
    found(text, content, "html")
    page = page_of(content)
    assert page.xpath("//script | //iframe | //object | //link | //base | //form") == []
    assert page.xpath("//@*[starts-with(name(), 'on')]") == []
    assert set(page.xpath("//@href[not(starts-with(., '#'))]")) <= {"https://example.org/"} | plain_paths(page)
    assert len(page.xpath("//style")) == 1


def plain_paths(page: Any) -> set[str]:
    """Links into the same folder: no scheme, no host."""
    return {href for href in page.xpath("//@href") if re.fullmatch(r"(?!/)[^\s:\\]+", href)}


@settings(max_examples=60)
@given(places, texts)
def test_text_stays_text_in_word(place: str, text: str) -> None:
    content = render(with_text(place, f"\u00ab{text}\u00bb"), "docx")
    found(text, content, "docx")
    assert Document(io.BytesIO(content)).paragraphs
    parts = parts_of(content)
    codes = [e.text or "" for part in parts.values() for e in part.iter(f"{W}instrText")]
    codes += [e.get(f"{W}instr", "") for part in parts.values() for e in part.iter(f"{W}fldSimple")]
    assert {code.split()[0] for code in codes} <= {"TOC", "PAGE", "NUMPAGES"}
    for name, part in parts.items():
        for relation in part if name.endswith(".rels") else ():
            outside = relation.get("TargetMode") == "External"
            assert not outside or relation.get("Type").endswith("/hyperlink")
            assert not outside or re.fullmatch(r"https://example\.org/|(?!/)[^\s:\\]+", relation.get("Target"))


@settings(max_examples=250)
@given(places, texts)
def test_text_stays_text_in_markdown(place: str, text: str) -> None:
    if place == "figure":  # its words stand alone in a paragraph, as those of "text" do
        place = "text"
    content = render(with_text(place, f"\u00ab{text}\u00bb"), "md")
    found(text, content, "md")


@settings(max_examples=40, deadline=None)
@given(places, texts)
@example("title", "\u4e2d\u6587 \U000e0100")
@example("figure", "\ue000 has no letter in any font")
@example("code", "#panic()")
@example("title", "an accent on a 1\u0e31")
def test_any_text_can_be_set_as_pdf_and_none_acts(place: str, text: str) -> None:
    content = render(with_text(place, f"\u00ab{text}\u00bb"), "pdf")
    assert not re.search(rb"/(JavaScript|JS|Launch|EmbeddedFile|GoToR|SubmitForm|OpenAction)\b", content)
    targets = set(re.findall(rb"/URI \((.*?)\)", content))
    assert all(b":" not in target or target == b"https://example.org/" for target in targets)


def test_hostile_text_stays_text_in_pdf() -> None:
    """In one paper, since each takes a moment to set: what the fonts have, letter by letter."""
    shown = [text for text in HOSTILE if text.isprintable() and text.isascii()]
    content = render(
        Paper("T", tuple(Paragraph(line(f"{n}: \u00ab{text}\u00bb")) for n, text in enumerate(shown))), "pdf"
    )
    said = re.sub(r"[\s\u200b\u00ad-]", "", text_of(content, "pdf"))
    for n, text in enumerate(shown):
        assert re.sub(r"[\s-]", "", f"{n}: \u00ab{text}\u00bb") in said


# Every form says everything -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_everything(form: Form) -> None:
    said = re.sub(r"[\u200b\u00ad]", "", text_of(render(EVERYTHING, form), form))
    for words in (*SAID, "[to be completed: the purpose]", "[to be completed: until]"):
        assert "".join(words.split()) in "".join(said.split()), words


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_paper_and_empty_blocks_can_be_written(form: Form) -> None:
    empty = (Heading(4, ()), Paragraph(()), Items(()), Items(((),)), Table((), ()), Terms(()), Contents(), PageBreak())
    assert render(Paper("", ()), form)
    assert render(Paper("", (*empty, Anchored("", ()), Signature("", ""), Figure(SVG, ""))), form)


def test_the_same_paper_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib; from tests.test_papers import *\n"
        "for form in FORMS: print(hashlib.sha256(render(EVERYTHING, form)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=ROOT, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }  # fmt: skip
    assert len(digests) == 1


def test_the_suffix_chooses_the_form() -> None:
    assert [form_of(Path(name)) for name in ("a.html", "b.PDF", "c.docx", "d.md")] == ["html", "pdf", "docx", "md"]
    with pytest.raises(CannotDo, match=r'papers have no form ".doc"; did you mean "docx"\?'):
        form_of(Path("agreement.doc"))
    with pytest.raises(CannotDo, match=r'"report" does not end in the form wanted; there are: docx, html, md, pdf'):
        form_of(Path("report"))


# Links and headings ---------------------------------------------------------------------------------------------------


def test_headings_never_skip_a_level() -> None:
    paper = Paper("T", (Heading(3, line("a")), Heading(4, line("b")), Heading(1, line("c")), Heading(3, line("d"))))
    page = page_of(render(paper, "html"))
    assert [e.tag for e in page.iter("h1", "h2", "h3", "h4", "h5")] == ["h1", "h2", "h3", "h2", "h3"]


def test_a_link_that_could_run_something_or_leads_nowhere_is_only_words() -> None:
    targets = [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "#nowhere",
        " https://a.example",
        "file:///a",
    ]
    fine = ["https://a.example/?b=c&d", "mailto:a@b.example", "requests/r01.html", "#here"]
    blocks = [Paragraph(line(Link("words", target))) for target in (*targets, *fine)]
    page = page_of(render(Paper("T", (Heading(1, line("H"), "here"), *blocks)), "html"))
    assert page.xpath("//main//p/a/@href") == fine
    assert page.xpath("count(//main//p[.='words'])") == len(targets) + len(fine)


def test_names_are_given_once_and_contents_lead_to_their_headings() -> None:
    twice = Heading(1, line("Same"), "same")
    page = page_of(render(Paper("T", (Contents(), twice, twice, Heading(1, line("x")), Anchored("same", ()))), "html"))
    ids = page.xpath("//main/@id | //main//@id")
    assert ids == ["-content", "same", "same-2", "section", "same-3"]
    assert page.xpath("//nav//@href") == ["#same", "#same-2", "#section"]


# HTML -----------------------------------------------------------------------------------------------------------------


def test_a_page_is_complete_in_itself_and_says_that_nothing_may_run() -> None:
    content = render(EVERYTHING, "html").decode()
    assert "default-src 'none'" in content
    assert re.findall(r"(?:src|srcset)=|@import|url\((?!#)", content) == []
    page = page_of(content.encode())
    assert page.get("lang") == "en"
    assert page.xpath("//a[@class='skip']/@href") == ["#-content"]
    assert len(page.xpath("//*[@role='doc-footnote']")) == 4
    for note in page.xpath("//*[@role='doc-footnote']"):
        (back,) = note.xpath("a/@href")
        assert page.xpath(f"//*[@id='{back[1:]}']/@href") == [f"#{note.get('id')}"]


def browser_pages(content: bytes, width: int) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.set_content(content.decode())
        yield page
        browser.close()


@pytest.mark.skipif(
    CHROMIUM is None or find_spec("playwright") is None or find_spec("axe_playwright_python") is None,
    reason="needs Chromium, playwright and axe",
)
@pytest.mark.parametrize("width", [390, 1500])
def test_a_page_can_be_used_by_everybody_on_a_phone_and_on_a_desk(width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for page in browser_pages(render(EVERYTHING, "html"), width):
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["impact"], v["nodes"][0]["html"]) for v in found if v["impact"] != "minor"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


# PDF ------------------------------------------------------------------------------------------------------------------


def structure(node: Any) -> Iterator[Any]:
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from structure(child)
    elif isinstance(node, dict):
        yield node
        if "/K" in node:
            yield from structure(node["/K"])


def test_a_pdf_is_tagged_for_assistive_technology() -> None:
    reader = PdfReader(io.BytesIO(render(EVERYTHING, "pdf")))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Sharing wage records"
    assert b"pdfuaid" in root["/Metadata"].get_data()
    tags = [str(node.get("/S")) for node in structure(root["/StructTreeRoot"])]
    assert {"/H1", "/H2", "/P", "/L", "/LI", "/Table", "/TH", "/TD", "/TOC", "/Note", "/Figure", "/Link"} <= set(tags)
    figures = [node for node in structure(root["/StructTreeRoot"]) if node.get("/S") == "/Figure"]
    assert "The Department sends to the University." in [str(node.get("/Alt")) for node in figures]


def test_a_pdf_knows_no_clock_and_brings_its_fonts() -> None:
    reader = PdfReader(io.BytesIO(render(EVERYTHING, "pdf")))
    assert not {"/CreationDate", "/ModDate", "/Author"} & set(reader.metadata or {})
    resources: list[Any] = [page["/Resources"] for page in reader.pages]
    fonts = [font.get_object() for resource in resources for font in resource["/Font"].values()]
    files = [f["/DescendantFonts"][0].get_object()["/FontDescriptor"] for f in fonts]
    assert files
    assert all({"/FontFile2", "/FontFile3"} & set(f.get_object()) for f in files)


def test_the_head_of_a_long_table_stands_on_every_page() -> None:
    rows = tuple((line(f"row {n}"), line("due")) for n in range(120))
    reader = PdfReader(io.BytesIO(render(Paper("T", (Table((line("Step"), line("When")), rows, "Long"),)), "pdf")))
    assert len(reader.pages) > 2
    assert all("When" in page.extract_text() for page in reader.pages)


# Word -----------------------------------------------------------------------------------------------------------------


def test_a_word_document_has_real_styles_and_properties() -> None:
    document = Document(io.BytesIO(render(EVERYTHING, "docx")))
    styles = {p.text: p.style.name for p in document.paragraphs if p.style is not None}
    assert styles["Sharing wage records"] == "Title"
    assert styles["1.\u2002Parties"] == "Heading 1"
    assert styles["1.1\u2002Data"] == "Heading 2"
    assert styles["Facts are missing."] == "Warning"
    assert styles["Open steps"] == "Caption"
    about = document.core_properties
    assert (about.title, about.author, about.last_modified_by, about.language) == ("Sharing wage records", "", "", "en")


def test_every_ordered_list_counts_from_one() -> None:
    parts = parts_of(render(EVERYTHING, "docx"))
    numbered = [
        ("".join(p.itertext(f"{W}t")), p.find(f"{W}pPr/{W}numPr/{W}numId").get(f"{W}val"))
        for p in parts["word/document.xml"].iter(f"{W}p")
        if p.find(f"{W}pPr/{W}pStyle").get(f"{W}val") == "ListNumber"
    ]
    by_text = dict(numbered)
    assert by_text["one"] == by_text["two"]
    assert len({by_text[text] for text in ("inner", "one", "one again", "within five days")}) == 4
    known = {num.get(f"{W}numId") for num in parts["word/numbering.xml"].iter(f"{W}num")}
    assert set(by_text.values()) <= known


def test_word_finds_contents_notes_heads_and_pictures() -> None:
    parts = parts_of(render(EVERYTHING, "docx"))
    body = parts["word/document.xml"]
    entries = [p for p in body.iter(f"{W}p") if p.find(f"{W}pPr/{W}pStyle").get(f"{W}val", "").startswith("TOC")]
    assert ["".join(p.itertext(f"{W}t")) for p in entries] == ["1. Parties", "1.1 Data", "2. Clauses"]
    names = {b.get(f"{W}name") for b in body.iter(f"{W}bookmarkStart")}
    assert {link.get(f"{W}anchor") for link in body.iter(f"{W}hyperlink")} - {None} <= names
    referred = [r.get(f"{W}id") for r in body.iter(f"{W}footnoteReference")]
    notes = {n.get(f"{W}id"): "".join(n.itertext(f"{W}t")) for n in parts["word/footnotes.xml"]}
    assert [notes[r].strip() for r in referred] == ["Beside the text.", "Its full name.", "99.31.", "By vote."]
    assert len(list(body.iter(f"{W}tblHeader"))) == 2
    assert body.xpath("//@descr") == ["The Department sends to the University."]
    assert parts["word/settings.xml"].find(f"{W}updateFields") is not None


def controls(body: Any) -> dict[str, str]:
    return {
        sdt.find(f"{W}sdtPr/{W}tag").get(f"{W}val"): "".join(sdt.find(f"{W}sdtContent").itertext(f"{W}t"))
        for sdt in body.iter(f"{W}sdt")
        if sdt.find(f"{W}sdtPr/{W}tag") is not None
    }


def test_a_picture_stands_between_the_margins() -> None:
    body = parts_of(render(EVERYTHING, "docx"))["word/document.xml"]
    assert body.xpath("//*[local-name()='inline']/@distL | //*[local-name()='inline']/@distR") == ["0", "0"]


def test_what_follows_a_signature_keeps_its_distance() -> None:
    document = Document(io.BytesIO(render(EVERYTHING, "docx")))
    ends = [p.style.paragraph_format.space_after for p in document.paragraphs if p.style and p.text.startswith("Date:")]
    assert ends == [Pt(24), Pt(24)]


def test_a_dense_paper_has_smaller_letters_and_wider_lines() -> None:
    roomy, dense = (parts_of(render(replace(EVERYTHING, dense=dense), "docx")) for dense in (False, True))
    sizes = [
        {
            style.get(f"{W}styleId"): int(size.get(f"{W}val"))
            for style in parts["word/styles.xml"].iter(f"{W}style")
            for size in style.iter(f"{W}sz")
            if size.getparent().tag == f"{W}rPr"
        }
        for parts in (roomy, dense)
    ]
    assert all(sizes[1][style] < sizes[0][style] for style in ("Heading1", "TableText", "Lead", "Title"))
    (width,) = {int(w.get(f"{W}w")) for w in dense["word/document.xml"].iter(f"{W}tblW")}
    (page,), (margin,) = (list(dense["word/document.xml"].iter(f"{W}{name}")) for name in ("pgSz", "pgMar"))
    between = int(page.get(f"{W}w")) - int(margin.get(f"{W}left")) - int(margin.get(f"{W}right"))
    assert abs(width - between) <= 2
    assert width > 10_000


def test_blanks_and_clauses_are_content_controls_with_their_names() -> None:
    found = controls(parts_of(render(EVERYTHING, "docx"))["word/document.xml"])
    assert found["purpose"] == "[to be completed: the purpose]"
    assert found["until"] == "[to be completed: until]"
    assert found["ferpa.return"].startswith("Return or destroy on [to be completed: date]")
    assert found["ferpa.return"].endswith("with a certificate")


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=90))
def test_names_fit_what_word_can_hold(name: str) -> None:
    assert len(tag(name)) <= 64
    assert re.fullmatch(r"[A-Za-z]\w{0,39}", bookmark(name), re.ASCII)
    assert len({bookmark(n) for n in (name, name + "a", name + ".")}) == 3
    assert len({tag(n) for n in (name * 40 + "a", name * 40 + "b")}) == 2


@pytest.mark.skipif(SOFFICE is None, reason="needs LibreOffice")
def test_words_and_anchors_survive_libreoffice(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(render(EVERYTHING, "docx"))
    home = f"-env:UserInstallation=file://{tmp_path}/home"
    command = [str(SOFFICE), home, "--headless", "--convert-to", "docx:MS Word 2007 XML", "--outdir"]
    subprocess.run(
        [*command, str(tmp_path / "out"), str(tmp_path / "a.docx")], capture_output=True, timeout=120, check=True
    )
    content = (tmp_path / "out" / "a.docx").read_bytes()
    said = text_of(content, "docx")
    for words in SAID:
        assert words in said
    (body,) = (part for name, part in parts_of(content).items() if name == "word/document.xml")
    clause = [p for p in body.iter(f"{W}p") if "Return or destroy" in "".join(p.itertext(f"{W}t"))]
    assert [b.get(f"{W}name") for p in clause for b in p.iter(f"{W}bookmarkStart")] == [bookmark("ferpa.return")]
    assert "Return or destroy on [to be completed: date] at the latest" in "".join(clause[0].itertext(f"{W}t"))


# Markdown -------------------------------------------------------------------------------------------------------------


def test_markdown_keeps_lists_tables_and_notes_apart() -> None:
    source = render(EVERYTHING, "md").decode()
    shown = lxml_html.fragment_fromstring(MarkdownIt("commonmark").enable("table").render(source), create_parent="div")
    assert [len(ordered.findall("li")) for ordered in shown.iter("ol")] == [2, 2, 2, 2]
    assert [len(table.xpath(".//tr")) for table in shown.iter("table")] == [3, 2, 2]
    assert shown.xpath("//a[.='a clause']/@href") == ["#ferpa.return"]
    assert shown.xpath("//a/@id") == ["ferpa.return"]
    assert "[^1]: Beside the text." in source
