"""The review of an agreement that comes back: what it contains, has altered or lacks, however it was edited."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from docx.text.run import Run
from hypothesis import given
from hypothesis import strategies as st

from engine.agreements.differences import Hole, compare, expected, intact, words_of, written
from engine.agreements.passages import Passage, Piece
from engine.papers.tree import Blank, line
from tests.house import at_home, build, refused, request, write

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
USES = "The Laboratory uses records for study alone: "


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    build(tmp_path)


def drafted(name: str = "agreement.docx", *texts: str) -> Path:
    """The agreement for a request, by default that of the house."""
    path = write("request.yaml", request(*texts)) if texts else Path("request.yaml")
    answer = at_home("draft", path, "-o", name, "--force")
    assert answer.exit_code == 0, answer.output
    return Path(name)


def reviewed(path: Path | str = "agreement.docx", *, whole: bool) -> dict[str, Any]:
    """What the review says for programs; `whole` is what its exit code must say."""
    answer = at_home("review", "request.yaml", path, "--json")
    assert answer.exit_code == (0 if whole else 1), answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    assert found["whole"] is whole
    return found


def states(found: dict[str, Any]) -> dict[str, str]:
    return {clause["clause"]: clause["state"] for clause in found["clauses"]}


def clause(found: dict[str, Any], name: str = "law.clause.use") -> dict[str, Any]:
    return next(clause for clause in found["clauses"] if clause["clause"] == name)


def edit(change: Callable[[Any], object], path: Path | str = "agreement.docx") -> None:
    """Change the body of a Word file."""
    document = docx.Document(str(path))
    change(document.element.body)
    document.save(str(path))


def replaced(old: str, new: str) -> Callable[[Any], None]:
    """Words changed wherever they stand."""

    def change(body: Any) -> None:
        texts = [text for text in body.iter(qn("w:t")) if old in (text.text or "")]
        assert texts, f"no {old} in the paper"
        for text in texts:
            text.text = text.text.replace(old, new)

    return change


def filled(prompt: str, text: str) -> Callable[[Any], None]:
    """A field filled in, as a word processor does it."""

    def change(body: Any) -> None:
        replaced(prompt, text)(body)
        no_prompt(body, text)

    return change


def no_prompt(body: Any, text: str) -> None:
    """The field with this text no longer shows its prompt."""
    for field in [f for f in body.iter(qn("w:sdt")) if text in "".join(t.text or "" for t in f.iter(qn("w:t")))]:
        for mark in list(field.find(qn("w:sdtPr")).findall(qn("w:showingPlcHdr"))):
            mark.getparent().remove(mark)


def paragraph(body: Any, words: str) -> Any:
    """The paragraph that holds these words."""
    return next(p for p in body.iter(qn("w:p")) if words in "".join(t.text or "" for t in p.iter(qn("w:t"))))


BOTH = {"law.clause.use": "contained", "law.clause.end": "contained"}


# As drafted -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["agreement.docx", "agreement.html", "agreement.md"])
def test_a_draft_contains_every_required_clause(name: str) -> None:
    found = reviewed(drafted(name), whole=True)
    assert states(found) == BOTH
    assert [c["found_by"] for c in found["clauses"]] == ["wording" if name.endswith("md") else "anchor"] * 2


needs_office = pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")


def saved_by_libreoffice(tmp_path: Path) -> str:
    """The agreement, opened and saved again by another word processor."""
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/office",
               "--convert-to", "docx:Office Open XML Text",
               "--outdir", "there", "agreement.docx"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return "there/agreement.docx"


@needs_office
def test_a_draft_that_went_through_another_word_processor_still_does(tmp_path: Path) -> None:
    drafted()
    assert states(reviewed(saved_by_libreoffice(tmp_path), whole=True)) == BOTH


def test_blanks_that_are_open_are_named_and_do_not_fail_the_review() -> None:
    found = reviewed(drafted(), whole=True)
    assert clause(found)["open"] == ["activity"]
    assert "address of LAB" in found["open_elsewhere"]


# Edited ---------------------------------------------------------------------------------------------------------------


def test_a_blank_that_was_filled_is_no_alteration_and_is_shown() -> None:
    drafted()
    edit(filled("[to be completed: (5) activity]", "counting pupils, by school"))
    found = clause(reviewed(whole=True))
    assert found["filled"] == [{"blank": "activity", "text": "counting pupils, by school"}]
    assert found["open"] == []


def test_a_field_that_shows_the_prompt_of_a_word_processor_is_open() -> None:
    drafted()
    edit(replaced("[to be completed: (5) activity]", "Click or tap here to enter text."))
    found = clause(reviewed(whole=True))
    assert (found["filled"], found["open"]) == ([], ["activity"])


def test_an_altered_clause_shows_the_exact_words() -> None:
    drafted()
    edit(replaced("for study alone", "for study and advertising"))
    found = reviewed(whole=False)
    assert states(found) == {**BOTH, "law.clause.use": "altered"}
    difference = clause(found)["difference"]
    assert "for study [-alone-] {+and advertising+} :" in difference


def test_the_difference_can_be_read_without_colour() -> None:
    drafted()
    edit(replaced("for study alone", "for study and advertising"))
    answer = at_home("review", "request.yaml", "agreement.docx")
    assert answer.exit_code == 1
    assert "2 required clauses: 1 contained, 1 altered, 0 lacking" in answer.stdout
    assert "[-alone-] {+and advertising+}" in answer.stdout
    assert "Required by s. 3(b)" in answer.stdout


def test_words_added_after_a_clause_in_its_paragraph_are_an_alteration() -> None:
    drafted()

    def change(body: Any) -> None:
        run = docx.oxml.parse_xml(f'<w:r xmlns:w="{WORD}"><w:t> Or keeps them.</w:t></w:r>')
        paragraph(body, "destroys the data").append(run)

    edit(change)
    assert states(reviewed(whole=False))["law.clause.end"] == "altered"


def test_a_clause_that_was_struck_is_lacking() -> None:
    drafted()
    edit(lambda body: (found := paragraph(body, "destroys the data")).getparent().remove(found))
    found = reviewed(whole=False)
    assert states(found) == {**BOTH, "law.clause.end": "lacking"}
    assert clause(found, "law.clause.end")["required_by"] == [
        {"rule": "law.applies", "cite": "s. 7", "checked": "text"}
    ]


def test_a_clause_of_the_library_that_no_rule_demands_is_named() -> None:
    drafted()
    other = write(
        "other.yaml", request("purpose: audit\nfacts: {approved: true}\nclaims: [{basis: law.basis.approval}]")
    )
    answer = at_home("review", other, "agreement.docx", "--json")
    assert json.loads(answer.stdout)["not_required"] == [{"clause": "law.clause.use", "title": "Use"}]


# Tracked changes ------------------------------------------------------------------------------------------------------


def words(text: str, name: str = "t") -> str:
    return f'<w:r><w:{name} xml:space="preserve">{text}</w:{name}></w:r>'


def inserted(text: str, by: str = "ins") -> str:
    return f'<w:{by} w:id="902" w:author="x">{words(text)}</w:{by}>'


def deleted(text: str, by: str = "del") -> str:
    return f'<w:{by} w:id="901" w:author="x">{words(text, "delText")}</w:{by}>'


def tracked(old: str, new: str) -> Callable[[Any], None]:
    """The text of the paragraph with some words in place of others, as a word processor that records changes."""

    def change(body: Any) -> None:
        found = paragraph(body, old)
        run = next(r for r in found.iter(qn("w:r")) if old in "".join(t.text or "" for t in r.iter(qn("w:t"))))
        before, _, after = "".join(t.text or "" for t in run.iter(qn("w:t"))).partition(old)
        parts = words(before) + (deleted(old) if old else "") + (inserted(new) if new else "") + words(after)
        for part in docx.oxml.parse_xml(f'<w:p xmlns:w="{WORD}">{parts}</w:p>'):
            run.addprevious(part)
        run.getparent().remove(run)

    return change


def test_a_clause_altered_by_tracked_changes_is_told_with_what_it_is_without_them() -> None:
    drafted()
    edit(tracked("for study alone", "for study and advertising"))
    found = reviewed(whole=False)
    assert states(found) == {**BOTH, "law.clause.use": "altered"}
    assert "for study [-alone-] {+and advertising+} :" in clause(found)["difference"]
    assert clause(found)["if_rejected"]["state"] == "contained"
    assert clause(found, "law.clause.end")["if_rejected"] is None
    shown = at_home("review", "request.yaml", "agreement.docx").stdout
    assert "as if all of them were accepted" in shown
    assert "Altered if they are accepted, contained if they are rejected" in shown


def test_a_clause_that_tracked_changes_would_restore_is_not_yet_contained() -> None:
    drafted()
    edit(replaced("destroys the data", "keeps the data"))
    edit(tracked("keeps", "destroys"))
    found = reviewed(whole=False)
    assert states(found) == BOTH
    assert clause(found, "law.clause.end")["if_rejected"]["state"] == "altered"
    shown = at_home("review", "request.yaml", "agreement.docx").stdout
    assert "Contained if they are accepted, altered if they are rejected" in shown
    assert "Rejected: The Laboratory [-destroys-] {+keeps+} the data" in " ".join(shown.split())


def test_what_one_person_inserted_and_another_deleted_was_never_there() -> None:
    drafted()

    def change(body: Any) -> None:
        struck = f'<w:ins xmlns:w="{WORD}" w:id="7" w:author="x">{deleted(" but not on Sundays")}</w:ins>'
        paragraph(body, "destroys the data").append(docx.oxml.parse_xml(struck))

    edit(change)
    found = reviewed(whole=True)
    assert found["tracked_changes"] is True
    assert clause(found, "law.clause.end")["if_rejected"] is None
    assert "They touch no required clause" in at_home("review", "request.yaml", "agreement.docx").stdout


def test_a_blank_that_a_tracked_change_fills_is_contained_and_told() -> None:
    drafted()
    edit(tracked("[to be completed: (5) activity]", "counting pupils"))
    edit(lambda body: no_prompt(body, "counting pupils"))
    found = clause(reviewed(whole=True))
    assert found["filled"] == [{"blank": "activity", "text": "counting pupils"}]
    assert found["if_rejected"]["open"] == ["activity"]
    assert "with other words in its blanks" in at_home("review", "request.yaml", "agreement.docx").stdout


def moved(body: Any) -> None:
    """A clause taken from its place to the end of the paper, as Word records it."""
    old = paragraph(body, "destroys the data")
    text = "".join(t.text or "" for t in old.iter(qn("w:t")))
    start = f'<w:p xmlns:w="{WORD}"><w:moveFromRangeStart w:id="20" w:name="move1"/>'
    gone = f'{start}{deleted(text, "moveFrom").replace("delText", "t")}<w:moveFromRangeEnd w:id="20"/></w:p>'
    come = f'<w:p xmlns:w="{WORD}"><w:moveToRangeStart w:id="21" w:name="move1"/>{inserted(text, "moveTo")}</w:p>'
    old.getparent().replace(old, docx.oxml.parse_xml(gone))
    body[-1].addprevious(docx.oxml.parse_xml(come))


def test_a_clause_that_was_moved_with_tracking_is_contained_either_way() -> None:
    drafted()
    edit(moved)
    found = reviewed(whole=True)
    assert states(found) == BOTH
    assert clause(found, "law.clause.end")["found_by"] == "wording"
    assert found["tracked_changes"] is True


def test_a_comment_changes_nothing() -> None:
    drafted()

    def change(body: Any) -> None:
        run = next(r for r in paragraph(body, "destroys the data").iter(qn("w:r")))
        document.add_comment(Run(run, document), text="Keeps, surely?", author="x")

    document = docx.Document("agreement.docx")
    change(document.element.body)
    document.save("agreement.docx")
    found = reviewed(whole=True)
    assert (states(found), found["tracked_changes"]) == (BOTH, False)


@pytest.mark.parametrize(("mark", "state"), [("ins", "lacking"), ("del", "contained")])
def test_a_row_of_a_table_that_was_added_or_struck_with_tracking(mark: str, state: str) -> None:
    document = docx.Document()
    table = document.add_table(2, 1)
    table.cell(0, 0).text, table.cell(1, 0).text = USES + "counting.", END
    table.rows[1]._tr.get_or_add_trPr().append(docx.oxml.parse_xml(f'<w:{mark} xmlns:w="{WORD}" w:id="5"/>'))
    document.save("own.docx")
    found = clause(reviewed("own.docx", whole=False), "law.clause.end")
    assert found["if_rejected"]["state"] == state
    assert found["state"] == ("contained" if state == "lacking" else "lacking")


@needs_office
def test_tracked_changes_that_another_word_processor_saved_are_read_the_same(tmp_path: Path) -> None:
    drafted()
    edit(tracked("for study alone", "for study and advertising"))
    edit(moved)
    found = reviewed(saved_by_libreoffice(tmp_path), whole=False)
    assert states(found) == {"law.clause.use": "altered", "law.clause.end": "contained"}
    assert clause(found)["if_rejected"]["state"] == "contained"
    assert clause(found, "law.clause.end")["if_rejected"] is None


def test_marked_changes_of_a_page_are_read_both_ways() -> None:
    page = drafted("agreement.html")
    text = page.read_text()
    assert "for study alone" in text
    page.write_text(text.replace("for study alone", "for study <del>alone</del><ins>and advertising</ins>"))
    found = clause(reviewed(page, whole=False))
    assert (found["state"], found["if_rejected"]["state"]) == ("altered", "contained")


def test_a_paper_without_tracked_changes_does_not_claim_any() -> None:
    assert reviewed(drafted(), whole=True)["tracked_changes"] is False


# Retyped --------------------------------------------------------------------------------------------------------------


def retyped(*paragraphs: str) -> Path:
    """A paper in somebody's own template, without any anchor."""
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save("own.docx")
    return Path("own.docx")


