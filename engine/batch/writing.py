"""Requests written as rows of facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from engine.documents import CannotDo
from engine.policies import PolicySet
from engine.requests import read_request
from engine.rows import RowMaker, facts_read

if TYPE_CHECKING:
    import pyarrow as pa

GROUP = 8192
"""Requests of a row group."""


def write_rows(files: Iterable[Path], output: Path, policies: PolicySet, as_of: date | None) -> None:
    """Write the requests in some files as rows, whole or not at all: lines of JSON, or columns where it is .parquet."""
    maker = RowMaker(policies)
    lines = (
        maker.rows(read_request(path, policies), as_of).model_dump_json(exclude_defaults=True) + "\n" for path in files
    )
    beside = output.with_name(f".{output.name}.part")
    try:
        if output.suffix == ".parquet":
            write_columns(lines, beside, policies)
        else:
            with beside.open("w", encoding="utf-8") as stream:
                stream.writelines(lines)
        beside.replace(output)
    except OSError as error:
        raise CannotDo(f"{output} cannot be written: {(error.strerror or str(error)).lower()}") from None
    finally:
        beside.unlink(missing_ok=True)


def write_columns(lines: Iterable[str], output: Path, policies: PolicySet) -> None:
    """Write rows in lines of JSON as columns."""
    import io

    import pyarrow.json as pj
    import pyarrow.parquet as pq

    kinds = schema(policies)
    options = pj.ParseOptions(explicit_schema=kinds, unexpected_field_behavior="error")
    with pq.ParquetWriter(output, kinds, compression="zstd") as writer:
        for group in _grouped(lines):
            data = "".join(group).encode()
            table = pj.read_json(
                io.BytesIO(data), read_options=pj.ReadOptions(block_size=len(data) + 1), parse_options=options
            )
            writer.write_table(table)


def _grouped(lines: Iterable[str]) -> Iterator[list[str]]:
    group: list[str] = []
    for line in lines:
        group.append(line)
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group


def schema(policies: PolicySet) -> pa.Schema:
    """The Arrow schema of rows: as their JSON, with a column for each fact that rules read."""
    import pyarrow as pa

    text, words = pa.string(), pa.list_(pa.string())
    types = {"boolean": pa.bool_(), "codes": words, "number": pa.float64(), "date": pa.timestamp("s")}
    declared = [policies.vocabulary[name] for name in facts_read(policies)]
    facts = pa.struct([(one.name, types.get(one.fact.type, text)) for one in declared])
    sets = pa.struct([(one.name, words) for one in declared if one.fact.type == "codes"])
    paper = pa.struct([("about", text), ("has", words), ("reported", words)])
    row = pa.struct(
        [
            *((name, text) for name in ("id", "flow", "dataset", "source", "provider", "sender", "receiver", "hub")),
            ("earlier", pa.list_(pa.int64())),
            ("facts", facts),
            ("may", sets),
            ("not_known", words),
            ("does_not_apply", words),
            ("about", pa.struct([(one.name, text) for one in declared])),
            ("papers", pa.list_(paper)),
            *((name, words) for name in ("done", "refused", "contained", "lacking", "claims")),
        ]
    )
    return pa.schema([("request", text), ("as_of", text), ("deployment", text), ("rows", pa.list_(row))])
