"""A whole batch: several processes, chunks that are kept, one file at the end.

Each chunk that is decided goes into a folder beside the output. A run that was stopped goes on from there, and its
output has the same bytes as that of a run that was not.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.batch.deciding import Decider
from engine.batch.sources import Chunk, Source
from engine.documents import CannotDo
from engine.policies import PolicySet, load_policies

if TYPE_CHECKING:
    from engine.backends.columns.answers import Explain


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be decided, and how."""

    source: Source
    output: Path
    policies: Path | None
    digest: str
    as_of: date | None
    explain: Explain

    @property
    def folder(self) -> Path:
        """Where decided chunks are kept until all are."""
        return self.output.with_name(f"{self.output.name}.work")

    @property
    def bad(self) -> Path:
        """Where the requests go that could not be decided."""
        return self.output.with_name(f"{self.output.name}.bad.ndjson")

    def part(self, chunk: Chunk) -> Path:
        """The file of a decided chunk."""
        return self.folder / f"{chunk.number:06}.parquet"

    def text(self) -> str:
        """What tells this plan from another: kept chunks are used again only for the same."""
        parts = (self.source.digest, [*map(list, self.source.chunks)], self.digest, str(self.as_of), self.explain)
        return json.dumps(parts)


@dataclass(slots=True)
class Summary:
    """What came of a batch."""

    outcomes: Counter[str] = field(default_factory=Counter)
    bad: int = 0
    exactly: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a chunk beside its answers."""

    lines: int
    exactly: int
    bad: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Done:
    """A decided chunk: its answers as Parquet, and what is kept beside them."""

    answers: bytes
    kept: Kept


def plan(source: Source, output: Path, folder: Path | None, as_of: date | None, explain: Explain) -> Plan:
    """The plan of a batch, with a folder for its chunks; what an earlier run of the same plan left is kept."""
    found = Plan(source, output, folder, load_policies(folder).digest, as_of, explain)
    note = found.folder / "plan.json"
    if found.folder.exists() and not (note.is_file() and note.read_text(encoding="utf-8") == found.text()):
        if any(path.suffix not in (".parquet", ".json", ".part") for path in found.folder.iterdir()):
            raise CannotDo(f"{found.folder} holds files of somebody else; remove it or name another output")
        shutil.rmtree(found.folder)
    try:
        found.folder.mkdir(exist_ok=True)
        note.write_text(found.text(), encoding="utf-8")
    except OSError as error:
        raise CannotDo(f"{found.folder} cannot be written: {(error.strerror or str(error)).lower()}") from None
    return found


def waiting(found: Plan) -> list[Chunk]:
    """The chunks that are still to be decided."""
    return [chunk for chunk in found.source.chunks if not found.part(chunk).exists()]


def decide_chunks(found: Plan, jobs: int) -> Iterator[Chunk]:
    """Decide what is waiting; each chunk is given back once it is kept."""
    chunks = waiting(found)
    if jobs < 2 or len(chunks) < 2:
        decider = _decider(load_policies(found.policies), found)
        for chunk in chunks:
            yield _keep(decider, found, chunk)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    with ProcessPoolExecutor(min(jobs, len(chunks)), get_context("spawn"), _begin, (found,)) as pool:
        for future in as_completed([pool.submit(_work, found, chunk) for chunk in chunks]):
            yield future.result()


_DECIDERS: dict[str, Decider] = {}


def _begin(found: Plan) -> None:
    _DECIDERS["one"] = _decider(load_policies(found.policies), found)


def _work(found: Plan, chunk: Chunk) -> Chunk:
    return _keep(_DECIDERS["one"], found, chunk)


def _decider(policies: PolicySet, found: Plan) -> Decider:
    return Decider(policies, found.as_of, found.explain)


def _keep(decider: Decider, found: Plan, chunk: Chunk) -> Chunk:
    return keep(decided(decider, found.source, chunk), found, chunk)


def decided(decider: Decider, source: Source, chunk: Chunk) -> Done:
    """A chunk decided."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    part = decider.part(source, chunk)
    stream = pa.BufferOutputStream()
    pq.write_table(part.table, stream, compression="zstd")
    bad = sorted(part.bad, key=lambda bad: (bad["file"], bad["line"]))
    return Done(stream.getvalue().to_pybytes(), Kept(part.lines, part.exactly, bad))


def keep(done: Done, found: Plan, chunk: Chunk) -> Chunk:
    """Keep what came of a chunk: the answers last, so that a chunk is kept whole or not at all."""
    path = found.part(chunk)
    path.with_suffix(".json").write_text(json.dumps(asdict(done.kept)), encoding="utf-8")
    beside = path.with_suffix(".part")
    beside.write_bytes(done.answers)
    beside.replace(path)
    return chunk


def put_together(found: Plan) -> Summary:
    """One file of all answers, in order, and one of what could not be decided; then the chunks are removed."""
    import pyarrow.parquet as pq

    summary = Summary()
    beside = found.output.with_name(f".{found.output.name}.part")
    bad = found.bad.with_name(f".{found.bad.name}.part")
    schema = _schema(found)
    first = 0
    with pq.ParquetWriter(beside, schema, compression="zstd") as writer, bad.open("w", encoding="utf-8") as stream:
        for chunk in found.source.chunks:
            table = pq.read_table(found.part(chunk)).cast(schema)
            writer.write_table(table)
            kept = Kept(**json.loads(found.part(chunk).with_suffix(".json").read_text(encoding="utf-8")))
            for item in kept.bad:
                line = {**item, "line": item["line"] + first} if item["line"] else item
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            first += kept.lines
            summary.bad += len(kept.bad)
            summary.exactly += kept.exactly
            counts = table["outcome"].value_counts().to_pylist()
            summary.outcomes.update({item["values"]: item["counts"] for item in counts})
    beside.replace(found.output)
    if summary.bad:
        bad.replace(found.bad)
    else:
        bad.unlink()
        found.bad.unlink(missing_ok=True)
    shutil.rmtree(found.folder)
    return summary


def _schema(found: Plan) -> Any:
    from engine.backends.columns.answers import schema
    from engine.backends.columns.program import compiled

    return schema(compiled(load_policies(found.policies)), found.explain)