END = "The Laboratory destroys the data on the last day of 2027."


def test_a_retyped_paper_is_matched_by_its_wording_and_says_so() -> None:
    found = reviewed(retyped("1. USE", USES + "counting.", "2. END", END), whole=True)
    assert {c["found_by"] for c in found["clauses"]} == {"wording"}
    assert found["anchored"] is False
    answer = at_home("review", "request.yaml", "own.docx")
    assert "looked for by their wording" in answer.stdout


def test_quotes_spaces_hyphens_and_breaks_of_a_word_processor_are_no_alteration() -> None:
    odd = "\u201cThe\u00a0Labo\u00adratory\u201d  uses rec-\nords for study\u2009alone: counting"
    assert states(reviewed(retyped(odd.replace("\u201c", "").replace("\u201d", ""), END), whole=True)) == BOTH


def test_a_clause_in_a_table_is_found() -> None:
    document = docx.Document()
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = USES + "counting.", END
    document.save("own.docx")
    assert states(reviewed("own.docx", whole=True)) == BOTH


def test_a_retyped_clause_that_differs_is_altered_and_one_that_is_not_there_is_lacking() -> None:
    found = reviewed(retyped(USES.replace("alone", "or teaching") + "counting."), whole=False)
    assert states(found) == {"law.clause.use": "altered", "law.clause.end": "lacking"}
    assert "[-alone-] {+or teaching+}" in clause(found)["difference"]


