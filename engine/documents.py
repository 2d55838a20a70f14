"""Read YAML and JSON documents that nobody vouches for, and say exactly where one is wrong.

The reader builds plain data from parser events, so that limits on size, depth and aliases hold before anything is
built. Only the scalar forms below mean something other than text; what other YAML readers guess at (`no`, `012`) is a
problem here, not a value:

    true false | null ~ | 12 -3 | 1.5 | 2026-11-23

The exceptions of this package::

    AssentError                what a user can mend; its text is ready to print
    +-- DocumentProblems       one or more problems of one or more documents, each with its place
    +-- CannotDo               the documents are fine, but what was asked cannot be done
"""

from __future__ import annotations

import copy
import difflib
import hashlib
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.types import Strict

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 60
MAX_NODES = 400_000
"""Nodes of a document after its aliases are written out."""


class AssentError(Exception):
    """What a user can mend. Its text is ready to print."""


class CannotDo(AssentError):
    """The documents are fine, but what was asked cannot be done."""


_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Text with its control characters written out: none can move a cursor, turn a line round or begin a new one."""
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Mark(NamedTuple):
    """A place in a file; both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a document.

    `code` is stable and listed in docs/messages.md; `where` is the path inside the document (`flows.0.from`).
    """

    file: str
    mark: Mark
    code: str
    message: str
    where: str = ""
    help: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.mark.line}:{self.mark.column}" if self.mark.line else self.file
        where = f" (at {self.where})" if self.where else ""
        help_line = f"\n  help: {visible(self.help)}" if self.help else ""
        return f"{visible(place)}: {visible(self.message + where)} [{self.code}]{help_line}"


class DocumentProblems(AssentError):
    """Every problem found in one reading."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


Path_ = tuple[str | int, ...]
"""A path inside a document: keys and positions."""


class Place(NamedTuple):
    """Where something stands: a file and a mark in it."""

    file: str
    mark: Mark


class Map(dict[str, Any]):
    """A mapping that remembers where each key and value stands."""

    __slots__ = ("keys_at", "path", "values_at")

    def __init__(self, path: Path_ = ()) -> None:
        super().__init__()
        self.path = path
        self.keys_at: dict[str, Mark] = {}
        self.values_at: dict[str, Mark] = {}


class Seq(list[Any]):
    """A list that remembers where each item stands."""

    __slots__ = ("items_at", "path")

    def __init__(self, path: Path_ = ()) -> None:
        super().__init__()
        self.path = path
        self.items_at: list[Mark] = []


@dataclass(slots=True)
class Document:
    """A document as read: plain data whose containers know their place, and the problems found so far.

    `digest` is the SHA-256 of its text.
    """

    file: str
    data: Any
    digest: str = ""
    problems: list[Problem] = field(default_factory=list)
    misread: set[Mark] = field(default_factory=set)
    """Places that the reader could not make sense of: nothing more is said of what stands there."""

    def mark_of(self, path: Sequence[str | int], *, key: bool = False) -> Mark:
        """The place of the value at `path` (of its key if `key`), or of the nearest container that exists."""
        here, mark = self.data, Mark(1, 1)
        for step in path:
            if isinstance(here, Map) and step in here:
                mark = here.keys_at[str(step)] if key and step == path[-1] else here.values_at[str(step)]
                here = here[str(step)]
            elif isinstance(here, Seq) and isinstance(step, int) and 0 <= step < len(here):
                mark, here = here.items_at[step], here[step]
            else:
                break
        return mark

    def report(
        self, code: str, message: str, path: Sequence[str | int] = (), *, help: str = "", key: bool = False
    ) -> None:
        """Note a problem at `path`."""
        mark = self.mark_of(path, key=key)
        if mark not in self.misread:
            self.problems.append(Problem(self.file, mark, code, message, ".".join(map(str, path)), help))

    def check(self) -> None:
        """Raise `DocumentProblems` if anything is wrong."""
        if self.problems:
            raise DocumentProblems(self.problems)


_PREFIX = 4
"""A word of so many letters that begins a name is taken to mean it."""


def nearest(word: str, known: Iterable[str], *, among: str = "") -> str:
    """A help line that names the right spelling nearest to `word`, or lists what there is when it is short."""
    choices = sorted(set(known))
    close = [c for c in choices if len(word) >= _PREFIX and c.startswith(word)][:1]
    close = close or difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if not close:  # people write the last part of a dotted name, or another separator
        tail = re.split(r"[./ ]", word)[-1].replace("-", "_").lower()
        close = [c for c in choices if c.replace("-", "_").lower().split(".")[-1] == tail][:1]
    if close:
        return f'did you mean "{close[0]}"?'
    if 0 < len(choices) <= 12:
        return f"{among or 'known'}: {', '.join(choices)}"
    return ""


