"""Measure everything, print it, and write it into docs/benchmarks.md and, as ratios, into the README.

Run with `make bench`. All figures are of one run on one machine: only their ratios are worth comparing.
"""

from __future__ import annotations

import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks import batch, desk, plots, scaling, single
from benchmarks.measuring import Result, machine
from benchmarks.requests import eight
from benchmarks.single import BASELINE, OURS, Timing, Workload
from benchmarks.stated import drawn_requests
from engine.policies import load_policies

ROOT = Path(__file__).parents[1]
PAGE, README, PLOTS = ROOT / "docs" / "benchmarks.md", ROOT / "README.md", ROOT / "docs" / "benchmarks"
DRAWN = 40


def main() -> None:
    """Measure, print, write."""
    work = _told("the requests", single.workload)
    timings = _told("one decision", lambda: single.timings(work))
    with tempfile.TemporaryDirectory() as folder:
        many = _told("batches", lambda: batch.measured(work, Path(folder)))
    policies = load_policies()
    drawn = drawn_requests(eight(policies, [f.framework for f in policies.frameworks]), DRAWN)
    rules = _told("more frameworks", lambda: scaling.by_frameworks(policies, drawn))
    disclosures = _told("more disclosures", lambda: scaling.by_disclosures(policies, work.documents))
    waiting = _told("what a person waits for", lambda: list(desk.tables()))
    page = [
        *_head(work), "", "### One decision", "", *single.table(timings), "", "### Many requests", "",
        *batch.tables(many), "", "### More rules, more disclosures", "", *scaling.tables(rules, disclosures),
        "### At a desk", "", *waiting,
    ]  # fmt: skip
    print("\n".join(page))
    write(PAGE, page)
    write(README, [*_head(work), "", *ratios(timings, many)])
    _draw(timings, many, rules, disclosures)


def ratios(timings: Sequence[Timing], many: batch.Measured) -> Iterator[str]:
    """The README's table: every engine as a multiple of ours."""
    ours = next(timing for timing in timings if timing.engine.name == OURS)
    rate = max(run.requests / run.seconds for run in many.columns)
    yield "| | answers | one decision, p50 | p99 | requests a second, `assent batch` = 1 |"
    yield "| --- | --- | --- | --- | --- |"
    for engine, median, p99, _ in timings:
        share = f"1/{rate / many.peers[engine.name][0]:,.1f}" if engine.name in many.peers else ""
        yield f"| {engine.name} | {engine.answers} | {median / ours.median:.2f} | {p99 / ours.p99:.2f} | {share} |"
    last = many.lines[-1]
    reader, fastest = min(many.readers.items(), key=lambda item: item[1])
    yield ""
    yield (
        f"Reading and deciding {last.requests:,} requests in NDJSON takes {last.seconds / fastest:.2f} times as long "
        f"as {reader} needs only to parse them. The {BASELINE} is a function that a person might write for these very "
        "rules: it knows no unknown, gives no reason and has to be told what travels with the data."
    )


def _head(work: Workload) -> list[str]:
    return [
        f"{platform.python_implementation()} {platform.python_version()}, {machine()}. {len(work.documents)} requests "
        f"of five disclosures under eight frameworks with {work.rules} bars and bases; {work.outcomes.count('allow')} "
        "are allowed, the others denied; every answer compared before anything was timed."
    ]


def _draw(
    timings: Sequence[Timing], many: batch.Measured, rules: Sequence[scaling.Point],
    disclosures: Sequence[scaling.Point],
) -> None:  # fmt: skip
    PLOTS.mkdir(exist_ok=True)
    rows = [plots.Span(t.engine.name.replace("`", ""), t.median, t.p99, t.engine.name == OURS) for t in timings]
    drawn = {
        "single": plots.spans("single", "One decision, median to 99th percentile", "microseconds", rows),
        "batch": plots.curves(
            "batch", "Many requests on one core", "requests", "seconds",
            [plots.Line("from Parquet", [(run.requests, run.seconds) for run in many.columns]),
             plots.Line("from NDJSON", [(run.requests, run.seconds) for run in many.lines], "6 4")],
        ),
        "scaling": plots.curves(
            "scaling", "One decision with more rules or disclosures", "frameworks or disclosures", "microseconds",
            [plots.Line("disclosures", [(p.size, p.microseconds) for p in disclosures]),
             plots.Line("frameworks", [(p.size, p.microseconds) for p in rules], "6 4")],
        ),
    }  # fmt: skip
    for name, svg in drawn.items():
        (PLOTS / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")


def write(path: Path, lines: Iterable[str]) -> None:
    """Put lines between the two markers of a page."""
    before, start, rest = path.read_text(encoding="utf-8").partition("<!-- benchmarks -->\n")
    _, end, after = rest.partition("<!-- /benchmarks -->")
    if not end:
        raise ValueError(f"{path} has no place for benchmarks")
    text = "\n".join(lines)
    path.write_text(f"{before}{start}{text}\n{end}{after}", encoding="utf-8")


def _told(what: str, call: Callable[[], Result]) -> Result:
    print(f"measuring {what} ...", file=sys.stderr, flush=True)
    return call()


if __name__ == "__main__":
    main()
