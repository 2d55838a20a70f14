"""One chunk of requests: read, decided, and what could not be read told apart."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.batch.sources import Chunk, Source, lines
from engine.decisions import Decision
from engine.documents import DocumentProblems, Mark, Problem, decode, parse_whole, read
from engine.policies import PolicySet
from engine.requests import check_request
from engine.rows import PAPERS, RowMaker, Rows, decide_rows, facts_read, read_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.backends.columns.answers import Explain
    from engine.backends.columns.guesses import Guesses
    from engine.backends.columns.program import Program


class Entry(NamedTuple):
    """One request of a chunk: where it stands, and its rows as a line of JSON."""

    line: int
    file: str
    text: bytes


@dataclass(slots=True)
class Part:
    """What came of a chunk. `lines` counts its lines, so that those after it can be numbered."""

    table: pa.Table
    bad: list[dict[str, Any]] = field(default_factory=list)
    lines: int = 0
    exactly: int = 0


@dataclass
class Decider:
    """Decides chunks under one policy set."""

    policies: PolicySet
    as_of: date | None
    explain: Explain

    @cached_property
    def program(self) -> Program:
        """The rules as steps over columns."""
        from engine.backends.columns.program import compiled

        return compiled(self.policies)

    @cached_property
    def guesses(self) -> Guesses:
        """The guesses that show open answers to be open."""
        from engine.backends.columns.guesses import Guesses

        return Guesses(self.program)

    @cached_property
    def rows(self) -> RowMaker:
        """Makes rows of requests."""
        return RowMaker(self.policies)

    def part(self, source: Source, chunk: Chunk) -> Part:
        """Decide a chunk."""
        from engine.backends.columns.answers import schema

        part = Part(schema(self.program, self.explain).empty_table())
        if source.kind == "columns":
            self._columns(source, chunk, part)
        else:
            self.decide(list(self.entries(source, chunk, part)), part)
        return part

    # Reading ----------------------------------------------------------------------------------------------------------

    def entries(self, source: Source, chunk: Chunk, part: Part) -> Iterator[Entry]:
        """The requests of a chunk of lines or files as rows; what is wrong goes to the part."""
        if source.kind == "files":
            for path in source.files[chunk.start : chunk.stop]:
                try:
                    yield Entry(0, str(path), self._made(path, source))
                except DocumentProblems as error:
                    part.bad.append(_bad(0, str(path), error))
            return
        for number, line in enumerate(lines(source, chunk), 1):
            part.lines = number
            if not line.strip():
                continue
            try:
                text = line if b'"rows"' in line else self._line(line, number, source)
                yield Entry(number, str(source.path), text)
            except DocumentProblems as error:
                part.bad.append(_bad(number, str(source.path), error))

    def _made(self, path: Path, source: Source) -> bytes:
        return self._json(self.rows.rows(check_request(read(path), self.policies), self.as_of))

    def _line(self, line: bytes, number: int, source: Source) -> bytes:
        """A request document on one line, as rows."""
        try:
            document = parse_whole(decode(line, f"{source.path}.json"), f"{source.path}.json")
            return self._json(self.rows.rows(check_request(document, self.policies), self.as_of))
        except DocumentProblems as error:
            raise _moved(error, str(source.path), number) from None

    def _json(self, found: Rows) -> bytes:
        return found.model_dump_json(exclude_defaults=True).encode() + b"\n"

    # Deciding ---------------------------------------------------------------------------------------------------------

    def decide(self, entries: Sequence[Entry], part: Part) -> None:
        """Decide requests together; where something in them is wrong, decide each half."""
        import pyarrow as pa

        from engine.backends.columns.table import MalformedError

        if not entries:
            return
        try:
            table = _parsed(entries)
            found, bad = self._decided(table, part)
        except (pa.ArrowException, MalformedError, ValueError) as error:
            if len(entries) > 1:
                middle = len(entries) // 2
                self.decide(entries[:middle], part)
                self.decide(entries[middle:], part)
            else:
                part.bad.append(self._refused(entries[0], error))
            return
        for i, problems in bad.items():
            entry = entries[i]
            part.bad.append(_bad(entry.line, entry.file, _moved(problems, entry.file, entry.line)))
        part.table = pa.concat_tables([part.table, found])

    def _decided(self, table: pa.Table, part: Part) -> tuple[pa.Table, dict[int, DocumentProblems]]:
        """The answers on a table, and the requests that contradict themselves."""
        from engine.backends.columns.answers import answers
        from engine.backends.columns.evaluation import evaluate
        from engine.backends.columns.results import verdicts
        from engine.backends.columns.table import MalformedError, read_table

        if self.as_of and table["as_of"].unique().to_pylist() != [self.as_of.isoformat()]:
            raise MalformedError
        names = [*facts_read(self.policies), PAPERS]
        declared = [fact for name in names if (fact := self.policies.vocabulary.get(name))]
        evaluation = evaluate(self.program, read_table(table, self.policies, declared))
        bad: dict[int, DocumentProblems] = {}

        def exact(i: int) -> Decision | None:
            try:
                return decide_rows(self.policies, rows_at(table, i))
            except DocumentProblems as error:
                bad[i] = error
                return None

        found = verdicts(evaluation, self.guesses, exact)
        part.exactly += found.exactly
        return answers(found, self.explain, bad), bad

    def _refused(self, entry: Entry, error: Exception) -> dict[str, Any]:
        """What is wrong with one request in rows."""
        try:
            document = parse_whole(decode(entry.text, f"{entry.file}.json"), f"{entry.file}.json")
            found = read_rows(document, self.policies)
            if self.as_of and found.as_of != self.as_of:
                message = f"the rows say what held on {found.as_of}, not on {self.as_of}"
                document.report("contradicts", message, ("as_of",), help="make the rows anew for that day")
                document.check()
        except DocumentProblems as problems:
            return _bad(entry.line, entry.file, _moved(problems, entry.file, entry.line))
        message = str(error).splitlines()[0] if str(error) else "the rows cannot be read as columns"
        problem = Problem(entry.file, Mark(entry.line, 1), "unreadable", message)
        return _bad(entry.line, entry.file, DocumentProblems([problem]))

    def _columns(self, source: Source, chunk: Chunk, part: Part) -> None:
        """Decide a row group; its requests are numbered as lines are."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from engine.backends.columns.table import MalformedError

        found = pq.read_metadata(source.path)
        file = pq.ParquetFile(source.path, metadata=found, read_dictionary=list(_worded(found.schema, self.policies)))
        table = file.read_row_group(chunk.start, use_threads=False)
        part.lines = len(table)
        try:
            part.table, bad = self._decided(table, part)
        except (pa.ArrowException, MalformedError, ValueError, KeyError):
            self.decide([_entry(table, i, source) for i in range(len(table))], part)
            return
        for i, error in bad.items():
            part.bad.append(_bad(i + 1, str(source.path), _moved(error, str(source.path), i + 1)))


