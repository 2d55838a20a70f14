"""One chunk of requests: read, decided, and what could not be read told apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, overload

from engine.batch.parquet import read_group
from engine.batch.sources import PIECE, Chunk, Source, lines, pieces
from engine.decisions import Decision
from engine.documents import DocumentProblems, Mark, Problem, decode, parse_whole, read
from engine.facts import PAPERS, Declared
from engine.policies import PolicySet
from engine.requests import check_request
from engine.rows import RowMaker, Rows, decide_rows, facts_read, read_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.backends.columns.answers import Explain
    from engine.backends.columns.domains import Domains
    from engine.backends.columns.program import Program
    from engine.backends.columns.sheets import Sheet


Decided: TypeAlias = "tuple[pa.Table, dict[int, DocumentProblems]]"
"""The answers on a sheet, and the requests that contradict themselves."""


class Entry(NamedTuple):
    """One request of a chunk: where it stands, and its rows as a line of JSON, unless they came as columns."""

    line: int
    file: str
    text: bytes


@dataclass(frozen=True, slots=True)
class _Numbered(Sequence[Entry]):
    """Requests that came as columns, numbered as lines are."""

    file: str
    numbers: range

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, i: int) -> Entry: ...
    @overload
    def __getitem__(self, i: slice) -> _Numbered: ...
    def __getitem__(self, i: int | slice) -> Entry | _Numbered:
        if isinstance(i, slice):
            return _Numbered(self.file, self.numbers[i])
        return Entry(self.numbers[i], self.file, b"")


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
    def domains(self) -> Domains:
        """The values of unknown facts that tests tell apart."""
        from engine.backends.columns.domains import Domains

        return Domains(self.program)

    @cached_property
    def declared(self) -> list[Declared]:
        """The facts that rules read."""
        vocabulary = self.policies.vocabulary
        return [declared for name in (*facts_read(self.policies), PAPERS) if (declared := vocabulary.get(name))]

    @cached_property
    def rows(self) -> RowMaker:
        """Makes rows of requests."""
        return RowMaker(self.policies)

    def part(self, source: Source, chunk: Chunk) -> Part:
        """Decide a chunk."""
        from engine.backends.columns.answers import schema

        part = Part(schema(self.program, self.explain).empty_table())
        if source.kind == "columns":
            sheet = read_group(source.path, source.digest, chunk.start)
            part.lines = len(sheet)
            self._decide(sheet, _Numbered(str(source.path), range(1, len(sheet) + 1)), part)
        elif source.kind == "files" or not self._whole(source, chunk, part):
            for entries in _grouped(self.entries(source, chunk, part)):
                self.decide(entries, part)
        return part

    def _whole(self, source: Source, chunk: Chunk, part: Part) -> bool:
        """Decide all lines of a chunk together; False where that cannot be, since something is wrong in one of them."""
        import pyarrow as pa

        from engine.backends.columns.lines import parsed, sheet_of_lines
        from engine.backends.columns.sheets import MalformedError, check, joined

        sheets = []
        try:
            for piece in pieces(source, chunk):
                sheets.append(sheet_of_lines(parsed(piece.data), self.policies))
                check(len(sheets[-1]) == piece.lines)
            if sheets:
                sheet = joined(sheets)
                part.lines = len(sheet)
                self._keep(self._decided(sheet, part), _Numbered(str(source.path), range(1, len(sheet) + 1)), part)
        except (pa.ArrowException, MalformedError, ValueError):
            return False
        return True

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

        from engine.backends.columns.lines import parsed, sheet_of_lines
        from engine.backends.columns.sheets import MalformedError

        if not entries:
            return
        try:
            sheet = sheet_of_lines(parsed(b"".join(_line(entry.text) for entry in entries)), self.policies)
        except (pa.ArrowException, MalformedError, ValueError) as error:
            if len(entries) > 1:
                middle = len(entries) // 2
                self.decide(entries[:middle], part)
                self.decide(entries[middle:], part)
            else:
                part.bad.append(self._refused(entries[0], error))
            return
        self._decide(sheet, entries, part)

    def _decide(self, sheet: Sheet, entries: Sequence[Entry], part: Part) -> None:
        import pyarrow as pa

        from engine.backends.columns.sheets import MalformedError

        try:
            decided = self._decided(sheet, part)
        except (pa.ArrowException, MalformedError, ValueError) as error:
            if len(sheet) > 1:
                middle = len(sheet) // 2
                self._decide(sheet.take(range(middle)), entries[:middle], part)
                self._decide(sheet.take(range(middle, len(sheet))), entries[middle:], part)
            else:
                (entry,) = entries
                text = entry.text or json.dumps(self._document(sheet, 0)).encode()
                part.bad.append(self._refused(entry._replace(text=text), error))
            return
        self._keep(decided, entries, part)

    def _keep(self, decided: Decided, entries: Sequence[Entry], part: Part) -> None:
        import pyarrow as pa

        found, bad = decided
        for i, problems in bad.items():
            entry = entries[i]
            part.bad.append(_bad(entry.line, entry.file, _moved(problems, entry.file, entry.line)))
        part.table = pa.concat_tables([part.table, found])

    def _decided(self, sheet: Sheet, part: Part) -> Decided:
        """The answers on a sheet, and the requests that contradict themselves."""
        from engine.backends.columns.answers import answers
        from engine.backends.columns.evaluation import evaluate
        from engine.backends.columns.results import verdicts
        from engine.backends.columns.sheets import check
        from engine.backends.columns.table import read_table

        check(not self.as_of or sheet.words("as_of").words == [self.as_of.isoformat()])
        evaluation = evaluate(self.program, read_table(sheet, self.policies, self.declared))
        bad: dict[int, DocumentProblems] = {}

        def exact(i: int) -> Decision | None:
            try:
                return decide_rows(self.policies, Rows.model_validate(self._document(sheet, i)))
            except DocumentProblems as error:
                bad[i] = error
                return None

        found = verdicts(evaluation, self.domains, exact)
        part.exactly += found.exactly
        return answers(found, self.explain, bad), bad

    def _document(self, sheet: Sheet, i: int) -> dict[str, Any]:
        return sheet.document(i, {declared.name: declared.fact.type for declared in self.policies.vocabulary})

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


def _grouped(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    """As many together as are parsed at once."""
    group: list[Entry] = []
    size = 0
    for entry in entries:
        group.append(entry)
        size += len(entry.text)
        if size >= PIECE:
            yield group
            group, size = [], 0
    yield group


def _line(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"


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
