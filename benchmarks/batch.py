"""Many requests at once: requests a second on one core, and the memory that it takes.

A file is read, decided into outcomes, bases, failed conditions and clauses, and written, as `assent batch` does it, in
a process of its own. Time is processor time, so that other work on the machine counts little.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import apart, peak_memory
from benchmarks.requests import lines as drawn_lines
from benchmarks.single import DisagreementError, Timing, Workload
from benchmarks.stated import Document
from engine.batch.deciding import Decider
from engine.batch.running import Plan, decide_here, put_together
from engine.batch.sources import Source, pieces, source
from engine.batch.writing import GROUP, write_columns
from engine.policies import PolicySet
from engine.rows import Rows, decide_rows

PARQUET, LINES = (1_000, 10_000, 100_000, 1_000_000), (1_000, 10_000)
UNKNOWN = 0.02
DRAWN, CHECKED = 1_000, 20
"""Requests that are drawn with facts unknown, and those whose answers are compared with the interpreter's."""


class Run(NamedTuple):
    """A file decided: processor seconds, the most memory used, in bytes, and the outcomes of the first requests.

    `deciding` are the seconds to read it and have all answers in memory, `seconds` those of the whole batch.
    """

    requests: int
    deciding: float
    seconds: float
    memory: int
    outcomes: list[str]


# Files ----------------------------------------------------------------------------------------------------------------


def write_lines(documents: Sequence[Document], count: int, path: Path) -> Path:
    """So many requests as lines: the documents over and over, under names of their own."""
    texts = [json.dumps(document, separators=(",", ":")) for document in documents]
    heads = [json.dumps(document["request"]) for document in documents]
    with path.open("w", encoding="utf-8") as stream:
        for i, (text, head) in enumerate(islice(cycle(zip(texts, heads, strict=True)), count)):
            stream.write(text.replace(head, f'"q{i}"', 1) + "\n")
    return path