def test_a_clause_under_its_own_heading_is_found_even_where_much_was_rewritten() -> None:
    rewritten = "The Laboratory shall have destroyed everything it was ever given, the data included."
    assert (
        states(reviewed(retyped(USES + "counting.", "7. END", rewritten), whole=False))["law.clause.end"] == "altered"
    )
    found = reviewed(retyped(USES + "counting.", rewritten), whole=False)
    assert states(found)["law.clause.end"] == "lacking"


def test_of_two_texts_with_the_same_beginning_each_is_found_in_its_own_paragraph() -> None:
    two = """
        parties: {OWNER: {}, LAB: {name: The Laboratory, kind: lab, facts: {trusted: true}},
                  DESK: {name: The Desk, kind: lab, facts: {trusted: true}}}
        flows:
          - {id: one, from: OWNER, to: LAB, carries: [records], form: coded}
          - {id: two, from: OWNER, to: DESK, carries: [records], form: coded}
    """
    found = reviewed(drafted("agreement.md", two), whole=True)
    assert clause(found)["open"] == ["activity", "activity"]


def test_a_clause_in_an_exhibit_does_not_stand_for_one_that_it_only_resembles() -> None:
    found = reviewed(retyped(USES + "counting.", "The Laboratory tidies the room on the last day."), whole=False)
    assert states(found) == {"law.clause.use": "contained", "law.clause.end": "lacking"}


