"""Facts: their types, the vocabulary that declares them, their values, and three-valued truth.

Truth is `True`, `False` or `None` (unknown), after Kleene's strong logic (S. C. Kleene, Introduction to
Metamathematics, 1952, section 64): a conjunction with a false part is false whatever the rest may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema

from engine.documents import Document, Flag, Mark, Model, Path_, nearest, written_day

Truth = bool | None


def all_of(values: Iterable[Truth]) -> Truth:
    """False if one is false, else unknown if one is unknown, else true."""
    result: Truth = True
    for value in values:
        if value is False:
            return False
        if value is None:
            result = None
    return result


def any_of(values: Iterable[Truth]) -> Truth:
    """True if one is true, else unknown if one is unknown, else false."""
    result: Truth = False
    for value in values:
        if value is True:
            return True
        if value is None:
            result = None
    return result


def negation(value: Truth) -> Truth:
    """The opposite; unknown stays unknown."""
    return None if value is None else not value


def at_least(count: int, values: Iterable[Truth]) -> Truth:
    """Whether `count` or more are true."""
    values = list(values)
    sure, possible = values.count(True), len(values) - values.count(False)
    return True if sure >= count else None if possible >= count else False


# Values ---------------------------------------------------------------------------------------------------------------


class Absence(Enum):
    """Why a fact has no value. The first two are unknown; the third is an answer."""

    NOT_ASKED = "not yet asked"
    NOT_KNOWN = "asked and not known"
    DOES_NOT_APPLY = "does not apply"


class CodeSet(NamedTuple):
    """A set of codes: those surely in it, and those that may be."""

    has: frozenset[str]
    may: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time; only durations of one class (`hours`, `business days`, `months`) can be compared.

    `written` is how a document has it, which is no part of the value: 24 hours are a day, but end at their hour.
    """

    amount: int
    unit: str
    written: str = field(default="", compare=False)


Scalar = bool | str | int | float | date | Duration
Value = Scalar | CodeSet | Absence


def unknown(value: Value) -> bool:
    """Whether nothing at all is known of the value."""
    return value is Absence.NOT_ASKED or value is Absence.NOT_KNOWN


def printable(value: Value) -> Any:
    """The value as a decision document or a person shows it."""
    if isinstance(value, Absence):
        return value.value
    if isinstance(value, CodeSet):
        return sorted(value.has) + (["and possibly others"] if value.may else [])
    if isinstance(value, Duration):
        return value.written or _in_words(value)
    return value.isoformat() if isinstance(value, date) else value


def _in_words(duration: Duration) -> str:
    for size, unit in ((24, "days"), (12, "years")):
        if (
            duration.unit == {24: "hours", 12: "months"}[size]
            and duration.amount % size == 0
            and duration.amount > size
        ):
            return f"{duration.amount // size} {unit}"
    return f"{duration.amount} {duration.unit}"


# Declarations ---------------------------------------------------------------------------------------------------------

FactType = Literal["boolean", "code", "codes", "date", "number", "duration", "text"]
SCOPES = ("request", "provider", "sender", "receiver", "data", "flow", "deployment")
PARTY_SCOPES = ("provider", "sender", "receiver")
DERIVED = frozenset(
    {
        "request.date", "request.provider_count", "request.through_hub",
        "provider.is_hub", "sender.is_hub", "receiver.is_hub",
        "receiver.users_named", "receiver.users_acknowledged", "receiver.users_public_employees",
        "data.received_under", "data.restrictions",
        "flow.leg", "flow.redisclosure", "flow.returns_to_provider", "flow.receiver_is_provider", "flow.linked",
        "flow.onward_planned", "flow.purpose_as_received", "flow.instruments",
    }
)  # fmt: skip
"""The facts that the graph computes; the vocabulary declares them with `derived: true`."""
RECEIVED_UNDER = "data.received_under"
"""The bases under which data were disclosed before."""
RESTRICTIONS = "data.restrictions"
"""What those bases attached."""
TRAVELLING = (RECEIVED_UNDER, RESTRICTIONS)
"""The facts that the answers on earlier disclosures decide."""
PAPERS = "flow.instruments"
"""The papers in force between the parties of a disclosure."""
SAME_PURPOSE = "flow.purpose_as_received"
"""Whether a disclosure serves a purpose for which its data arrived."""
FACT_NAME = re.compile(r"(request|party|provider|sender|receiver|data|flow|deployment)\.[a-z][a-z0-9_]*")
Owner = Literal["request", "party", "data", "flow", "deployment"]


