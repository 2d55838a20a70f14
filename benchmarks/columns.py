"""Measure columns by stage: `python -m benchmarks.columns [REQUESTS]` prints a table; every figure is of this one run.

The requests are those of `benchmarks.stated`: five disclosures each, under eight frameworks, every fact stated. All
answers are given, with bases, failed conditions and clauses.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq

from benchmarks.batch import write_lines, write_parquet
from benchmarks.measuring import peak_memory
from benchmarks.single import workload
from engine.backends.columns.answers import answers
from engine.backends.columns.evaluation import evaluate
from engine.backends.columns.lines import parsed, sheet_of_lines
from engine.backends.columns.results import verdicts
from engine.backends.columns.table import read_table
from engine.batch.deciding import Decider
from engine.batch.parquet import read_group
from engine.batch.sources import pieces, source

RUNS = 3
LINES = 2_000
"""Requests that are also read as lines."""
Result = TypeVar("Result")


class Stages:
    """The least processor time of each stage, summed over what it was done on."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, call: Callable[[], Result]) -> Result:
        """What a stage gives."""
        spent = []
        for _ in range(RUNS):
            start = time.process_time()
            call()
            spent.append(time.process_time() - start)
        self.seconds[name] = self.seconds.get(name, 0) + min(spent)
        return call()

    def shown(self, count: int) -> None:
        """Print the stages, for so many requests."""
        for name, seconds in self.seconds.items():
            print(f"| {name} | {seconds:.3f} | {seconds / count * 1e6:.2f} |")


def main() -> None:
    """Print the tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    work = workload()
    decider = Decider(work.policies, None, "failed")
    with tempfile.TemporaryDirectory() as folder:
        columns = source(write_parquet(work, [count], Path(folder))[count])
        lines = source(write_lines(work.documents, min(count, LINES), Path(folder) / "requests.ndjson"))
        print("| stage | seconds | microseconds for a request |\n| --- | --- | --- |")
        stages = Stages()
        for chunk in columns.chunks:
            group = chunk.start
            sheet = stages("reading Parquet", lambda: read_group(columns.path, columns.digest, group))  # noqa: B023
            table = stages("texts to planes", lambda: read_table(sheet, work.policies, decider.declared))  # noqa: B023
            found = stages("every rule", lambda: evaluate(decider.program, table))  # noqa: B023
            final = stages("outcomes", lambda: verdicts(found, decider.domains, lambda _: None))  # noqa: B023
            said = stages("answers", lambda: answers(final, "failed"))  # noqa: B023
            stages("writing them", lambda: pq.write_table(said, pa.BufferOutputStream(), compression="zstd"))  # noqa: B023
        stages.shown(count)
        stages = Stages()
        data = bytes(next(pieces(lines, lines.chunks[0])).data)
        options = pj.ReadOptions(use_threads=False, block_size=len(data) + 1)
        stages("lines, only parsed", lambda: pj.read_json(io.BytesIO(data), options))
        nested = stages("lines, parsed by us", lambda: parsed(data))
        stages("lines to columns", lambda: sheet_of_lines(nested, work.policies))
        stages.shown(len(nested))
    print(f"peak memory {peak_memory() / 2**20:.0f} MB")


if __name__ == "__main__":
    main()