def write_parquet(work: Workload, counts: Sequence[int], folder: Path) -> dict[int, Path]:
    """Files of so many requests as columns."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    few = folder / "few.parquet"
    write_columns((json.dumps(document) + "\n" for document in work.documents), few, work.policies)
    rows = pq.read_table(few)
    each = np.array([len(document["rows"]) for document in work.documents])
    times = max(1, GROUP // len(rows))
    group = pa.concat_tables([rows] * times).combine_chunks()
    ends = np.tile(each, times).cumsum()
    paths = {}
    for count in counts:
        paths[count] = folder / f"{count}.parquet"
        with pq.ParquetWriter(paths[count], group.schema, compression="snappy") as writer:
            for start in range(0, count, len(ends)):
                size = min(len(ends), count - start)
                some = group.slice(0, ends[size - 1])
                names = pa.array([f"q{start + i}" for i in range(size)])
                of_rows = pa.array(np.repeat(np.arange(size), np.diff(ends[:size], prepend=0)), pa.int32())
                named = pa.DictionaryArray.from_arrays(of_rows, names)
                writer.write_table(some.set_column(0, group.field("request"), named), row_group_size=len(some))
    return paths


# Ours -----------------------------------------------------------------------------------------------------------------


def decided(path: Path, policies: PolicySet, outcomes: Sequence[str]) -> Run:
    """A file decided by a process of its own. Raises `DisagreementError` where a first answer is not the right one."""
    run = apart(_decided, path, policies, len(outcomes))
    if run.outcomes != list(outcomes[: run.requests]):
        raise DisagreementError(f"{path.name} is decided otherwise in columns")
    return run


def _decided(path: Path, policies: PolicySet, first: int) -> Run:
    import pyarrow.parquet as pq

    decider = Decider(policies, None, "failed")
    _ = decider.program  # what is done once, whatever the file
    gc.disable()  # as the command does
    gc.collect()
    gc.freeze()
    found = source(path)
    start = time.process_time()
    for chunk in found.chunks:
        decider.part(found, chunk)
        gc.collect()
    deciding = time.process_time() - start
    start = time.process_time()
    plan = Plan(source(path), path.with_suffix(".decisions"), None, decider)
    plan.folder.mkdir()
    for _ in decide_here(plan):
        pass
    summary = put_together(plan)
    run = Run(sum(summary.outcomes.values()), deciding, time.process_time() - start, peak_memory(), [])
    file = pq.ParquetFile(plan.output)
    batch = next(file.iter_batches(first, columns=["outcome"]))
    plan.output.unlink()
    return run._replace(outcomes=batch["outcome"].to_pylist())


# Readers --------------------------------------------------------------------------------------------------------------


def readers() -> dict[str, Callable[[memoryview], object]]:
    """Readers of lines of JSON that are installed; pyarrow is."""
    import pyarrow as pa
    import pyarrow.json as pj

    def arrow(data: memoryview) -> object:
        options = pj.ReadOptions(use_threads=False, block_size=len(data) + 1)
        return pj.read_json(pa.BufferReader(pa.py_buffer(data)), read_options=options)

    found: dict[str, Callable[[memoryview], object]] = {"pyarrow": arrow}
    try:
        import orjson

        found["orjson"] = lambda data: [orjson.loads(line) for line in bytes(data).splitlines()]
    except ImportError:
        pass
    try:
        import msgspec

        decoder = msgspec.json.Decoder()
        found["msgspec"] = lambda data: [decoder.decode(line) for line in bytes(data).splitlines()]
    except ImportError:
        pass
    return found


def read_seconds(path: Path) -> dict[str, float]:
    """How long each reader takes only to read and parse a file of lines, in the pieces that ours reads."""
    return {name: _read_seconds(source(path), parse) for name, parse in readers().items()}


def _read_seconds(found: Source, parse: Callable[[memoryview], object]) -> float:
    start = time.process_time()
    for chunk in found.chunks:
        for piece in pieces(found, chunk):
            parse(piece.data)
    return time.process_time() - start


# Tables ---------------------------------------------------------------------------------------------------------------


class Text(NamedTuple):
    """A file of lines: how it was decided, and how long readers take only to read and parse it."""

    run: Run
    readers: dict[str, float]


class Measured(NamedTuple):
    """Everything that was measured: by kind of file, and lines in which facts are unknown."""

    columns: list[Run]
    lines: list[Text]
    unknown: Text


def measured(work: Workload, folder: Path) -> Measured:
    """Measure everything, with files in a folder; each is removed as soon as it was used."""
    columns = []
    for path in apart(write_parquet, work, PARQUET, folder).values():
        columns.append(decided(path, work.policies, work.outcomes))
        path.unlink()
    texts = [_text(work.documents, work.policies, work.outcomes, count, folder) for count in LINES]
    drawn = [json.loads(line) for line in drawn_lines(work.policies, DRAWN, unknown=UNKNOWN)]
    outcomes = [decide_rows(work.policies, Rows.model_validate(document)).outcome for document in drawn[:CHECKED]]
    return Measured(columns, texts, _text(drawn, work.policies, outcomes, LINES[-1], folder))


def _text(
    documents: Sequence[Document], policies: PolicySet, outcomes: Sequence[str], count: int, folder: Path
) -> Text:
    path = write_lines(documents, count, folder / f"{count}.ndjson")
    found = Text(decided(path, policies, outcomes), apart(read_seconds, path))
    path.unlink()
    return found


def rate(found: Measured) -> float:
    """Requests a second from columns to answers in memory, as peers give theirs, at the most."""
    return max(run.requests / run.deciding for run in found.columns)


def writing(found: Measured) -> float:
    """How many times as long the whole batch takes, with a file of answers, on the most requests."""
    return found.columns[-1].seconds / found.columns[-1].deciding


def tables(found: Measured, timings: Sequence[Timing]) -> Iterator[str]:
    """The lines of the tables."""
    yield "| `assent batch`, one core | requests | seconds to answers in memory | with a file of answers | memory, MB |"
    yield "| --- | --- | --- | --- | --- |"
    kinds = (
        ("from Parquet", found.columns), ("from NDJSON", [text.run for text in found.lines]),
        (f"from NDJSON, {UNKNOWN:.0%} of facts unknown", [found.unknown.run]),
    )  # fmt: skip
    for kind, runs in kinds:
        for run in runs:
            yield (
                f"| {kind} | {run.requests:,} | {run.deciding:.2f} | {run.seconds:.2f} | {run.memory / 2**20:,.0f} |"
            )
    yield ""
    yield f"| {LINES[-1]:,} requests in NDJSON | facts | seconds | fastest reader = 1 |"
    yield "| --- | --- | --- | --- |"
    for facts, text in (("all stated", found.lines[-1]), (f"{UNKNOWN:.0%} unknown", found.unknown)):
        fastest = min(text.readers.values())
        yield f"| `assent batch` | {facts} | {text.run.seconds:.2f} | {text.run.seconds / fastest:.2f} |"
        for name, seconds in sorted(text.readers.items(), key=lambda item: item[1]):
            yield f"| {name}: only read and parsed | {facts} | {seconds:.2f} | {seconds / fastest:.2f} |"
    yield ""
    largest = rate(found)
    yield "| requests a second of processor time | answers | requests a second | `assent batch` is faster by | asked |"
    yield "| --- | --- | --- | --- | --- |"
    answers = "outcome, bases, failed conditions, clauses"
    yield f"| `assent batch` from Parquet to memory | {answers} | {largest:,.0f} | | |"
    yield f"| `assent batch` from Parquet to a file | the same | {largest / writing(found):,.0f} | | |"
    for one in sorted(timings, key=lambda timing: -timing.rate):
        yield f"| {one.name} | {one.answers} | {one.rate:,.0f} | {largest / one.rate:,.1f} x | {one.asked:,} |"
