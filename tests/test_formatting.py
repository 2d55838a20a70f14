"""`assent fmt` lays files out in one style, keeps every comment, and never changes what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.documents import CannotDo, DocumentProblems, Model, parse
from engine.policies.models import (
    Agency,
    Applies,
    Basis,
    CatalogueRow,
    Clause,
    ClauseFile,
    Deployment,
    Framework,
    Requirement,
    Restriction,
    Step,
    VocabularyFile,
)
from engine.workbench import formatting
from engine.workbench.formatting import format_files, format_text
from tests import house
from tests.house import ROOT, assent, write
from tests.writing import LAW_HEAD, problems, written


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    house.build(tmp_path)
    return tmp_path


def laid_out(text: str) -> str:
    """The layout of an example, which is its own layout too."""
    after = format_text(written(text))
    assert format_text(after) == after
    return after


def test_puts_the_keys_of_a_rule_in_order() -> None:
    assert laid_out("""
        framework: law
        title: The Law
        authority: 1 Law 1
        bases:
          zeta:
            when: {request.approved: true}
            checked: text
            cite: s. 2
            title: Approved
          alpha: {cite: s. 3, checked: text, title: Another}
    """) == written("""
        framework: law
        title: The Law
        authority: 1 Law 1

        bases:
          zeta:
            title: Approved
            cite: s. 2
            checked: text
            when: {request.approved: true}
          alpha: {title: Another, cite: s. 3, checked: text}
    """)


def test_keeps_every_comment_beside_what_it_is_about() -> None:
    assert laid_out("""
        # About the file.
        framework: law  # its name
        title: The Law
        authority: 1 Law 1
        facts:   # asked of people
          # About the first fact
          request.approved:
            # Whom to ask
            asked_of: counsel
            type: boolean   # yes or no
            # at the end of the first fact
          # About the second fact
          request.signed_on: {type: date} # a day
        # The last word
    """) == written("""
        # About the file.
        framework: law  # its name
        title: The Law
        authority: 1 Law 1

        facts:   # asked of people
          # About the first fact
          request.approved:
            type: boolean   # yes or no
            # Whom to ask
            asked_of: counsel
            # at the end of the first fact
          # About the second fact
          request.signed_on: {type: date}  # a day
        # The last word
    """)


def test_indents_by_two_with_lists_below_their_key() -> None:
    assert laid_out("""
        framework: law
        title: The Law
        authority: 1 Law 1

        bases:
            one:
                title: One
                when:
                -   request.approved: true
                    says: Approved
                -   any:
                    - data.sensitive: true

                    -   flow.form:   coded


                requires:
                -
                  clause: law.clause.use
                note: >-
                    Two lines
                    of text
    """) == written("""
        framework: law
        title: The Law
        authority: 1 Law 1

        bases:
          one:
            title: One
            when:
              - request.approved: true
                says: Approved
              - any:
                  - data.sensitive: true

                  - flow.form: coded
            note: >-
              Two lines
              of text

            requires:
              - clause: law.clause.use
    """)


def test_the_list_of_cases_stands_at_the_margin() -> None:
    assert laid_out("""
        cases:
          # The first group
          - id: one
            source: {citation: s. 1}
            title: One
            near_misses:
            - {fails: approved, change: {request.approved: false}}
    """) == written("""
        cases:
        # The first group
        - id: one
          title: One
          source: {citation: s. 1}
          near_misses:
            - {fails: approved, change: {request.approved: false}}
    """)


def test_quotes_only_what_needs_it() -> None:
    assert laid_out("""
        request: 'example'
        title: "Plain words: and a colon"
        date: 2026-11-23
        facts: {note: "yes", code: '012', 'signed': "on", word: "plain", cite: "s. 1(a)", said: 'a "word"'}
    """) == written("""
        request: example
        title: "Plain words: and a colon"
        date: 2026-11-23
        facts: {note: "yes", code: "012", signed: "on", word: plain, cite: "s. 1(a)", said: 'a "word"'}
    """)


def test_breaks_lines_that_are_too_long() -> None:
    words = " ".join(["word"] * 30)
    codes = ", ".join(f"code_number_{i}" for i in range(12))
    text = laid_out(f"""
        request: example
        title: {words}  # a comment
        date: 2026-11-23
        facts:
          short: >-
            {words}
          codes: [{codes}]
        """)
    assert max(map(len, text.splitlines())) <= 120
    assert "title: >-  # a comment\n" in text
    assert parse(text).data["facts"]["codes"] == codes.split(", ")


def test_keeps_what_belongs_to_a_text() -> None:
    title = "title: |  # a comment\n  a space at the end \n\n\n    an indented line\n  # no comment\n"
    text = f"request: example\n{title}facts: {{}}\n"
    assert format_text(text) == text


def test_mends_line_ends_tabs_and_blank_lines() -> None:
    assert format_text("\n\nrequest: example   \r\ntitle: An example\r\n\r\n\r\ndate: 2026-11-23") == (
        "request: example\ntitle: An example\n\ndate: 2026-11-23\n"
    )


def test_leaves_an_anchor_before_its_alias() -> None:
    assert laid_out("""
        cases:
        - id: one
          facts: &facts {request.approved: true}
          title: One
          source: {citation: s. 1}
          change: *facts
    """) == written("""
        cases:
        - id: one
          title: One
          source: {citation: s. 1}
          facts: &facts {request.approved: true}
          change: *facts
    """)


def test_keeps_the_order_of_a_file_in_which_an_alias_would_come_first() -> None:
    text = """
        cases:
        - source: &here {citation: s. 1}
          title: One
          id: one
          change: {a: *here}
        - id: two
          title: Two
          request: {facts: &facts {approved: true}, purpose: study, request: two, outputs: [*facts]}
          source: {citation: s. 2}
    """
    assert parse(laid_out(text)).data == parse(written(text)).data


def test_keeps_comments_inside_brackets_with_their_lines() -> None:
    text = written("""
        request: example
        title: An example
        date: 2026-11-23
        purpose: [study,  # the first
          audit]  # the second
        facts:
          said: "one

            two"  # lines
    """)
    assert format_text(text) == text


def test_refuses_what_cannot_be_read() -> None:
    found = problems(lambda: format_text("request: example\ntitle: yes\n", "request.yaml"))
    assert [p.code for p in found] == ["ambiguous"]


def test_refuses_a_layout_that_would_read_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatting, "_in_brackets", lambda node, content: f"[{content}]")
    with pytest.raises(CannotDo, match=r"^request\.yaml cannot be laid out without changing what it says"):
        format_text("request: example\nfacts: {a: 1}\n", "request.yaml")


_WORDS = st.text(alphabet="ab #:-'\"é\\,[]{}&*!|>%@`?", min_size=1, max_size=12)
_VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(0, 99), st.dates(), _WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_WORDS, inner, max_size=3)),
    max_leaves=8,
)


@given(_VALUES, st.booleans(), st.integers(1, 6), st.integers(10, 200))
def test_any_document_reads_the_same_and_stays_as_it_is(value: object, flow: bool, indent: int, width: int) -> None:
    import yaml

    text = yaml.safe_dump(
        {"request": "x", "facts": value}, default_flow_style=flow, indent=indent, width=width, sort_keys=False,
        allow_unicode=True,
    )  # fmt: skip
    try:
        before = parse(text).data
    except DocumentProblems:
        return
    after = format_text(text)
    assert parse(after).data == before
    assert format_text(after) == after


SHIPPED = ("policies/frameworks/ferpa.yaml", "policies/deployments/p20win.yaml", "cases/ferpa/bases-agreements.yaml")


def test_the_shipped_files_are_laid_out() -> None:
    assert [one.path for one in format_files([ROOT / "policies", ROOT / "cases"]) if one.changed] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_however_a_file_is_indented_its_layout_is_the_same(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    wide_dashes = re.sub(r"(?m)^( *)((?:- )+)", lambda found: found[1] + found[2].replace("- ", "-   "), text)
    wide = re.sub(r"(?m)^ +", lambda found: found[0] * 2, wide_dashes).replace("\n", "\r\n")
    assert format_text(wide) == format_text(text)


def test_every_key_of_every_policy_has_its_place() -> None:
    """A key that a model gains needs a place in the order."""
    kinds: dict[str, type[Model]] = {
        "vocabulary": VocabularyFile, "framework": Framework, "clauses": ClauseFile, "deployment": Deployment,
        "clause": Clause, "agency": Agency, "row": CatalogueRow, "restriction": Restriction, "rule": Basis,
        "requirement": Requirement, "step": Step,
    }  # fmt: skip
    assert set(Applies.model_fields) <= set(Basis.model_fields)
    for kind, model in kinds.items():
        order = formatting._ORDERS[kind].replace("=", " ").split()
        keys = {info.alias or name for name, info in model.model_fields.items()}
        assert "*" in order or keys == set(order), kind


class TestCommand:
    UGLY = ("request:   example", "title: An example")

    def test_writes_the_files_that_change(self, home: Path) -> None:
        write("ugly.yaml", *self.UGLY)
        answer = assent("fmt", "ugly.yaml", "case.yaml")
        assert (answer.exit_code, answer.stdout) == (0, "ugly.yaml changed\n")
        assert Path("ugly.yaml").read_text() == "request: example\ntitle: An example\n"

    def test_check_writes_nothing(self, home: Path) -> None:
        write("ugly.yaml", *self.UGLY)
        before = house.everything(home)
        answer = assent("fmt", "--check", ".")
        assert answer.exit_code == 1
        assert "ugly.yaml would change\n" in answer.stdout
        assert house.everything(home) == before

    def test_diff_shows_what_would_change(self, home: Path) -> None:
        write("ugly.yaml", *self.UGLY)
        answer = assent("fmt", "--diff", "ugly.yaml")
        assert answer.exit_code == 1
        assert "-request:   example\n+request: example\n" in answer.stdout

    def test_a_file_that_cannot_be_read_keeps_all_from_being_written(self, home: Path) -> None:
        write("ugly.yaml", *self.UGLY)
        write("wrong.yaml", "request: [")
        before = house.everything(home)
        assert "[syntax]" in house.refused(assent("fmt", "ugly.yaml", "wrong.yaml"))
        assert house.everything(home) == before

    def test_other_files_of_a_folder_are_left_alone(self, home: Path) -> None:
        write("other/notes.yaml", "anything:   here")
        assert assent("fmt", "--check", "other").exit_code == 0
        assert "[unknown-document]" in house.refused(assent("fmt", "other/notes.yaml"))

    def test_lists_the_changed_files_as_json(self, home: Path) -> None:
        write("ugly.yaml", *self.UGLY)
        assert assent("fmt", "--json", "ugly.yaml").stdout == '[\n  "ugly.yaml"\n]\n'


def test_a_layout_of_a_whole_law() -> None:
    laid_out(written(LAW_HEAD, house.LAW))