# Reading --------------------------------------------------------------------------------------------------------------


def read(path: Path) -> Document:
    """Read the YAML or JSON file at `path`.

    Raises `DocumentProblems` only where nothing can be built (`unreadable`, `too-large`, `not-text`, `syntax` ...); all
    other problems are noted in the document, so that one run finds those of its content too.
    """
    return parse_whole(_read_text(path), str(path))


def parse(text: str, file: str = "<text>") -> Document:
    """Parse YAML or JSON `text`; `file` is the name that messages show. Raises `DocumentProblems`."""
    document = parse_whole(text, file)
    document.check()
    return document


def parse_whole(text: str, file: str = "<text>") -> Document:
    """As `parse`, but raises only where nothing can be built; all other problems are noted in the document."""
    document = Document(file, None, hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest())
    if len(text) > MAX_BYTES:
        document.report("too-large", f"the document is larger than {MAX_BYTES // 2**20} MiB")
        document.check()
    if file.endswith(".json"):
        text = _join_surrogates(text)
    try:
        _Builder(document).build(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)
        document.problems.append(Problem(file, place, "syntax", f"cannot be read as YAML: {error.problem}"))
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode(errors="ignore")
        place = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        document.problems.append(Problem(file, place, "not-text", f"is not plain text: {error.reason}"))
    except UnicodeEncodeError as error:
        before = text[: error.start]
        place = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        document.problems.append(Problem(file, place, "not-text", "holds half of a character (a lone surrogate)"))
    except _Stop:
        pass
    else:
        return document
    raise DocumentProblems(document.problems)