def _worded(columns: Any, policies: PolicySet) -> Iterator[str]:
    """The paths of the columns whose few words are best read as numbers: codes and names of rules, but no days."""
    days = {declared.name for declared in policies.vocabulary if declared.fact.type == "date"}
    for column in (columns.column(i) for i in range(len(columns))):
        path = column.path
        fact = path.partition(".facts.")[2]
        few = path.startswith("rows.") and (fact or path.count(".list.") > 1)
        if column.physical_type == "BYTE_ARRAY" and few and fact not in days:
            yield path


def _parsed(entries: Iterable[Entry]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.json as pj

    data = b"".join(entry.text if entry.text.endswith(b"\n") else entry.text + b"\n" for entry in entries)
    table = pj.read_json(
        io.BytesIO(data),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
        parse_options=pj.ParseOptions(
            explicit_schema=pa.schema([("request", pa.string()), ("as_of", pa.string())]),
            unexpected_field_behavior="infer",
        ),
    )
    if not {"request", "as_of", "rows"} <= {*table.column_names} <= {"request", "as_of", "deployment", "rows"}:
        raise ValueError
    return table


def _entry(table: pa.Table, i: int, source: Source) -> Entry:
    text = json.dumps(_plain(table.slice(i, 1).to_pylist()[0]), default=str)
    return Entry(i + 1, str(source.path), text.encode())


def rows_at(table: pa.Table, i: int) -> Rows:
    """One request of a table, as rows."""
    return Rows.model_validate(_plain(table.slice(i, 1).to_pylist()[0]))


def _plain(value: Any) -> Any:
    """What Arrow holds as JSON would: days as text, nothing where there is nothing."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        value = value.date()
    return value.isoformat() if isinstance(value, date) else value


def _moved(error: DocumentProblems, file: str, line: int) -> DocumentProblems:
    """The problems of one line at its place in the file."""
    if not line:
        return error
    return DocumentProblems(
        Problem(file, Mark(line, p.mark.column), p.code, p.message, p.where, p.help) for p in error.problems
    )


def _bad(line: int, file: str, error: DocumentProblems) -> dict[str, Any]:
    """A request that could not be decided, as the file of bad lines has it."""
    problems = [
        {"column": p.mark.column, "code": p.code, "message": p.message, "where": p.where, "help": p.help}
        for p in error.problems
    ]
    return {"file": file, "line": line, "problems": problems}