# Refused --------------------------------------------------------------------------------------------------------------


def test_a_denied_request_has_nothing_to_compare() -> None:
    drafted()
    write("request.yaml", request("purpose: marketing"))
    assert "is denied; there is nothing to agree" in refused(at_home("review", "request.yaml", "agreement.docx"))


def package(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return target.getvalue()


RELATIONS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    b'Target="word/document.xml"/></Relationships>'
)
BODY = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>%s</w:body></w:document>'
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    + BODY % "<w:p><w:r><w:t>&b;</w:t></w:r></w:p>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + BODY % "<w:p><w:r><w:t>&a;</w:t></w:r></w:p>"
HOSTILE = {
    "no package": (b"PK this is none", "is not a Word document that can be read"),
    "an old Word file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is not a Word document that can be read"),
    "no body": (package({"_rels/.rels": RELATIONS}), "is not a Word document that can be read"),
    "not XML": (package({"_rels/.rels": RELATIONS, "word/document.xml": b"<w:p>"}), "is not a Word document"),
    "entities": (package({"_rels/.rels": RELATIONS, "word/document.xml": LAUGHS.encode()}), "declares entities"),
    "a file from elsewhere": (package({"_rels/.rels": RELATIONS, "word/document.xml": OUTSIDE.encode()}), "declares"),
    "a bomb": (package({"_rels/.rels": RELATIONS, "word/document.xml": b" " * (70 * 2**20)}), "unpacks to more than"),
    "a tower": (
        package({"_rels/.rels": RELATIONS, "word/document.xml": (BODY % ("<w:p>" * 900 + "</w:p>" * 900)).encode()}),
        "is nested deeper",
    ),
}


