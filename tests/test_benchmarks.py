"""The benchmarks compare like with like: every engine answers the same requests alike, and the pages say so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import plots, single
from benchmarks.__main__ import PAGE, README, engines, write
from benchmarks.batch import decided, write_lines, write_parquet
from benchmarks.scaling import joined
from benchmarks.single import DisagreementError, Timing, Workload
from engine.backends.columns.program import compiled
from engine.backends.generated import Decider

SLOW = {"CEL (cel-python)": 0.5, "Rego (regopy)": 0.5}
"""Seconds for which engines are compared that take seconds for a request."""


@pytest.fixture(scope="module")
def work() -> Workload:
    """A few requests of which every fact is stated."""
    return single.workload(8)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What engines need while they are asked."""
    with ExitStack() as stack:
        yield stack


def test_half_of_the_requests_are_allowed(work: Workload) -> None:
    assert len(work.outcomes) == 8
    assert 3 <= work.outcomes.count("allow") <= 5
    assert set(work.outcomes) == {"allow", "deny"}


def test_several_frameworks_apply(work: Workload) -> None:
    decider = Decider(compiled(work.policies), single.DAY_)
    found = [finding for document in work.documents for row in decider.decide(document).rows for finding in row]
    assert len(found) >= 5 * len(work.documents)
    assert len({finding.framework for finding in found}) >= 3


@pytest.mark.parametrize("name", single.known())
def test_every_engine_answers_alike(name: str, work: Workload, stack: ExitStack) -> None:
    if name not in single.installed():
        pytest.skip(f"{name} is not installed")
    assert single.compared(single.engine(name, work, stack), work, SLOW.get(name, 10)) >= 1


def test_an_engine_that_answers_otherwise_is_not_timed(work: Workload, stack: ExitStack) -> None:
    wrong = single.engine(single.BASELINE, work, stack)._replace(allowed=lambda answer: not answer)
    with pytest.raises(DisagreementError, match="plain Python answers request q0 otherwise than"):
        single.compared(wrong, work)


def test_columns_answer_alike(work: Workload, tmp_path: Path) -> None:
    lines = write_lines(work.documents, 12, tmp_path / "requests.ndjson")
    for file in (lines, *write_parquet(work, [12], tmp_path).values()):
        run = decided(file, work.policies, work.outcomes)
        assert (run.requests, run.outcomes) == (12, list(work.outcomes))


def test_an_engine_that_fails_is_named_and_the_others_are_measured(
    work: Workload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(name: str, work: Workload) -> Timing:
        if name == single.BASELINE:
            raise RuntimeError("out of order")
        return Timing(name, "yes or no", 2.0, 3.0, 1, 1.0, 1)

    monkeypatch.setattr(single, "measured", measured)
    monkeypatch.setattr(single, "installed", lambda: [single.OURS, single.BASELINE])
    monkeypatch.setattr("benchmarks.__main__.apart", lambda call, *arguments: call(*arguments))
    timings, missing = engines(work)
    assert [timing.name for timing in timings] == [single.OURS]
    assert "Not measured: plain Python: out of order." in missing
    assert "Not measured: OPA server over HTTP: not installed." in missing


def test_a_server_is_charged_for_what_its_own_process_does(work: Workload, stack: ExitStack) -> None:
    if single.SERVER not in single.installed():
        pytest.skip("opa is not installed")
    server = single.engine(single.SERVER, work, stack)
    before, here = server.spent(), time.process_time()
    for i in range(50):
        server.ask(i % len(work.documents))
    assert server.spent() - before > time.process_time() - here


def test_joined_requests_have_as_many_disclosures_as_asked_for(work: Workload) -> None:
    decider = Decider(compiled(work.policies), single.DAY_)
    assert [len(decider.decide(joined(work.documents, 0, count)).rows) for count in (1, 7, 12)] == [1, 7, 12]


def test_tables_are_written_between_the_markers_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- benchmarks -->\nold\n<!-- /benchmarks -->\nAfter\n", encoding="utf-8")
    write(page, ["new", "lines"])
    assert page.read_text(encoding="utf-8") == "Before\n<!-- benchmarks -->\nnew\nlines\n<!-- /benchmarks -->\nAfter\n"
    for path in (PAGE, README):
        assert path.read_text(encoding="utf-8").count("<!-- benchmarks -->") == 1


def test_plots_say_in_words_what_they_show() -> None:
    svg = plots.spans("one", "One decision", "microseconds", [plots.Span("ours <b>", 150, 210, True)])
    assert "ours &lt;b&gt;: 150 to 210" in svg
    assert "<b>" not in svg
    assert "from rows: 10: 2, 100: 7" in plots.curves(
        "many", "Many", "requests", "seconds", [plots.Line("from rows", [(10, 2), (100, 7)])]
    )
