"""Conditions as the text of Python functions.

Every framework becomes a function of the facts of one row. A condition is written twice, as what must hold (true) and
as what may hold (not false), so that unknown needs no value of its own: it is what may hold but need not. Names in the
generated text are numbered and every constant is bound; nothing that a policy says is ever part of the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import combinations
from typing import Any

from engine.backends.columns.program import Program
from engine.conditions import FactName, Test
from engine.facts import Duration, Truth

EMPTY: tuple[str, ...] = ()
NOWHERE = EMPTY
"""The value of a fact that does not apply: equal to nothing, in no set and in no order; of a set, the empty one."""

Get = Callable[..., Any]
Answers = tuple[bool, tuple[Truth, ...], tuple[Truth, ...]]
"""Whether a framework surely applies, and what became of its bars and bases."""
Flags = Callable[[Get, Get], tuple[bool, ...]]
Truths = Callable[[Get, Get], tuple[Truth, ...]]


@dataclass(frozen=True, slots=True)
class Functions:
    """One framework on a row that it may reach.

    Its answers, which parts of bases may hold and, for each list of duties, which may be owed and the truth of all.
    """

    answers: Callable[[Get, Get], Answers]
    parts: Callable[[Get, Get], tuple[tuple[bool, ...], ...]]
    owed: tuple[Flags, ...]
    duties: tuple[Truths, ...]


def functions(
    program: Program, applies: int, bars: Sequence[int], bases: Sequence[int], parts: Sequence[Sequence[int]],
    owed: Sequence[Sequence[int]],
) -> Functions:  # fmt: skip
    """The functions of one framework, from the numbers of its steps."""
    writer = _Writer(program)
    texts = [
        writer.function(
            "answers",
            [*bars, *bases],
            lambda: f"{writer.must(applies)}, {_tuple(map(writer.truth, bars))}, {_tuple(map(writer.truth, bases))}",
        ),
        writer.function(
            "parts",
            [step for some in parts for step in some],
            lambda: _tuple(_tuple(map(writer.may, some)) for some in parts),
        ),
    ]
    for i, some in enumerate(owed):
        texts.append(writer.function(f"owed{i}", some, partial(_each, writer.may, some)))
        texts.append(writer.function(f"duties{i}", some, partial(_each, writer.truth, some)))
    names = writer.define(texts)
    return Functions(
        names["answers"],
        names["parts"],
        tuple(names[f"owed{i}"] for i in range(len(owed))),
        tuple(names[f"duties{i}"] for i in range(len(owed))),
    )


def truths(program: Program, steps: Sequence[int]) -> Truths:
    """A function that gives the three-valued truth of some steps."""
    writer = _Writer(program)
    found: Truths = writer.define([writer.function("truths", steps, partial(_each, writer.truth, steps))])["truths"]
    return found


def possible(program: Program, steps: Sequence[int]) -> Flags:
    """A function that says which of some steps may hold."""
    writer = _Writer(program)
    found: Flags = writer.define([writer.function("possible", steps, partial(_each, writer.may, steps))])["possible"]
    return found


def together(program: Program, groups: Sequence[Sequence[int]]) -> Callable[[Get, Get], bool]:
    """A function that says whether two steps of some group may hold at once."""
    writer = _Writer(program)
    pairs = [pair for group in groups for pair in combinations(group, 2)]
    both = " or ".join(f"{writer.may(one)} and {writer.may(other)}" for one, other in pairs) or "False"
    found: Callable[[Get, Get], bool]
    found = writer.define([f"def together(g, m):\n    return bool({both})\n"])["together"]
    return found


def _each(write: Callable[[int], str], steps: Sequence[int]) -> str:
    return _tuple(map(write, steps))


def _tuple(items: Any) -> str:
    return "(" + "".join(f"{item}, " for item in items) + ")"


@dataclass(slots=True)
class _Writer:
    """Writes steps as expressions over `g` and `m`, which look up facts and what sets may have besides."""

    program: Program
    constants: dict[str, Any] = field(default_factory=lambda: dict(_NAMES))
    local: dict[tuple[int, bool], str] = field(default_factory=dict)
    _bound: dict[tuple[type, Any], str] = field(default_factory=dict)

    def bind(self, value: Any) -> str:
        """The name of a constant."""
        key = (type(value), value)
        if key not in self._bound:
            self._bound[key] = f"c{len(self._bound)}"
            self.constants[self._bound[key]] = value
        return self._bound[key]

    # Whole steps ------------------------------------------------------------------------------------------------------

    def must(self, step: int) -> str:
        """That a step is true."""
        return self._write(step, sure=True)

    def may(self, step: int) -> str:
        """That a step is not false."""
        return self._write(step, sure=False)

    def truth(self, step: int) -> str:
        """The three-valued truth of a step."""
        return f"(False if not {self.may(step)} else True if {self.must(step)} else None)"

    def define(self, texts: Sequence[str]) -> dict[str, Any]:
        """The functions of some texts, by name."""
        namespace = dict(self.constants)
        exec(compile("\n".join(texts), "<rules>", "exec"), namespace)  # noqa: S102 numbered names, no word of a policy
        return namespace

    def function(self, name: str, steps: Sequence[int], result: Callable[[], str]) -> str:
        """A function of a row's facts; what several of some steps use is worked out once."""
        self.local.clear()
        return f"def {name}(g, m):\n{self.share(steps)}    return {result()}\n"

    def share(self, steps: Sequence[int]) -> str:
        """Lines that work out, once and parts first, the combinations that several of some steps use."""
        used: Counter[int] = Counter()
        waiting = list(steps)
        while waiting:
            step = waiting.pop()
            used[step] += 1
            if used[step] == 1:
                waiting += self.program.steps[step].parts
        lines = []
        for step in sorted(step for step, times in used.items() if times > 1 and self.program.steps[step].parts):
            for sure in (True, False):
                name = f"s{step}{'' if sure else 'm'}"
                lines.append(f"    {name} = {self._write(step, sure=sure)}\n")
                self.local[step, sure] = name
        return "".join(lines)

    def _write(self, number: int, *, sure: bool) -> str:
        if (number, sure) in self.local:
            return self.local[number, sure]
        step = self.program.steps[number]
        if step.test is not None:
            return _TestWriter(self, step.test).write(sure=sure)
        if step.form == "not":
            return f"(not {self._write(step.parts[0], sure=not sure)})"
        parts = [self._write(part, sure=sure) for part in step.parts]
        if step.form == "at_least":
            return f"(sum(({', '.join(f'True if {part} else False' for part in parts)},)) >= {int(step.least)})"
        if not parts:
            return str(step.form == "all")
        return f"({(' and ' if step.form == 'all' else ' or ').join(parts)})"


