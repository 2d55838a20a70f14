"""Measure columns: `python -m benchmarks.columns [REQUESTS]` prints a table; every figure is of this one run.

The requests are those of `benchmarks.requests`: five disclosures each, under eight frameworks. Readers only parse the
lines; the others give every answer, with bases, failed conditions and clauses.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import orjson
import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq

from benchmarks.requests import eight, lines
from engine.backends.columns.answers import answers
from engine.backends.columns.evaluation import evaluate
from engine.backends.columns.guesses import Guesses
from engine.backends.columns.program import compiled
from engine.backends.columns.results import verdicts
from engine.backends.columns.table import read_table
from engine.batch.deciding import rows_at
from engine.batch.writing import write_columns
from engine.policies import load_policies
from engine.rows import PAPERS, decide_rows, facts_read

UNKNOWN = 0.02


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    policies = eight(load_policies())
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "requests.ndjson"
        text.write_text("".join(lines(policies, count, unknown=UNKNOWN)), encoding="utf-8")
        columns = Path(folder) / "requests.parquet"
        write_columns(text.read_text(encoding="utf-8").splitlines(keepends=True), columns, policies)
        data = text.read_bytes()
        print(f"{count} requests, {len(data) / 1e6:.0f} MB as lines, {columns.stat().st_size / 1e6:.0f} MB as columns")
        parse = {
            "pyarrow, one thread": seconds(lambda: read(data)),
            "orjson": seconds(lambda: [orjson.loads(line) for line in data.splitlines()]),
            "msgspec": seconds(lambda: [msgspec.json.decode(line) for line in data.splitlines()]),
            "json": seconds(lambda: [json.loads(line) for line in data.splitlines()]),
        }
        fastest = min(parse.values())
        program = compiled(policies)
        guesses = Guesses(program)
        declared = [policies.vocabulary[name] for name in [*facts_read(policies), PAPERS]]
        source = read(data)
        table = read_table(source, policies, declared)
        evaluation = evaluate(program, table)

        def exact(i: int) -> object:
            return decide_rows(policies, rows_at(source, i))

        found = verdicts(evaluation, guesses, exact)  # type: ignore[arg-type]
        stages = {
            "reading Parquet": seconds(lambda: pq.read_table(columns, use_threads=False)),
            "facts to columns": seconds(lambda: read_table(source, policies, declared)),
            "every rule, three-valued": seconds(lambda: evaluate(program, table)),
            f"exact answers ({found.exactly} by the exact engine)": seconds(
                lambda: verdicts(evaluation, guesses, exact)  # type: ignore[arg-type]
            ),
            "answers as a table": seconds(lambda: answers(found, "failed")),
        }
    print("| step | seconds | x fastest reader | seconds for 100,000 requests |")
    print("| --- | --- | --- | --- |")
    for name, spent in {**parse, **stages}.items():
        print(f"| {name} | {spent:.3f} | {spent / fastest:.2f} | {spent / count * 1e5:.2f} |")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def read(data: bytes) -> pa.Table:
    """The rows in lines of JSON, read as `assent batch` reads them."""
    schema = pa.schema([("request", pa.string()), ("as_of", pa.string())])
    options = pj.ReadOptions(use_threads=False, block_size=len(data) + 1)
    return pj.read_json(io.BytesIO(data), read_options=options, parse_options=pj.ParseOptions(explicit_schema=schema))


def seconds(call: Callable[[], object], runs: int = 3) -> float:
    """The least processor time that a call took."""
    spent = []
    for _ in range(runs):
        start = time.process_time()
        call()
        spent.append(time.process_time() - start)
    return min(spent)


if __name__ == "__main__":
    main()
