"""A whole batch: chunks that are kept, one file at the end.

What comes of each chunk goes into a folder beside the output, written by this process alone, whoever decided it. A run
that was stopped goes on from there, and its output has the same bytes as that of a run that was not.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.batch.deciding import Decider
from engine.batch.parquet import check_facts
from engine.batch.sources import Chunk, Source
from engine.documents import CannotDo
from engine.policies import load_policies

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.backends.columns.answers import Explain


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be decided, and how. `policies` is the folder for those who load them elsewhere."""

    source: Source
    output: Path
    policies: Path | None
    decider: Decider

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
        return self.folder / f"{chunk.number:06}.arrow"

    def text(self) -> str:
        """What tells this plan from another: kept chunks are used again only for the same."""
        how = (self.decider.policies.digest, str(self.decider.as_of), self.decider.explain)
        return json.dumps((self.source.digest, [*map(list, self.source.chunks)], *how))


@dataclass(slots=True)
class Summary:
    """What came of a batch."""

    outcomes: Counter[str] = field(default_factory=Counter)
    bad: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a chunk beside its answers. `lines` counts its lines, so that those after it can be numbered."""

    lines: int
    bad: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Done:
    """A decided chunk: its answers as an Arrow stream, and what is kept beside them."""

    answers: bytes
    kept: Kept


def plan(source: Source, output: Path, folder: Path | None, as_of: date | None, explain: Explain) -> Plan:
    """The plan of a batch, with a folder for its chunks; what an earlier run of the same plan left is kept."""
    policies = load_policies(folder)
    if source.kind == "columns":
        check_facts(source.path, source.digest, [declared.name for declared in policies.vocabulary])
    found = Plan(source, output, folder, Decider(policies, as_of, explain))
    note = found.folder / "plan.json"
    with _written(found.folder):
        if found.folder.exists() and not (note.is_file() and note.read_text(encoding="utf-8") == found.text()):
            if any(path.suffix not in (".arrow", ".json", ".part") for path in found.folder.iterdir()):
                raise CannotDo(f"{found.folder} holds files of somebody else; remove it or name another output")
            shutil.rmtree(found.folder)
        found.folder.mkdir(exist_ok=True)
        note.write_text(found.text(), encoding="utf-8")
    return found


def waiting(found: Plan) -> list[Chunk]:
    """The chunks that are still to be decided."""
    return [chunk for chunk in found.source.chunks if not found.part(chunk).exists()]


def decide_here(found: Plan) -> Iterator[Chunk]:
    """Decide what is waiting in this process; each chunk is given back once it is kept."""
    for chunk in waiting(found):
        yield keep(decided(found.decider, found.source, chunk), found, chunk)


def decided(decider: Decider, source: Source, chunk: Chunk) -> Done:
    """A chunk decided."""
    import pyarrow as pa

    part = decider.part(source, chunk)
    gc.collect()  # two small objects that hold each other may hold all that was read
    stream = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")  # a tenth of the time that Parquet takes to write and read
    with pa.ipc.new_stream(stream, part.table.schema, options=options) as writer:
        writer.write_table(part.table.combine_chunks())
    bad = sorted(part.bad, key=lambda bad: (bad["file"], bad["line"]))
    return Done(stream.getvalue().to_pybytes(), Kept(part.lines, bad))


def keep(done: Done, found: Plan, chunk: Chunk) -> Chunk:
    """Keep what came of a chunk: the answers last, so that a chunk is kept whole or not at all."""
    path = found.part(chunk)
    with _written(path):
        path.with_suffix(".json").write_text(json.dumps(asdict(done.kept)), encoding="utf-8")
        beside = path.with_suffix(".part")
        beside.write_bytes(done.answers)
        beside.replace(path)
    return chunk


def put_together(found: Plan) -> Summary:
    """One file of all answers, in order, and one of what could not be decided; then the chunks are removed."""
    beside = found.output.with_name(f".{found.output.name}.part")
    bad = found.bad.with_name(f".{found.bad.name}.part")
    try:
        with _written(found.output):
            summary = _joined(found, beside, bad)
            beside.replace(found.output)
            if summary.bad:
                bad.replace(found.bad)
            else:
                found.bad.unlink(missing_ok=True)
            shutil.rmtree(found.folder)
    finally:
        for path in (beside, bad):
            path.unlink(missing_ok=True)
    return summary


def _joined(found: Plan, output: Path, bad: Path) -> Summary:
    """Write the chunks into two files, one chunk after the other."""
    import pyarrow.parquet as pq

    from engine.backends.columns.answers import schema

    summary = Summary()
    first = 0
    columns = schema(found.decider.program, found.decider.explain)
    options = {
        "compression": "zstd",
        "write_statistics": ["request", "outcome"],
    }  # of lists they cost much
    with pq.ParquetWriter(output, columns, **options) as writer, bad.open("w", encoding="utf-8") as stream:
        for chunk in found.source.chunks:
            answers, kept = _kept(found.part(chunk))
            writer.write_table(answers.cast(columns))
            for item in kept.bad:
                line = {**item, "line": item["line"] + first} if item["line"] else item
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            first += kept.lines
            summary.bad += len(kept.bad)
            counts = answers["outcome"].value_counts().to_pylist()
            summary.outcomes.update({item["values"]: item["counts"] for item in counts})
    return summary


def _kept(path: Path) -> tuple[pa.Table, Kept]:
    import pyarrow as pa

    answers = pa.ipc.open_stream(path.read_bytes()).read_all()
    return answers, Kept(**json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """While something is written: say in one message where it cannot be."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise CannotDo(f"{path} cannot be written: {reason.lower()}; what is decided so far is kept") from None
