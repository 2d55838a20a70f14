"""Many requests at once: requests a second on one core, and the memory that it takes.

Each measurement of ours is a process of its own, which decides a file into outcomes, bases, failed conditions and
clauses. Time is processor time of one core, so that other work on the machine counts little; an OPA server is measured
by the clock. Peers are asked parsed facts one request after the other, and time for reading them does not count.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import peak_memory
from benchmarks.requests import eight
from benchmarks.single import INTERPRETER, DisagreementError, Workload, compared, engines
from engine.batch.deciding import Decider
from engine.batch.sources import lines, source
from engine.batch.writing import GROUP, write_columns
from engine.policies import PolicySet, load_policies

PARQUET, LINES = (1_000, 10_000, 100_000, 1_000_000), (1_000, 10_000)
ASKING = 3.0
"""Seconds for which a peer is asked."""


class Run(NamedTuple):
    """A file decided: processor seconds, the most memory used, in bytes, and the outcomes of the first requests."""

    requests: int
    seconds: float
    memory: int
    outcomes: list[str]


# Files ----------------------------------------------------------------------------------------------------------------


def write_lines(work: Workload, count: int, path: Path) -> Path:
    """So many requests as lines: those of the workload over and over, under names of their own."""
    texts = [json.dumps(document, separators=(",", ":")) for document in work.documents]
    heads = [json.dumps(document["request"]) for document in work.documents]
    with path.open("w", encoding="utf-8") as stream:
        for i, (text, head) in enumerate(islice(cycle(zip(texts, heads, strict=True)), count)):
            stream.write(text.replace(head, f'"q{i}"', 1) + "\n")
    return path


def write_parquet(work: Workload, counts: Sequence[int], folder: Path) -> dict[int, Path]:
    """Files of so many requests as columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    few = folder / "few.parquet"
    write_columns((json.dumps(document) + "\n" for document in work.documents), few, work.policies)
    documents = pq.read_table(few)
    group = pa.concat_tables([documents] * (GROUP // len(documents))).combine_chunks()
    paths = {}
    for count in counts:
        paths[count] = folder / f"{count}.parquet"
        with pq.ParquetWriter(paths[count], group.schema, compression="zstd") as writer:
            for start in range(0, count, len(group)):
                some = group.slice(0, min(len(group), count - start))
                names = pa.array([f"q{start + i}" for i in range(len(some))])
                writer.write_table(some.set_column(0, "request", names))
    return paths


# Ours -----------------------------------------------------------------------------------------------------------------


def decided(path: Path, work: Workload) -> Run:
    """A file decided by a process of its own. Raises `DisagreementError` where an answer is not the right one."""
    command = [sys.executable, "-m", "benchmarks.batch", str(path), str(len(work.documents))]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    run = Run(found["requests"], found["seconds"], found["memory"], found["outcomes"])
    if run.outcomes != list(work.outcomes[: run.requests]):
        raise DisagreementError(f"{path.name} is decided otherwise in columns")
    return run


def _decide(path: Path, policies: PolicySet, first: int) -> Run:
    decider = Decider(policies, None, "failed")
    found = source(path)
    _ = decider.guesses  # what is done once, before the first
    outcomes: list[str] = []
    count, start = 0, time.process_time()
    for chunk in found.chunks:
        answers = decider.part(found, chunk).table
        count += len(answers)
        outcomes += answers["outcome"].slice(0, first - len(outcomes)).to_pylist()
    seconds = time.process_time() - start
    return Run(count, seconds, peak_memory(), outcomes)


# Readers and peers ----------------------------------------------------------------------------------------------------


def readers() -> dict[str, Callable[[bytes], object]]:
    """Readers of lines of JSON that are installed; pyarrow is."""
    import pyarrow.json as pj

    def arrow(data: bytes) -> object:
        return pj.read_json(io.BytesIO(data), read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1))

    found: dict[str, Callable[[bytes], object]] = {"pyarrow": arrow}
    try:
        import orjson

        found["orjson"] = lambda data: [orjson.loads(line) for line in data.splitlines()]
    except ImportError:
        pass
    try:
        import msgspec

        decoder = msgspec.json.Decoder()
        found["msgspec"] = lambda data: [decoder.decode(line) for line in data.splitlines()]
    except ImportError:
        pass
    return found


def read_seconds(path: Path) -> dict[str, float]:
    """How long each reader takes only to parse a file of lines."""
    found = source(path)
    seconds = dict.fromkeys(readers(), 0.0)
    for chunk in found.chunks:
        data = b"".join(lines(found, chunk))
        for name, read in readers().items():
            start = time.process_time()
            read(data)
            seconds[name] += time.process_time() - start
    return seconds


def peer_rates(work: Workload, seconds: float = ASKING) -> dict[str, tuple[float, int]]:
    """Requests a second of each peer, and how many it was asked."""
    rates = {}
    with ExitStack() as stack:
        for engine in engines(work, stack):
            if engine.name == INTERPRETER:
                continue
            count = compared(engine, work, seconds)
            asked, start, until = 0, engine.clock(), time.perf_counter() + seconds
            while time.perf_counter() < until or not asked:
                engine.ask(asked % count)
                asked += 1
            rates[engine.name] = (asked / (engine.clock() - start), asked)
    return rates


# Tables ---------------------------------------------------------------------------------------------------------------


class Measured(NamedTuple):
    """Everything that was measured: our runs by kind of file, the readers on the largest file of lines, the peers."""

    columns: list[Run]
    lines: list[Run]
    readers: dict[str, float]
    peers: dict[str, tuple[float, int]]


def measured(work: Workload, folder: Path) -> Measured:
    """Measure everything, with files in a folder; each is removed as soon as it was used."""
    columns, texts, parsing = [], [], dict[str, float]()
    for path in write_parquet(work, PARQUET, folder).values():
        columns.append(decided(path, work))
        path.unlink()
    for count in LINES:
        path = write_lines(work, count, folder / f"{count}.ndjson")
        texts.append(decided(path, work))
        parsing = read_seconds(path)
        path.unlink()
    return Measured(columns, texts, parsing, peer_rates(work))


def tables(found: Measured) -> Iterator[str]:
    """The lines of the tables."""
    largest = max(run.requests / run.seconds for run in found.columns)
    yield "| `assent batch`, one core | requests | seconds | requests a second | memory, MB |"
    yield "| --- | --- | --- | --- | --- |"
    for kind, runs in (("Parquet", found.columns), ("NDJSON", found.lines)):
        for run in runs:
            yield (
                f"| from {kind} | {run.requests:,} | {run.seconds:.2f} | {run.requests / run.seconds:,.0f} "
                f"| {run.memory / 2**20:,.0f} |"
            )
    yield ""
    last = found.lines[-1]
    fastest = min(found.readers.values())
    yield f"| {last.requests:,} requests in NDJSON | seconds | fastest reader = 1 |"
    yield "| --- | --- | --- |"
    yield f"| `assent batch`: read and decided | {last.seconds:.2f} | {last.seconds / fastest:.2f} |"
    for name, seconds in sorted(found.readers.items(), key=lambda item: item[1]):
        yield f"| {name}: only parsed | {seconds:.2f} | {seconds / fastest:.2f} |"
    yield ""
    yield "| requests a second, one core | answers | requests a second | `assent batch` is faster by | asked |"
    yield "| --- | --- | --- | --- | --- |"
    yield f"| `assent batch` from Parquet | outcome, bases, failed conditions, clauses | {largest:,.0f} | | |"
    for name, (rate, asked) in sorted(found.peers.items(), key=lambda item: -item[1][0]):
        answers = "the same" if name.startswith("`assent`") else "yes or no"
        yield f"| {name} | {answers} | {rate:,.0f} | {largest / rate:,.1f} x | {asked:,} |"


if __name__ == "__main__":
    print(json.dumps(_decide(Path(sys.argv[1]), eight(load_policies()), int(sys.argv[2]))._asdict()))
