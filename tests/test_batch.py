"""`assent batch`: many requests at once, nothing lost, the same bytes whenever and however it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
import pyarrow.parquet as pq

from engine.batch import running, sources
from engine.documents import CannotDo
from tests.batches import write_requests
from tests.house import POLICIES, ROOT, at_home, build, refused, request, write

REQUESTS = 7


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path)
    monkeypatch.chdir(tmp_path)


def folder() -> Path:
    """A folder of requests: some allowed, some denied, some undetermined."""
    return write_requests(("true", "false", "unknown")[i % 3] for i in range(REQUESTS))


def lines() -> Path:
    """The same as a file of lines."""
    assert at_home("rows", folder(), "-o", "requests.ndjson").exit_code == 0
    return Path("requests.ndjson")


def answers(path: str = "out.parquet") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def test_a_folder_of_requests_becomes_a_file_of_answers() -> None:
    answer = at_home("batch", folder(), "-o", "out.parquet")
    assert answer.exit_code == 0, answer.output
    assert answer.stdout == "out.parquet written; 7 requests: 3 allow, 2 deny, 2 undetermined\n"
    first, second = answers()[:2]
    assert (first["request"], first["outcome"], first["ready"]) == ("r0", "allow", False)
    assert first["clauses"] == ["law.clause.end", "law.clause.use"]
    assert first["findings"][0]["basis"] == "law.basis.study"
    assert second["outcome"] == "deny"
    assert second["findings"][0]["failed"] == ["law.basis.study: hands", "law.basis.approval: request.approved"]


def test_lines_columns_and_folders_give_the_same_bytes_in_any_number_of_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines()
    assert at_home("rows", "requests", "-o", "requests.parquet").exit_code == 0
    kinds = ("requests", "requests.ndjson", "requests.parquet")
    for source in kinds:
        assert at_home("batch", source, "-o", f"{source}.out.parquet").exit_code == 0
    monkeypatch.setattr(sources, "FILES", 3)
    assert at_home("batch", "requests", "-o", "two.parquet", "--jobs", "2").exit_code == 0
    content = [
        Path(f"{source}.out.parquet").read_bytes() for source in ("requests", "requests.ndjson", "requests.parquet")
    ]
    assert len(set(content)) == 1
    assert answers("two.parquet") == answers("requests.out.parquet")


def columns() -> pa.Table:
    """The same as columns."""
    assert at_home("rows", folder(), "-o", "requests.parquet").exit_code == 0
    return pq.read_table("requests.parquet")


def text(values: list[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


def test_columns_hold_text_as_a_request_has_it() -> None:
    table = columns()
    assert table["receiver.trusted"].to_pylist()[:3] == ["true", "false", "unknown"]
    assert set(table["data.categories"].to_pylist()) == {"{school}"}
    assert set(table["request.purpose"].to_pylist()) == {"study"}


def test_columns_of_other_programs_may_have_types_of_their_own() -> None:
    table = columns()
    trusted = pa.array([(True, False, None)[i % 3] for i in range(REQUESTS)])
    place = table.column_names.index("receiver.trusted")
    table = table.set_column(place, "receiver.trusted", trusted)
    for name in ("request", "data.categories"):
        table = table.set_column(table.column_names.index(name), name, text(table[name].to_pylist()))
    empty = [name for name in table.column_names if not any(table[name].to_pylist())]
    pq.write_table(table.drop_columns(empty), "theirs.parquet")
    for source in ("requests.parquet", "theirs.parquet"):
        assert at_home("batch", source, "-o", f"{source}.out.parquet").exit_code == 0
    assert answers("theirs.parquet.out.parquet") == answers("requests.parquet.out.parquet")


@pytest.mark.parametrize("nothing", ["", "unknown", None])
def test_what_a_column_does_not_say_is_unknown(nothing: str | None) -> None:
    table = columns()
    place = table.column_names.index("receiver.trusted")
    pq.write_table(table.set_column(place, "receiver.trusted", text([nothing] * REQUESTS)), "silent.parquet")
    pq.write_table(table.remove_column(place), "absent.parquet")
    for source in ("silent.parquet", "absent.parquet"):
        answer = at_home("batch", source, "-o", "out.parquet")
        assert answer.exit_code == 0, answer.output
        assert {item["outcome"] for item in answers()} == {"undetermined"}


def test_a_request_that_is_torn_apart_is_refused_before_anything_is_decided() -> None:
    table = columns()
    pq.write_table(pa.concat_tables([table, table.slice(0, 1)]), "apart.parquet")
    twice = pa.concat_tables([table.slice(0, 1), table.slice(0, 1)])
    pq.write_table(twice, "groups.parquet", row_group_size=1)
    for source in ("apart.parquet", "groups.parquet"):
        message = refused(at_home("batch", source, "-o", "out.parquet"))
        assert 'tears request "r0" apart' in message
    assert not Path("out.parquet").exists()
    assert not Path("out.parquet.work").exists()


def test_a_cell_that_is_no_value_is_bad_by_request() -> None:
    table = columns()
    wrong = text(["perhaps", *table["receiver.trusted"].to_pylist()[1:]])
    table = table.set_column(table.column_names.index("receiver.trusted"), "receiver.trusted", wrong)
    pq.write_table(table, "odd.parquet")
    assert at_home("batch", "odd.parquet", "-o", "out.parquet").exit_code == 2
    (found,) = [json.loads(line) for line in Path("out.parquet.bad.ndjson").read_text(encoding="utf-8").splitlines()]
    assert found["line"] == 1
    assert 'not "perhaps"' in found["problems"][0]["message"]
    assert [item["request"] for item in answers()] == [f"r{i}" for i in range(1, REQUESTS)]


def test_a_column_that_is_no_fact_is_refused_before_anything_is_decided() -> None:
    table = columns()
    pq.write_table(table.append_column("receiver.trustd", text(["", "true", *[""] * (REQUESTS - 2)])), "odd.parquet")
    message = refused(at_home("batch", "odd.parquet", "-o", "out.parquet"))
    assert 'odd.parquet has a column "receiver.trustd"' in message
    assert 'did you mean "receiver.trusted"?' in message
    assert not Path("out.parquet.work").exists()


def test_two_requests_of_one_name_do_not_become_columns() -> None:
    folder()
    write("requests/same.yaml", request("request: r1"))
    assert 'two requests are called "r1"' in refused(at_home("rows", "requests", "-o", "requests.parquet"))
    assert not Path("requests.parquet").exists()


def test_a_line_may_also_hold_a_request_document() -> None:
    document = {
        "request": "on-one-line", "title": "One line", "date": "2026-11-23", "purpose": "study",
        "parties": {"OWNER": {}, "LAB": {"facts": {"trusted": True}}},
        "datasets": {"records": {"owner": "OWNER", "categories": ["school"]}},
        "flows": [{"id": "leg", "from": "OWNER", "to": "LAB", "carries": ["records"]}],
    }  # fmt: skip
    text = lines().read_text(encoding="utf-8") + json.dumps(document) + "\n"
    Path("mixed.ndjson").write_text(text, encoding="utf-8")
    answer = at_home("batch", "mixed.ndjson", "-o", "out.parquet")
    assert answer.exit_code == 0, answer.output
    assert answers()[-1]["request"] == "on-one-line"
    assert answers()[-1]["outcome"] == "allow"


def test_bad_lines_go_into_a_file_of_their_own_with_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    good = lines().read_text(encoding="utf-8").splitlines()
    bad = {
        3: good[0].replace("data.categories", "data.categoris"),
        5: '{"request": "broken", "rows": [',
        6: good[0].replace('"study"', '"studdy"'),
        9: json.dumps({"request": "no rows"}),
    }
    for number, line in bad.items():
        good.insert(number - 1, line)
    Path("mixed.ndjson").write_text("\n".join(good) + "\n", encoding="utf-8")
    monkeypatch.setattr(sources, "CHUNK", 2000)
    answer = at_home("batch", "mixed.ndjson", "-o", "out.parquet")
    assert answer.exit_code == 2
    assert "4 could not be decided: see out.parquet.bad.ndjson" in answer.stderr
    found = [json.loads(line) for line in Path("out.parquet.bad.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [item["line"] for item in found] == sorted(bad)
    assert found[0]["problems"][0]["help"] == 'did you mean "data.categories"?'
    assert [item["request"] for item in answers()] == [f"r{i}" for i in range(REQUESTS)]


def test_a_request_that_contradicts_itself_is_a_bad_one() -> None:
    contrary = request("request: contrary", """
        datasets: {records: {owner: OWNER, categories: [school], facts: {sensitive: true}}}
        flows: [{id: leg, from: OWNER, to: LAB, carries: [records], form: aggregate}]
    """)  # fmt: skip
    folder()
    write("requests/contrary.yaml", contrary)
    answer = at_home("batch", "requests", "-o", "out.parquet")
    assert answer.exit_code == 2
    (found,) = [json.loads(line) for line in Path("out.parquet.bad.ndjson").read_text(encoding="utf-8").splitlines()]
    assert found["file"].endswith("contrary.yaml")
    assert found["problems"][0]["code"] == "excluded"
    assert len(answers()) == REQUESTS


def test_a_run_that_was_stopped_goes_on_and_ends_with_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "CHUNK", 1000)
    source = lines()
    assert at_home("batch", source, "-o", "whole.parquet", "--jobs", "1").exit_code == 0
    decided: list[int] = []
    keep = running.keep

    def until_third(*arguments: Any) -> Any:
        if len(decided) == 2:
            raise KeyboardInterrupt
        decided.append(arguments[-1].number)
        return keep(*arguments)

    monkeypatch.setattr(running, "keep", until_third)
    stopped = at_home("batch", source, "-o", "out.parquet", "--jobs", "1")
    assert stopped.exit_code != 0
    assert not Path("out.parquet").exists()
    again: list[int] = []

    def noting(*arguments: Any) -> Any:
        again.append(arguments[-1].number)
        return keep(*arguments)

    monkeypatch.setattr(running, "keep", noting)
    answer = at_home("batch", source, "-o", "out.parquet", "--jobs", "1")
    assert answer.exit_code == 0
    assert "2 of " in answer.stderr
    assert not {*decided} & {*again}
    assert Path("out.parquet").read_bytes() == Path("whole.parquet").read_bytes()
    assert not Path("out.parquet.work").exists()


def test_rows_of_another_day_are_refused() -> None:
    answer = at_home("batch", lines(), "-o", "out.parquet", "--as-of", "2027-01-01")
    assert answer.exit_code == 2
    assert f"{REQUESTS} could not be decided" in answer.stderr
    found = json.loads(Path("out.parquet.bad.ndjson").read_text(encoding="utf-8").splitlines()[0])
    assert found["problems"][0]["message"] == "the rows say what held on 2026-11-23, not on 2027-01-01"


@pytest.mark.parametrize("explain", ["none", "failed", "full"])
def test_how_much_is_explained(explain: str) -> None:
    assert at_home("batch", folder(), "-o", "out.parquet", "--explain", explain).exit_code == 0
    finding = answers()[1]["findings"][0]
    lists = {"none": 2, "failed": 3, "full": 6}[explain]
    assert sum(isinstance(value, list) for value in finding.values()) == lists
    if explain == "full":
        assert "law.basis.study: aim" in finding["true"]
        assert "law.basis.study: hands" in finding["false"]


def test_what_cannot_be_read_is_refused_in_one_message() -> None:
    Path("empty").mkdir()
    Path("note.txt").write_text("x", encoding="utf-8")
    Path("broken.parquet").write_text("x", encoding="utf-8")
    pq.write_table(pa.table({"request": ["r1"]}), "other.parquet")
    for source in ("nowhere.ndjson", "empty", "note.txt", "broken.parquet", "other.parquet"):
        assert source in refused(at_home("batch", source, "-o", "out.parquet"))
    assert "no such folder" in refused(at_home("batch", "request.yaml", "-o", "nowhere/out.parquet"))
    assert not Path("out.parquet").exists()


def test_a_folder_of_somebody_else_is_left_alone() -> None:
    folder()
    write("out.parquet.work/novel.txt", "x")
    with pytest.raises(CannotDo):
        running.plan(sources.source(Path("requests")), Path("out.parquet"), POLICIES, None, "none")
    assert Path("out.parquet.work/novel.txt").exists()


def test_the_example_of_the_documentation_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
    example = text.partition("```python\n")[2].partition("```")[0]
    at_home("batch", folder(), "-o", "decisions.parquet")
    exec(example, {})
    shown = capsys.readouterr().out
    assert "law.basis.study: hands" in shown
    assert "deny" in shown