ChangeKind = Literal[
    "deliver", "aggregate", "reduce", "plan", "promise", "sign", "approve", "consent", "mend", "recipient"
]  # fmt: skip
"""How people can bring about another value of a fact."""


class Reach(Model):
    """The values that a change can bring about; of a set, the codes it can add and those it can take away.

    `to` is nothing where any value can be brought about.
    """

    to: tuple[Any, ...] | None = None
    remove: tuple[str, ...] = ()


def _read_reach(raw: Any) -> Any:
    if raw == "any":
        return Reach()
    if isinstance(raw, list | tuple):
        return Reach(to=tuple(raw))
    if isinstance(raw, dict) and raw and all(k in ("add", "remove") and isinstance(v, list) for k, v in raw.items()):
        return Reach(to=tuple(raw.get("add", ())), remove=tuple(raw.get("remove", ())))
    raise ValueError('should be a list of values, "any", or for a set the lists "add" and "remove"')


_LIST = {"type": "array", "items": {"type": ["string", "number", "boolean"]}, "minItems": 1}
_SET_CHANGE = {
    "type": "object", "properties": {"add": _LIST, "remove": _LIST}, "minProperties": 1, "additionalProperties": False,
}  # fmt: skip
Change = Annotated[
    Reach, BeforeValidator(_read_reach), WithJsonSchema({"anyOf": [{"const": "any"}, _LIST, _SET_CHANGE]})
]


class Fact(Model):
    """The declaration of a fact, as written in the vocabulary or in a framework."""

    type: FactType
    question: str = ""
    asked_of: Literal["requester", "provider", "hub", "receiver", "counsel"] | None = None
    codes: dict[str, str] = Field(default_factory=dict)
    optional: Flag = False
    towards: Literal["provider", "sender", "receiver"] | None = None
    derived: Flag = False
    change: dict[ChangeKind, Change] = Field(default_factory=dict)
    """How people can bring about another value, and which; by no means where it is empty."""
    cite: str = ""
    note: str = ""


class Declared(NamedTuple):
    """A fact as rules read it: its name (`receiver.kind`), the scope it was declared in, and all its codes."""

    name: str
    scope: str
    fact: Fact
    codes: Mapping[str, str]
    source: str

    @property
    def optional(self) -> bool:
        """Whether it may not apply; a text may always be absent."""
        return self.fact.optional or self.fact.type == "text"

    @property
    def shown(self) -> str:
        """The name that messages use: a fact of any party is not named by a role."""
        return f"party.{self.key}" if self.scope == "party" else self.name

    @property
    def key(self) -> str:
        """The name without its scope: what a request writes."""
        return self.name.partition(".")[2]


