"""Files of rows as columns: what they must be like, and how a row group is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.documents import CannotDo, nearest

if TYPE_CHECKING:
    import pyarrow.parquet as pq

    from engine.backends.columns.sheets import Sheet

AT_ONCE = 8
"""Columns that are read together."""
NEEDED = ("request", "as_of", "id", "flow", "dataset", "source", "provider", "sender", "receiver")


def groups(path: Path, digest: str) -> int:
    """How many row groups a file has. Raises `CannotDo` where it does not hold rows, or tears a request apart."""
    import pyarrow as pa

    try:
        file = opened(path, digest)
        for name in NEEDED:
            if name not in file.schema_arrow.names:
                raise CannotDo(f'{path} holds no rows as `assent rows` writes them: it has no column "{name}"')
        _check_together(path, file)
    except (pa.ArrowException, OSError) as error:
        raise CannotDo(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    return int(file.num_row_groups)


def check_facts(path: Path, digest: str, facts: Collection[str]) -> None:
    """Raise `CannotDo` where a column is none of these facts: no request of the file could be decided."""
    from engine.backends.columns.sheets import OTHERS

    for name in opened(path, digest).schema_arrow.names:
        if name not in facts and name not in OTHERS:
            help_line = nearest(name, facts)
            raise CannotDo(
                f'{path} has a column "{name}", which these policies have no fact for'
                + (f"; {help_line}" if help_line else "; write the rows anew under these policies")
            )


@lru_cache(maxsize=1)
def opened(path: Path, digest: str) -> pq.ParquetFile:
    """A file, opened once for all its row groups: to read what it holds costs as much as to read a group."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    columns = (metadata.schema.column(i) for i in range(metadata.num_columns))
    texts = [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]
    return pq.ParquetFile(path, metadata=metadata, read_dictionary=texts)  # texts are read as numbers


def _check_together(path: Path, file: pq.ParquetFile) -> None:
    last = ""
    for group in range(file.num_row_groups):
        sheet = _sheet(file, group, ["request"])
        first = sheet.requests[0].as_py()
        if torn := first if first == last else sheet.twice:
            raise CannotDo(f'{path} tears request "{torn}" apart: its rows must follow one another in one row group')
        last = sheet.requests[-1].as_py()


def read_group(path: Path, digest: str, group: int) -> Sheet:
    """The rows of a row group."""
    file = opened(path, digest)
    return _sheet(file, group, list(_said(file.metadata.row_group(group))))


def _sheet(file: pq.ParquetFile, group: int, columns: list[str]) -> Sheet:
    import numpy as np
    import pyarrow as pa

    from engine.backends.columns.sheets import Sheet, compact, whole, words

    arrays: dict[str, pa.Array] = {}
    for start in range(0, len(columns), AT_ONCE):  # few at once, so that the memory of the last serves the next
        table = file.read_row_group(group, columns=columns[start : start + AT_ONCE], use_threads=False)
        arrays |= {name: compact(whole(table[name])) for name in table.column_names}
    numbers = words(arrays["request"]).numbers
    starts = np.append(np.flatnonzero(np.diff(numbers, prepend=-1)), len(numbers))
    return Sheet(pa.table(arrays), starts.astype(np.int64))


def _said(group: Any) -> Iterator[str]:
    """The columns in which something stands, as far as the file tells."""
    for i in range(group.num_columns):
        column = group.column(i)
        found = column.statistics
        if found is not None and column.physical_type == "BYTE_ARRAY" and not column.path_in_schema.endswith("element"):
            empty = found.has_min_max and found.min == found.max == "" and not found.null_count
        else:
            empty = False
        if not empty and not (found is not None and found.has_null_count and found.null_count == column.num_values):
            yield column.path_in_schema
