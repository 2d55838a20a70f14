"""Measure everything, print it, and write it into docs/benchmarks.md and, as ratios, into the README.

Run with `make bench`. All figures are of one run on one machine: only their ratios are worth comparing.
"""

from __future__ import annotations

import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import batch, desk, plots, scaling, single
from benchmarks.measuring import Result, apart, machine
from benchmarks.single import BASELINE, OURS, Timing, Workload

ROOT = Path(__file__).parents[1]
PAGE, README, PLOTS = ROOT / "docs" / "benchmarks.md", ROOT / "README.md", ROOT / "docs" / "benchmarks"


def main() -> None:
    """Measure, print, write. Each part is measured in a process of its own."""
    work = _told("the requests", apart, single.workload)
    timings, missing = engines(work)
    with tempfile.TemporaryDirectory() as folder:
        many = _told("batches", batch.measured, work, Path(folder))
    rules = _told("more frameworks", apart, scaling.by_frameworks)
    disclosures = _told("more disclosures", apart, scaling.by_disclosures, work.policies, work.documents)
    waiting = _told("what a person waits for", apart, desk.tables)
    page = [
        *_head(work), *missing, "", "### One decision", "", *single.table(timings), "", "### Many requests", "",
        *batch.tables(many, timings), "", "### More rules, more disclosures", "",
        *scaling.tables(rules, disclosures), "### At a desk", "", *waiting,
    ]  # fmt: skip
    print("\n".join(page))
    write(PAGE, page)
    write(README, [*_head(work), *missing, "", *ratios(timings, many)])
    _draw(timings, many, rules, disclosures)


def engines(work: Workload) -> tuple[list[Timing], list[str]]:
    """Every engine that can be measured, the fastest first, and a line for each that cannot."""
    found, failed = [], {name: "not installed" for name in single.known() if name not in single.installed()}
    for name in single.installed():
        try:
            found.append(_told(name, apart, single.measured, name, work))
        except single.DisagreementError:
            raise  # nothing is worth timing then
        except Exception as error:  # a peer may fail in any way, and takes no other with it
            failed[name] = (str(error).splitlines() or [type(error).__name__])[0]
    lines = [f"Not measured: {name}: {reason}." for name, reason in failed.items()]
    return sorted(found, key=lambda timing: timing.median), ["", *lines] if lines else []


def ratios(timings: Sequence[Timing], many: batch.Measured) -> Iterator[str]:
    """The README's table: every engine as a multiple of ours."""
    ours = next(timing for timing in timings if timing.name == OURS)
    most = batch.rate(many)
    yield "| | answers | one decision, p50 | p99 | requests a second, `assent batch` = 1 |"
    yield "| --- | --- | --- | --- | --- |"
    for one in timings:
        median, p99 = one.median / ours.median, one.p99 / ours.p99
        yield f"| {one.name} | {one.answers} | {median:.2f} | {p99:.2f} | 1/{most / one.rate:,.1f} |"
    yield ""
    stated, unknown = (text.run.seconds / min(text.readers.values()) for text in (many.lines[-1], many.unknown))
    yield (
        "`assent batch` reads its requests as columns and has its answers in memory, as the others do; with a file of "
        f"answers it takes {batch.writing(many):.2f} times as long. Reading and deciding {batch.LINES[-1]:,} requests "
        f"in NDJSON takes {stated:.2f} times as long as the fastest reader needs only to read and parse them, and "
        f"{unknown:.2f} times with {batch.UNKNOWN:.0%} of the facts unknown. The {BASELINE} is a function that a "
        "person might write for these very rules: it knows no unknown, gives no reason and has to be told what "
        "travels with the data."
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
    rows = [plots.Span(t.name.replace("`", ""), t.median, t.p99, t.name == OURS) for t in timings]
    drawn = {
        "single": plots.spans("single", "One decision", "microseconds (filled: median, empty: 99th percentile)", rows),
        "batch": plots.curves(
            "batch", "Many requests on one core", "requests", "seconds",
            [plots.Line("from Parquet", [(run.requests, run.seconds) for run in many.columns]),
             plots.Line("from NDJSON", [(text.run.requests, text.run.seconds) for text in many.lines], "6 4")],
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


def _told(what: str, call: Callable[..., Result], *arguments: Any) -> Result:
    print(f"measuring {what} ...", file=sys.stderr, flush=True)
    return call(*arguments)


if __name__ == "__main__":
    main()