@pytest.mark.parametrize(("content", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_is_no_word_document_is_one_message(content: bytes, message: str) -> None:
    Path("bad.docx").write_bytes(content)
    assert message in refused(at_home("review", "request.yaml", "bad.docx"))


def test_other_kinds_of_file_are_refused_with_those_that_are_read() -> None:
    Path("agreement.pdf").write_bytes(b"%PDF-1.7")
    assert "give a file ending in .docx, .html or .md" in refused(at_home("review", "request.yaml", "agreement.pdf"))
    assert "nowhere.docx cannot be read: " in refused(at_home("review", "request.yaml", "nowhere.docx"))
    Path("bad.md").write_bytes(b"\xff\xfe\x00")
    assert "is not text in UTF-8" in refused(at_home("review", "request.yaml", "bad.md"))


def test_what_the_paper_says_cannot_paint_the_terminal() -> None:
    drafted()
    edit(replaced("for study alone", "[red]for[/red] \u202estudy [bold]"))
    shown = at_home("review", "request.yaml", "agreement.docx").stdout
    assert "\u202e" not in shown
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", shown)


# Word by word ---------------------------------------------------------------------------------------------------------

SENTENCE = st.lists(
    st.sampled_from(["The", "Hub", "shall", "destroy", "the", "data", ",", ";", ".", "at", "once", "(copies)"]),
    min_size=1,
)


def said(text: str) -> list[Any]:
    return written([Passage([Piece(text)])])


@given(SENTENCE)
def test_the_same_words_are_the_same(words: list[str]) -> None:
    text = " ".join(words)
    assert intact(compare(expected([line(text)]), said(text.upper().replace(" ", "\u00a0\n"))))


@given(SENTENCE, SENTENCE)
def test_different_words_are_never_the_same(one: list[str], other: list[str]) -> None:
    first, second = " ".join(one), " ".join(other)
    same = [word.key for word in words_of(first)] == [word.key for word in words_of(second)]
    assert intact(compare(expected([line(first)]), said(second))) is same


@given(SENTENCE, SENTENCE, SENTENCE)
def test_whatever_fills_a_blank_the_clause_is_intact_and_the_fill_is_shown(
    before: list[str], fill: list[str], after: list[str]
) -> None:
    wanted = expected([line(" ".join(before) + " unlike ", Blank("what", "x"), " else " + " ".join(after))])
    changes = compare(wanted, said(" ".join([*before, "unlike", *fill, "else", *after])))
    assert intact(changes)
    assert [c.label for c in changes if c.kind == "filled"] == ["what"]


def test_of_a_clause_that_swells_without_end_only_the_beginning_is_compared() -> None:
    wanted = expected([line("The Hub shall destroy the data " * 20)])
    changes = compare(wanted, said("the data " * 50_000))
    assert not intact(changes)
    assert sum(len(change.text) for change in changes) < 20_000


def test_a_field_of_the_word_processor_bounds_what_fills_it() -> None:
    wanted = expected([line("Until ", Blank("day", "term.until"))])
    assert isinstance(wanted[-1], Hole)
    inside = written([Passage([Piece("Until "), Piece("2027", "term.until")])])
    beyond = written([Passage([Piece("Until "), Piece("2027", "term.until"), Piece(" or never")])])
    assert intact(compare(wanted, inside))
    assert not intact(compare(wanted, beyond))
