"""Requests written as rows of facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from engine.batch.sources import PIECE
from engine.documents import CannotDo
from engine.policies import PolicySet
from engine.requests import read_request
from engine.rows import RowMaker

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from engine.backends.columns.sheets import Sheet

GROUP = 2**17
"""Rows of a row group, at least: many at once are decided fastest."""


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
    """Write rows in lines of JSON as columns; those of a request come into one row group.

    Raises `CannotDo` where two requests have one name: nothing else would tell their rows apart.
    """
    import pyarrow.parquet as pq

    from engine.backends.columns.lines import parsed, sheet_of_lines, sheet_schema

    kinds = sheet_schema(policies)
    names: set[str] = set()
    with pq.ParquetWriter(output, kinds, compression="snappy") as writer:
        waiting: list[Sheet] = []
        for data in _pieces(lines):
            waiting.append(sheet_of_lines(parsed(data), policies))
            for name in waiting[-1].requests.to_pylist():
                if name in names:
                    raise CannotDo(f'two requests are called "{name}": rename one, or write lines (.ndjson)')
                names.add(name)
            if sum(len(sheet.table) for sheet in waiting) >= GROUP:
                _write(writer, waiting, kinds)
                waiting = []
        if waiting:
            _write(writer, waiting, kinds)


def _write(writer: pq.ParquetWriter, sheets: list[Sheet], kinds: pa.Schema) -> None:
    import pyarrow as pa

    from engine.backends.columns.lines import filled

    table = pa.concat_tables([filled(sheet, kinds) for sheet in sheets]).unify_dictionaries()
    writer.write_table(table, row_group_size=len(table))


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines in pieces that fit into memory."""
    piece, size = list[bytes](), 0
    for line in lines:
        piece.append(line.encode())
        size += len(piece[-1])
        if size >= PIECE:
            yield b"".join(piece)
            piece, size = [], 0
    if piece:
        yield b"".join(piece)