def _read_text(path: Path) -> str:
    def refuse(code: str, message: str) -> DocumentProblems:
        return DocumentProblems([Problem(str(path), Mark(0, 0), code, message)])

    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise refuse("unreadable", "is a directory; a file is needed")
        if not stat.S_ISREG(status.st_mode):
            raise refuse("unreadable", "is not an ordinary file")
        if status.st_size > MAX_BYTES:
            raise refuse("too-large", f"is larger than {MAX_BYTES // 2**20} MiB")
        raw = path.read_bytes()
    except OSError as error:
        raise refuse("unreadable", f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise refuse("unreadable", "is not a file name") from None
    return decode(raw, str(path))


def decode(raw: bytes, file: str) -> str:
    """The text of a file that has these bytes. Raises `DocumentProblems` where it is none."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        problem = Problem(file, Mark(line, column), "not-text", "is not UTF-8 text")
        raise DocumentProblems([problem]) from None


def _join_surrogates(text: str) -> str:
    """JSON writes characters above U+FFFF as two escapes; YAML knows one."""

    def join(match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        return chr(0x10000 + ((int(match[2], 16) - 0xD800) << 10) + int(match[3], 16) - 0xDC00)

    return re.sub(r"(\\\\)|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})", join, text)


class _Stop(Exception):
    """Building cannot go on; the problem is noted."""


class _Builder:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.anchors: dict[str | None, tuple[Any, int]] = {}
        self.nodes = 0

    def build(self, events: Iterator[Any]) -> None:
        self.events = events
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if self.nodes:
                    self.stop("syntax", "a file holds one document; a second begins here", _mark(event))
                self.document.data = self.value(next(events), (), 0)
        if not self.nodes:
            self.stop("empty", "is empty", Mark(1, 1))

    def value(self, event: Any, path: Path_, depth: int) -> Any:
        mark = _mark(event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                self.stop("bad-alias", f'"*{event.anchor}" points to nothing that is complete before it', mark)
            known, size = self.anchors[event.anchor]
            self.count(size, mark)
            return known
        before = self.nodes
        self.count(1, mark)
        if event.tag not in (None, "!"):
            self.report("tag", f'tags such as "{_tag(event)}" are not allowed', mark, path)
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = self.scalar(event, mark, path)
        else:
            if depth >= MAX_DEPTH:
                self.stop("too-deep", f"is nested more than {MAX_DEPTH} levels deep", mark)
            build = self.map if isinstance(event, yaml.MappingStartEvent) else self.seq
            value = build(path, depth)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.nodes - before)
        return value

    def map(self, path: Path_, depth: int) -> Map:
        result = Map(path)
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key_mark = _mark(event)
            if not isinstance(event, yaml.ScalarEvent):
                self.stop("bad-key", "a key must be plain text", key_mark)
            key = event.value
            if event.tag not in (None, "!"):
                self.report("tag", f'tags such as "{_tag(event)}" are not allowed', key_mark, (*path, key))
            value_event = next(self.events)
            value = self.value(value_event, (*path, key), depth + 1)
            if key in result:
                first = result.keys_at[key]
                self.report(
                    "duplicate-key", f'"{key}" stands twice; first on line {first.line}', key_mark, (*path, key)
                )
                continue
            result[key] = value
            result.keys_at[key] = key_mark
            result.values_at[key] = _mark(value_event)
        return result

    def seq(self, path: Path_, depth: int) -> Seq:
        result = Seq(path)
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            result.append(self.value(event, (*path, len(result)), depth + 1))
            result.items_at.append(_mark(event))
        return result

    def scalar(self, event: Any, mark: Mark, path: Path_) -> Any:
        text: str = event.value
        if not event.implicit[0]:  # quoted or block text
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _NUMBER.fullmatch(text):
            return int(text) if _INTEGER.fullmatch(text) else float(text)
        if text.lower() in _AMBIGUOUS:
            self.report(
                "ambiguous", f'"{text}" could be read in two ways', mark, path,
                help=f'write true or false, or "{text}" in quotes if it is text',
            )  # fmt: skip
        elif _ZERO_PADDED.fullmatch(text):
            self.report(
                "ambiguous", f'"{text}" begins with a zero', mark, path,
                help=f'write "{text}" in quotes if it is a code, {text.lstrip("-+0") or "0"} if it is a number',
            )  # fmt: skip
        elif _DATE_LIKE.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                self.report(
                    "bad-date",
                    f'"{text}" is not a date',
                    mark,
                    path,
                    help="write dates as YYYY-MM-DD, as in 2026-11-23",
                )
        return text

    def count(self, nodes: int, mark: Mark) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self.stop("too-large", f"holds more than {MAX_NODES:,} values once its aliases are written out", mark)

    def report(self, code: str, message: str, mark: Mark, path: Path_, help: str = "") -> None:
        where = ".".join(map(str, path))
        self.document.problems.append(Problem(self.document.file, mark, code, message, where, help))
        self.document.misread.add(mark)

    def stop(self, code: str, message: str, mark: Mark) -> None:
        self.report(code, message, mark, ())
        raise _Stop


def _tag(event: Any) -> str:
    """A tag as it was written."""
    tag: str = event.tag
    return tag.replace("tag:yaml.org,2002:", "!!", 1)


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_AMBIGUOUS = {"true", "false", "null", "yes", "no", "on", "off"}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")
_ZERO_PADDED = re.compile(r"[-+]?0[0-9]+")
_DATE_LIKE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")


# Models ---------------------------------------------------------------------------------------------------------------


class Model(BaseModel):
    """Base of every model of a document: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True, defer_build=True
    )


KEBAB = r"^[a-z][a-z0-9-]*$"
SNAKE = r"^[a-z][a-z0-9_]*$"
CLAUSE_ID = r"^[a-z][a-z0-9-]*\.clause\.[a-z0-9.-]+$"
ID = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
"""The forms of names that documents use."""


def written_day(raw: Any) -> Any:
    """The day that a text writes, as JSON has to; anything else as it is."""
    if isinstance(raw, str) and _DAY.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            return raw
    return raw


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Day = Annotated[date, Strict(), BeforeValidator(written_day)]
Flag = Annotated[bool, Strict()]

M = TypeVar("M", bound=BaseModel)

_WORDING = {
    "missing": "is missing",
    "string_type": "should be text",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "date_type": "should be a date, as in 2026-11-23",
    "date_from_datetime_parsing": "should be a date, as in 2026-11-23",
    "dict_type": "should be a mapping of names to values",
    "mapping_type": "should be a mapping of names to values",
    "model_type": "should be a mapping of names to values",
    "model_attributes_type": "should be a mapping of names to values",
    "list_type": "should be a list",
    "tuple_type": "should be a list",
    "string_too_short": "should not be empty",
    "string_too_long": "is too long",
    "too_long": "lists too many",
    "too_short": "should not be empty",
}


