"""The condition tree as expressions over `assent.kleene` and `assent.tests`."""

from __future__ import annotations

from collections.abc import Iterable

from engine.backends.exclusions import WayOut
from engine.backends.rego.text import comment, listed, member, quoted
from engine.conditions import All, AtLeast, Condition, Either, FactName, Not, Test, Use, is_list, label
from engine.facts import Duration, Scalar, Vocabulary


class Writer:
    """Writes the conditions of one framework; definitions become rules of their own, kept in `definitions` by name."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.definitions: dict[str, Condition] = {}

    def expression(self, condition: Condition) -> str:
        """The truth of a condition."""
        match condition:
            case Test():
                return self._test(condition)
            case Use(name=name, part=part):
                self.definitions[name] = part
                return f"definitions{member(name)}"
            case Not(part=part):
                return f"kleene.negation({self.expression(part)})"
            case All(parts=()):
                return quoted("true")
            case All(parts=parts):
                return f"kleene.all_of({self._list(parts)})"
            case Either(parts=parts):
                return f"kleene.any_of({self._list(parts)})"
            case AtLeast(count=count, parts=parts):
                return f"kleene.at_least({count}, {self._list(parts)})"

    def named(self, condition: Condition) -> str:
        """A rule's condition as the list of those that results call by their labels, each with its truth."""
        parts = condition.parts if isinstance(condition, All) and is_list(condition) else (condition,)
        return listed(self.labelled(part) for part in parts)

    def labelled(self, condition: Condition, *more: str) -> str:
        """A condition as a list: what results call it, its truth, and what more there is to say of it."""
        return self._said(condition, listed([quoted(label(condition)), self.expression(condition), *more]))

    def gives_way(self, way: WayOut) -> str:
        """Whether a condition of unknown truth can be false whatever else is so."""
        return "false" if not way.fact else "true" if way.any_state else f"tests.unstated({_fact(way.fact)})"

    def _list(self, parts: Iterable[Condition]) -> str:
        return listed(self._said(part, self.expression(part)) for part in parts)

    def _said(self, condition: Condition, text: str) -> str:
        """An expression under the condition's own words."""
        said = condition.says and f"{condition.says}{f' ({condition.cite})' if condition.cite else ''}"
        return f"{comment(said)}\n{text}" if said else text

    def _test(self, test: Test) -> str:
        fact, kind = _fact(test.fact), self.vocabulary[test.fact].fact.type
        if test.operator == "known":
            return f"tests.applies({fact})"
        values = [_operand(operand) for operand in test.operands]
        if kind == "codes":
            function = {"any_of": "includes_any", "includes": "includes_any"}.get(test.operator, test.operator)
            return f"tests.{function}({fact}, {listed(values, '{}')})"
        if test.operator == "any_of" and len(values) > 1:
            return f"tests.one_of({fact}, {listed(values, '{}')})"
        function = _FUNCTIONS.get((test.operator, kind)) or _FUNCTIONS.get((test.operator, ""), test.operator)
        tests = [f"tests.{function}({fact}, {value})" for value in values]
        return tests[0] if len(tests) == 1 else f"kleene.all_of({listed(tests)})"


_FUNCTIONS = {
    ("any_of", ""): "is",
    ("not", ""): "other_than",
    ("on_or_before", ""): "at_most",
    ("on_or_after", ""): "at_least",
    ("at_least", "duration"): "lasts_at_least",
    ("at_most", "duration"): "lasts_at_most",
}
"""The test that an operator is, where it has another name."""


def _fact(name: str) -> str:
    scope, _, key = name.partition(".")
    return f"input.{scope}{member(key)}"


def _operand(operand: Scalar | FactName) -> str:
    if isinstance(operand, FactName):
        return _fact(operand.name)
    if isinstance(operand, Duration):
        return quoted({"amount": operand.amount, "unit": operand.unit})
    return quoted(operand if isinstance(operand, bool | int | float | str) else operand.isoformat())