class Vocabulary:
    """Every fact that rules may read, by the name they read it under."""

    def __init__(self) -> None:
        self._declared: dict[str, Declared] = {}

    def declare(self, name: str, fact: Fact, source: str, document: Document, path: Path_) -> None:
        """Add the declaration of one fact; reports a name that is malformed or already taken."""
        if not FACT_NAME.fullmatch(name):
            document.report(
                "bad-name", f'"{name}" cannot be the name of a fact', path, key=True,
                help=f"a fact is scope.name, with a scope of party, {', '.join(SCOPES)}",
            )  # fmt: skip
            return
        if fact.derived and name not in DERIVED:
            document.report("unknown-fact", f'"{name}" is not computed by the graph', path, help=nearest(name, DERIVED))
        scope, _, key = name.partition(".")
        for alias in [f"{role}.{key}" for role in PARTY_SCOPES] if scope == "party" else [name]:
            if alias in self._declared:
                document.report(
                    "declared-twice", f'"{alias}" is already declared by {self._declared[alias].source}', path, key=True
                )
                continue
            self._declared[alias] = Declared(alias, scope, fact, fact.codes, source)
        self._check_changes(name, fact, document, path)

    def _check_changes(self, name: str, fact: Fact, document: Document, path: Path_) -> None:
        """Report what cannot be changed at all, and values that the fact cannot have."""
        declared = Declared(name, name.partition(".")[0], fact, fact.codes, "")
        for kind, reach in fact.change.items():
            at = (*path, "change", kind)
            report = fact_problems(document, at)
            if fact.derived or fact.type == "text" or name.startswith("deployment."):
                report("misplaced", f"{name} is a fact that nobody can change", "")
            elif reach.remove and fact.type != "codes":
                report("misplaced", '"remove" is for sets of codes', "list the values that can be brought about")
            for value in (*(reach.to or ()), *reach.remove):
                read_scalar(declared, value, report)

    def add_codes(
        self, name: str, codes: Mapping[str, str], document: Document | None = None, path: Path_ = ()
    ) -> None:
        """Add codes to a fact declared elsewhere."""
        scope, _, key = name.partition(".")
        names = [f"{role}.{key}" for role in PARTY_SCOPES] if scope == "party" else [name]
        for alias in names:
            if alias not in self._declared:
                if document:
                    help_line = nearest(name, self.names())
                    document.report("unknown-fact", f'"{name}" is not a fact', path, key=True, help=help_line)
                return
            declared = self._declared[alias]
            for code in codes:
                if code in declared.codes and document and alias == names[0]:
                    message = f'the code "{code}" of {name} is already defined'
                    document.report("declared-twice", message, (*path, code), key=True)
            self._declared[alias] = declared._replace(codes={**declared.codes, **codes})

    def joined(self, other: Vocabulary) -> Vocabulary:
        """The facts of both, as far as a document that both can read may state them.

        A single code must be known to both, and a fact apply where one says so; sets have the codes of either.
        """
        result = Vocabulary()
        result._declared = {**other._declared, **self._declared}
        for name in self._declared.keys() & other._declared.keys():
            result._declared[name] = _joined(self[name], other[name])
        return result

    def get(self, name: str) -> Declared | None:
        """The fact that rules read under `name`, if there is one."""
        return self._declared.get(name)

    def __getitem__(self, name: str) -> Declared:
        return self._declared[name]

    def __iter__(self) -> Iterator[Declared]:
        return iter(self._declared.values())

    def names(self) -> list[str]:
        """All names that rules may read."""
        return sorted(self._declared)

    def stated_under(self, owner: Owner) -> dict[str, Declared]:
        """Facts by the key a document writes under an owner; a party's facts may be read in any of its roles."""
        scopes = ("party", *PARTY_SCOPES) if owner == "party" else (owner,)
        return {d.key: d for d in self._declared.values() if d.scope in scopes and not d.fact.derived}


def _joined(one: Declared, other: Declared) -> Declared:
    if one.fact.type == "code":
        codes = {code: says for code, says in one.codes.items() if code in other.codes}
    else:
        codes = {**other.codes, **one.codes}
    fact = one.fact.model_copy(update={"optional": one.fact.optional and other.fact.optional})
    return one._replace(fact=fact, codes=codes)


# Reading values -------------------------------------------------------------------------------------------------------

DURATION = re.compile(r"^([0-9]{1,6}) (hours?|days?|business days?|weeks?|months?|years?)$")
_UNITS = {
    "hour": (1, "hours"), "day": (24, "hours"), "week": (168, "hours"),
    "business day": (1, "business days"), "month": (1, "months"), "year": (12, "months"),
}  # fmt: skip


