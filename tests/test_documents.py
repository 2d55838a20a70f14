"""Documents that nobody vouches for: what is read, what is refused, and where the fault is said to be."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.documents import MAX_BYTES, MAX_DEPTH, Document, Mark, Model, Problem, nearest, parse, read, validate
from tests.writing import document, places, problems


def refused(text: str, file: str = "example.yaml") -> Problem:
    """The one problem of a text."""
    (problem,) = problems(lambda: parse(text, file))
    return problem


# What is read ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("1.5", 1.5),
        ("2026-11-23", date(2026, 11, 23)),
        ("plain text", "plain text"),
        ('"no"', "no"),
        ("'012'", "012"),
        ('"2026-02-30"', "2026-02-30"),
        ("12 months", "12 months"),
        ("1e9", "1e9"),
        ("0x1f", "0x1f"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("99999999999999999999", "99999999999999999999"),
        ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"),
        ("<<", "<<"),
    ],
)
def test_only_a_few_forms_mean_more_than_text(written: str, value: object) -> None:
    read_value = parse(f"fact: {written}").data["fact"]
    assert read_value == value
    assert type(read_value) is type(value)


def test_keys_are_always_text() -> None:
    assert list(parse("no: 1\n012: 2\n2026-11-23: 3\n~: 4\n<<: 5").data) == ["no", "012", "2026-11-23", "~", "<<"]


def test_an_alias_stands_for_a_copy_of_what_it_names() -> None:
    assert parse("one: &a [x, y]\ntwo: *a").data == {"one": ["x", "y"], "two": ["x", "y"]}


def test_json_with_tabs_and_characters_beyond_the_basic_plane() -> None:
    text = '{\n\t"title": "\\ud83d\\udcdc law \\\\ud83d",\t"codes": [1,\t2.5, null]\n}'
    assert parse(text, "request.json").data == {"title": "📜 law \\ud83d", "codes": [1, 2.5, None]}


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "request.yaml"
    path.write_bytes(b"\xef\xbb\xbfrequest: example\n")
    assert read(path).data == {"request": "example"}


def test_every_value_remembers_its_place() -> None:
    found = document("""
        flows:
          - id: first
            carries: [records, wages]
        """)
    assert found.mark_of(("flows", 0, "id")) == Mark(2, 9)
    assert found.mark_of(("flows", 0, "id"), key=True) == Mark(2, 5)
    assert found.mark_of(("flows", 0, "carries", 1)) == Mark(3, 24)
    assert found.mark_of(("flows", 0, "form")) == found.mark_of(("flows", 0)), "the nearest container that exists"


def test_the_digest_is_that_of_the_text() -> None:
    assert parse("a: 1").digest == parse("a: 1", "elsewhere.yaml").digest
    assert parse("a: 1").digest != parse("a:  1").digest


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        pytest.param("a: [1, 2\nb: 3", "syntax", 2, 2, id="unclosed list"),
        pytest.param("a:\n\tb: 1", "syntax", 2, 1, id="tab as indentation"),
        pytest.param("a: @b", "syntax", 1, 4, id="reserved character"),
        pytest.param("a: 1\n---\nb: 2", "syntax", 2, 1, id="two documents"),
        pytest.param("", "empty", 1, 1, id="empty"),
        pytest.param("# only a comment\n", "empty", 1, 1, id="comment"),
        pytest.param("a: 1\nb: x\x00y", "not-text", 2, 5, id="NUL"),
        pytest.param("é: é\nb: ✓\x07", "not-text", 2, 5, id="bell after wide characters"),
        pytest.param("a: \ud800", "not-text", 1, 4, id="lone surrogate"),
        pytest.param("a: 1\nb: 2\na: 3", "duplicate-key", 3, 1, id="duplicate key"),
        pytest.param("a: no", "ambiguous", 1, 4, id="no"),
        pytest.param("a: [Yes]", "ambiguous", 1, 5, id="Yes"),
        pytest.param("a: TRUE", "ambiguous", 1, 4, id="TRUE"),
        pytest.param("a: 012", "ambiguous", 1, 4, id="zero first"),
        pytest.param("a: 2026-02-30", "bad-date", 1, 4, id="no such day"),
        pytest.param("a: 2026-2-3", "bad-date", 1, 4, id="short date"),
        pytest.param("? [a, b]\n: 1", "bad-key", 1, 3, id="list as key"),
        pytest.param("a: !!python/object/apply:os.system [ls]", "tag", 1, 4, id="python tag"),
        pytest.param("a: !secret b", "tag", 1, 4, id="tag of its own"),
        pytest.param("!!python/name:os.system a: 1", "tag", 1, 1, id="tag on a key"),
        pytest.param("a: &x [1, *x]", "bad-alias", 1, 11, id="alias to what holds it"),
        pytest.param("a: *x", "bad-alias", 1, 4, id="alias to nothing"),
        pytest.param("[" * (MAX_DEPTH + 1), "too-deep", 1, MAX_DEPTH + 1, id="too deep"),
        pytest.param("a" * (MAX_BYTES + 1), "too-large", 1, 1, id="too large"),
    ],
)
def test_what_is_refused_and_where(text: str, code: str, line: int, column: int) -> None:
    problem = refused(text)
    assert (problem.code, problem.mark) == (code, (line, column))


def test_the_deepest_nesting_that_is_read() -> None:
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH).data


def test_a_billion_laughs_cost_nothing() -> None:
    lines = ["lol0: &lol0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"lol{i}: &lol{i} [{', '.join([f'*lol{i - 1}'] * 10)}]" for i in range(1, 10)]
    problem = refused("\n".join(lines))
    assert problem.code == "too-large"
    assert problem.mark.line == 6, "the line on which the limit is passed"


def test_json_with_half_a_pair_of_escapes() -> None:
    assert refused('{"title": "\\ud83d"}', "request.json").code == "syntax"


def test_a_fault_comes_with_the_path_to_it_and_the_way_to_mend_it() -> None:
    problem = refused("parties:\n  LAB: {facts: {trusted: no}}")
    assert problem == Problem(
        file="example.yaml",
        mark=Mark(2, 26),
        code="ambiguous",
        message='"no" could be read in two ways',
        where="parties.LAB.facts.trusted",
        help='write true or false, or "no" in quotes if it is text',
    )
    assert str(problem) == (
        'example.yaml:2:26: "no" could be read in two ways (at parties.LAB.facts.trusted) [ambiguous]\n'
        '  help: write true or false, or "no" in quotes if it is text'
    )


def test_all_faults_are_told_at_once_in_order_of_place() -> None:
    found = problems(
        lambda: document("""
        a: no
        b: 012
        c: 2026-13-01
        a: !!set {}
        """)
    )
    assert places(found) == ["1:4 ambiguous", "2:4 ambiguous", "3:4 bad-date", "4:1 duplicate-key", "4:4 tag"]


# Files ----------------------------------------------------------------------------------------------------------------


def unreadable(path: Path) -> str:
    """What is said of a path that cannot be read."""
    (problem,) = problems(lambda: read(path))
    assert problem.file == str(path)
    assert problem.code == "unreadable"
    return str(problem)


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.yaml"
    assert unreadable(path) == f"{path}: cannot be read: no such file or directory [unreadable]"


def test_a_folder(tmp_path: Path) -> None:
    assert unreadable(tmp_path) == f"{tmp_path}: is a directory; a file is needed [unreadable]"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    assert unreadable(path) == f"{path}: is not an ordinary file [unreadable]"


def test_a_name_that_no_file_can_have() -> None:
    assert "is not a file name" in unreadable(Path("a\x00b.yaml"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text("a: 1")
    path.chmod(0)
    assert unreadable(path) == f"{path}: cannot be read: permission denied [unreadable]"


def test_a_large_file_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    (problem,) = problems(lambda: read(path))
    assert str(problem) == f"{path}: is larger than 4 MiB [too-large]"


def test_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("title: An example\nname: Université\n".encode("latin-1"))
    (problem,) = problems(lambda: read(path))
    assert str(problem) == f"{path}:2:16: is not UTF-8 text [not-text]"


# Models ---------------------------------------------------------------------------------------------------------------


class Party(Model):
    """An example of a model."""

    name: str
    kind: str | None = None


class Example(Model):
    """An example of a document."""

    title: str
    count: int = 0
    parties: dict[str, Party]
    tags: tuple[str, ...] = ()


def test_a_document_becomes_a_model() -> None:
    example = validate(Example, document("title: T\nparties: {A: {name: The A}}\ntags: [x]"))
    assert example == Example(title="T", parties={"A": Party(name="The A")}, tags=("x",))


def test_all_that_is_wrong_with_a_document_is_told_at_once_in_plain_words() -> None:
    found = problems(
        lambda: validate(
            Example,
            document("""
                count: many
                parties:
                  A: {name: The A, knid: agency}
                  B: {kind: lab}
                tags: x
                """),
        )
    )
    assert [(str(p.mark.line), p.code, p.message, p.where, p.help) for p in found] == [
        ("1", "missing-key", '"title" is missing', "title", ""),
        ("1", "wrong-kind", '"count" should be a whole number', "count", ""),
        ("3", "unknown-key", '"knid" is not known here', "parties.A.knid", 'did you mean "kind"?'),
        ("4", "missing-key", '"name" is missing', "parties.B.name", ""),
        ("5", "wrong-kind", '"tags" should be a list', "tags", ""),
    ]


@pytest.mark.parametrize("data", [None, 1, "text", ["list"], date(2026, 1, 1)])
def test_a_document_that_is_no_mapping(data: Any) -> None:
    (problem,) = problems(lambda: validate(Example, Document("example.yaml", data)))
    assert (problem.code, problem.message) == ("wrong-kind", "the document should be a mapping of names to values")


# Suggestions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "known", "help"),
    [
        ("recieve", ["receive", "send"], 'did you mean "receive"?'),
        ("is-hub", ["receiver.is_hub", "flow.form"], 'did you mean "receiver.is_hub"?'),
        ("color", ["hue", "tone"], "known: hue, tone"),
        ("color", [], ""),
        ("color", [f"{letter}{letter}{letter}" for letter in "bdefghijkmnpqst"], ""),
    ],
)
def test_the_nearest_spelling_is_suggested(word: str, known: list[str], help: str) -> None:
    assert nearest(word, known) == help