def validate(model: type[M], document: Document, context: dict[str, Any] | None = None) -> M:
    """The document as a `model`.

    Keys that are not known are noted as problems of the document and left out, so that the rest can be checked too:
    call `document.check()` once everything is. Raises `DocumentProblems` where no model can be made.
    """
    data = document.data
    for _ in range(2):
        try:
            return model.model_validate(data, context=context)
        except ValidationError as error:
            items = error.errors(include_url=False)
        for item in items:
            _report(document, model, item)
        if any(item["type"] != "extra_forbidden" for item in items):
            break
        data = _without(data, [item["loc"] for item in items])
    raise DocumentProblems(document.problems)


def _without(data: Any, paths: Sequence[tuple[str | int, ...]]) -> Any:
    """A copy of the data without the keys at some paths; containers keep their places."""
    here = {path[0] for path in paths if len(path) == 1}
    below: dict[str | int, list[tuple[str | int, ...]]] = {}
    for path in paths:
        if len(path) > 1:
            below.setdefault(path[0], []).append(path[1:])
    result = copy.copy(data)
    for key in here:
        del result[key]
    for key, rest in below.items():
        result[key] = _without(data[key], rest)
    return result


def _report(document: Document, model: type[BaseModel], item: Any) -> None:
    kind = item["type"]
    path = [step for step in item["loc"] if step != "[key]"]
    in_key = "[key]" in item["loc"]
    name = _shown(path)
    if kind == "extra_forbidden":
        known = _names_at(model, path[:-1])
        document.report("unknown-key", f"{name} is not known here", path, help=nearest(str(path[-1]), known), key=True)
    elif kind == "missing":
        document.report("missing-key", f"{name} is missing", path)
    elif kind in ("literal_error", "enum"):
        known = re.findall(r"'([^']*)'", item["ctx"]["expected"])
        shown = item["input"] if isinstance(item["input"], str | int | float) else "this"
        document.report(
            "unknown-code", f'{name} cannot be "{shown}"', path, help=nearest(str(shown), known, among="one of")
        )
    elif kind == "string_pattern_mismatch":
        known_form = _FORMS_OF_NAMES.get(item["ctx"]["pattern"], "")
        what = f"{name} cannot be a name here" if in_key else f'{name} cannot be "{item["input"]}"'
        document.report("bad-name", what, path, help=known_form, key=in_key)
    elif kind == "value_error":
        document.report("bad-value", f"{name} {item['ctx']['error']}", path)
    else:
        document.report("wrong-kind", f"{name} {_WORDING.get(kind, item['msg'].lower())}", path)


def _shown(path: Sequence[str | int]) -> str:
    if not path:
        return "the document"
    return f"item {path[-1] + 1}" if isinstance(path[-1], int) else f'"{path[-1]}"'


_FORMS_OF_NAMES = {
    KEBAB: "write lower case letters, digits and hyphens, beginning with a letter, as in audit-evaluation",
    SNAKE: "write lower case letters, digits and underscores, beginning with a letter, as in education_record",
    CLAUSE_ID: "write framework.clause.name, as in ferpa.clause.use-limit",
    ID: "write letters, digits, hyphens and underscores, as in sde-to-hub",
}


def _names_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys that the model allows at `path`."""
    here: Any = model
    for step in path:
        here = _descend(here, step)
    found = _model_in(here)
    return sorted(f.alias or name for name, f in found.model_fields.items()) if found else []


def _descend(annotation: Any, step: str | int) -> Any:
    model = _model_in(annotation)
    if model is not None:
        for name, info in model.model_fields.items():
            if step in (name, info.alias):
                return info.annotation
        return None
    for part in _parts(annotation):
        if get_origin(part) in (list, tuple, dict):
            return get_args(part)[-1 if get_origin(part) is dict else 0]
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    return next((p for p in _parts(annotation) if isinstance(p, type) and issubclass(p, BaseModel)), None)


def _parts(annotation: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _parts(get_args(annotation)[0])
    if origin is Union or str(origin) == "<class 'types.UnionType'>":
        return [p for arg in get_args(annotation) for p in _parts(arg)]
    return [annotation]


# What is shipped ------------------------------------------------------------------------------------------------------


@cache
def shipped(name: str) -> Path:
    """The folder of that name shipped with the product: beside the package in a checkout, inside it in a wheel."""
    here = Path(__file__).parent
    bundled = here / "bundled" / name
    return bundled if bundled.is_dir() else here.parent / name