def read_value(declared: Declared, raw: Any, report: Callable[[str, str, str], None]) -> Value:
    """The value of a fact as a document states it; `report(code, message, help)` takes what is wrong with it."""
    fact = declared.fact
    if raw == "unknown":
        return Absence.NOT_KNOWN
    if raw == "not_applicable":
        if not declared.optional:
            report("must-apply", f'"{declared.key}" always applies', "write unknown if it is not known")
        return Absence.DOES_NOT_APPLY
    if fact.type == "codes":
        items = raw if isinstance(raw, list | tuple) else [raw]
        codes = [read_code(declared, item, report) for item in items]
        return CodeSet(frozenset(codes))
    return read_scalar(declared, raw, report)


def read_code(declared: Declared, raw: Any, report: Callable[[str, str, str], None]) -> str:
    """One code of a fact, reported unless the fact has it."""
    if not isinstance(raw, str) or raw not in declared.codes:
        shown = raw if isinstance(raw, str) else _shown(raw)
        help_line = nearest(str(shown), declared.codes, among="one of")
        report("unknown-code", f'"{shown}" is not a code of {declared.shown}', help_line)
    return str(raw)


def _shown(raw: Any) -> str:
    if raw is None:
        return "nothing"
    if isinstance(raw, list | dict):
        return "a list" if isinstance(raw, list) else "a mapping"
    return f'"{raw}"' if isinstance(raw, str) else str(raw).lower()


def read_scalar(declared: Declared, raw: Any, report: Callable[[str, str, str], None]) -> Scalar:
    """One value of a fact that is no set."""
    kind = declared.fact.type
    if kind in ("code", "codes"):
        return read_code(declared, raw, report)
    if kind == "boolean" and isinstance(raw, bool):
        return raw
    if kind == "number" and isinstance(raw, int | float) and not isinstance(raw, bool):
        return raw
    if kind == "date" and isinstance(day := written_day(raw), date):
        return day
    if kind == "text" and isinstance(raw, str):
        return raw
    if kind == "duration" and isinstance(raw, str) and (match := DURATION.fullmatch(raw)):
        factor, unit = _UNITS[match[2].removesuffix("s")]
        return Duration(int(match[1]) * factor, unit, raw)
    expected = {
        "boolean": "true or false", "number": "a number, as in 10", "date": "a date, as in 2026-11-23",
        "text": "text", "duration": "a length of time, as in 30 days or 24 hours",
    }[kind]  # fmt: skip
    report("wrong-kind", f"{declared.shown} should be {expected}, not {_shown(raw)}", "")
    return False


class Statement(NamedTuple):
    """A fact as a document states it. `towards` holds values that differ by the other party."""

    value: Value
    towards: Mapping[str, Value]
    mark: Mark


def read_facts(document: Document, raw: Any, path: Path_, declared: Mapping[str, Declared]) -> dict[str, Statement]:
    """The facts stated in the mapping at `path`, by key; what is wrong is reported to the document."""
    result: dict[str, Statement] = {}
    for key, item in (raw or {}).items():
        at = (*path, key)
        found = declared.get(key)
        if found is None:
            document.report("unknown-fact", f'"{key}" is not a fact here', at, help=nearest(key, declared), key=True)
            continue
        towards: dict[str, Value] = {}
        value: Value = Absence.NOT_ASKED
        if isinstance(item, dict) and found.fact.towards:
            towards = {who: read_value(found, v, fact_problems(document, (*at, who))) for who, v in item.items()}
        else:
            value = read_value(found, item, fact_problems(document, at))
        result[key] = Statement(value, towards, document.mark_of(at))
    return result


def fact_problems(document: Document, path: Path_) -> Callable[[str, str, str], None]:
    """A `report` for `read_value` that notes problems at `path`."""

    def report(code: str, message: str, help: str) -> None:
        document.report(code, message, path, help=help)

    return report