@dataclass(frozen=True, slots=True)
class _TestWriter:
    writer: _Writer
    test: Test

    def write(self, *, sure: bool) -> str:
        """The test, as what must hold or as what may."""
        test, bind = self.test, self.writer.bind
        fact = bind(test.fact)
        if self.writer.program.policies.vocabulary[test.fact].fact.type == "codes":
            return self._of_set(fact, frozenset(map(str, test.operands)), sure=sure)
        if test.operator == "known":
            return f"(g({fact}) not in {bind(frozenset([NOWHERE, *_unknown(sure)]))})"
        if test.operands and isinstance(test.operands[0], FactName):
            other = bind(test.operands[0].name)
            return f"{'holds' if sure else 'may_hold'}({bind(test.operator)}, g({fact}), g({other}))"
        values = [o if isinstance(o, Duration) else _as_json(o) for o in test.operands]
        if test.operator in ("is", "any_of", "not") and not any(isinstance(value, Duration) for value in values):
            return self._equal(fact, values, sure=sure)
        return f"{'holds' if sure else 'may_hold'}({bind(test.operator)}, g({fact}), {bind(values[0])})"

    def _equal(self, fact: str, values: list[Any], *, sure: bool) -> str:
        bind = self.writer.bind
        if self.test.operator == "not":
            return f"(g({fact}) not in {bind(frozenset([*values, NOWHERE, *_unknown(sure)]))})"
        if sure and len(values) == 1:
            return f"(g({fact}) == {bind(values[0])})"
        return f"(g({fact}) in {bind(frozenset([*values, *_unknown(not sure)]))})"

    def _of_set(self, fact: str, codes: frozenset[str], *, sure: bool) -> str:
        operator = self.test.operator
        if operator == "excludes":
            return f"(not {self._any(fact, codes, sure=not sure)})"
        if operator == "includes_all":
            return "(" + " and ".join(self._any(fact, frozenset([code]), sure=sure) for code in sorted(codes)) + ")"
        if operator == "within":
            allowed = self.writer.bind(codes)
            if sure:
                nothing_else = f"{allowed}.issuperset(x) and {allowed}.issuperset(m({fact}, EMPTY))"
                return f"(bool(x := g({fact})) and {nothing_else})"
            return f"((x := g({fact})) is None or {allowed}.issuperset(x) and bool(x or m({fact})))"
        return self._any(fact, codes, sure=sure)

    def _any(self, fact: str, codes: frozenset[str], *, sure: bool) -> str:
        """That a set has one of some codes."""
        bind = self.writer.bind
        if len(codes) == 1:
            (only,) = codes
            code = bind(only)
            if sure:
                return f"({code} in (g({fact}) or EMPTY))"
            return f"((x := g({fact})) is None or {code} in x or {code} in m({fact}, EMPTY))"
        some = bind(codes)
        if sure:
            return f"(not {some}.isdisjoint(g({fact}) or EMPTY))"
        return f"((x := g({fact})) is None or not {some}.isdisjoint(x) or not {some}.isdisjoint(m({fact}, EMPTY)))"


def _unknown(counted: bool) -> list[None]:
    """What a fact that nobody stated is looked up as, if it counts."""
    return [None] if counted else []


def _as_json(value: Any) -> Any:
    """A constant as rows write it; days compare as their text does."""
    return value.isoformat() if isinstance(value, date) else value


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": lambda one, other: one == other,
    "not": lambda one, other: one != other,
    "before": lambda one, other: one < other,
    "after": lambda one, other: one > other,
    "on_or_before": lambda one, other: one <= other,
    "on_or_after": lambda one, other: one >= other,
    "at_least": lambda one, other: one >= other,
    "at_most": lambda one, other: one <= other,
}


def _ordered(operator: str, one: Any, other: Any) -> bool:
    """Whether two values are surely so related; None is unknown."""
    if one is None or other is None or one is NOWHERE or other is NOWHERE:
        return False
    one, other = _amount(one), _amount(other)
    if isinstance(one, Duration) and isinstance(other, Duration) and one.unit != other.unit:
        return False
    return _COMPARE[operator](one, other)


def _may_order(operator: str, one: Any, other: Any) -> bool:
    if one is None or other is None:
        return True
    return _ordered(operator, one, other)


def _amount(value: Any) -> Any:
    """A length of time from the text that rows hold; all else as it is."""
    if not isinstance(value, str) or not value[:1].isdigit() or " " not in value:
        return value
    amount, _, unit = value.partition(" ")
    return Duration(int(amount), unit)


_NAMES: Mapping[str, Any] = {
    "__builtins__": {}, "NOWHERE": NOWHERE, "EMPTY": EMPTY, "bool": bool, "sum": sum, "holds": _ordered,
    "may_hold": _may_order,
}  # fmt: skip
"""What generated functions may call."""
