"""Conditions in English, as a statute is set: an outline of numbered lines, (a), (i), (A), (1).

A test reads as its fact's plain question and the answers that pass, so that nobody needs to know the name of a fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.conditions import All, AtLeast, Condition, Either, FactName, Not, Test, Use
from engine.facts import Declared, Scalar, Vocabulary, printable

_SHORT = 90
"""Letters up to which the meaning of a code stands in a line itself; a longer one is left to the glossary."""


class Answer(NamedTuple):
    """One answer to a question: its words, and what the vocabulary says that it means."""

    words: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One test: what is asked, of whom if a fact is any party's, and which answers pass."""

    fact: Declared
    asks: str
    verb: str
    answers: tuple[Answer, ...]
    role: str = ""
    or_absent: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an outline, in the order in which it reads.

    `unless` sets aside what follows; `says` are the condition's own words; `question` is the test, if it is one;
    `definition` names the definition it uses; `lead` introduces the lines below ("one of the following is true").
    """

    condition: Condition
    number: str = ""
    unless: str = ""
    says: str = ""
    cite: str = ""
    question: Question | None = None
    definition: str = ""
    lead: str = ""
    lines: tuple[Line, ...] = ()


def outline(condition: Condition, vocabulary: Vocabulary) -> Line:
    """The condition as an outline; the lines of a plain list of conditions are numbered from (a)."""
    return _Writer(vocabulary).line(condition, 0, among_all=True)


def number(level: int, position: int) -> str:
    """How a statute numbers the lines of a level, both counted from 0: (a), (i), (A), (1), and again."""
    match level % 4:
        case 0:
            return f"({_letters(position)})"
        case 1:
            return f"({_roman(position + 1)})"
        case 2:
            return f"({_letters(position).upper()})"
        case _:
            return f"({position + 1})"


def named(name: str) -> str:
    """A code or another name of the policy language as words."""
    return name.replace("_", " ").replace("-", " ")


def fact_in_words(declared: Declared) -> str:
    """A fact by its name alone: "date of the request"."""
    return f"{named(declared.key)} of the {declared.name.partition('.')[0]}"


def answer(declared: Declared, value: Scalar) -> Answer:
    """A value of a fact as the answer to its question."""
    if isinstance(value, bool):
        return Answer("yes" if value else "no")
    if declared.codes and isinstance(value, str):
        meaning = declared.codes.get(value, "")
        short = meaning and (declared.fact.derived or len(meaning) <= _SHORT)
        return Answer(meaning if short else named(value), meaning)
    return Answer(str(printable(value)))


@dataclass(frozen=True, slots=True)
class _Writer:
    vocabulary: Vocabulary

    def line(self, condition: Condition, level: int, *, among_all: bool = False) -> Line:
        """One line; `among_all` says that it joins lines of which all must hold, where "unless" is English."""
        line = self._own(condition, level, among_all)
        return replace(line, condition=condition, says=condition.says or line.says, cite=condition.cite or line.cite)

    def _own(self, condition: Condition, level: int, among_all: bool) -> Line:
        match condition:
            case Test():
                return Line(condition, question=self._question(condition))
            case Use(name=name, part=part):
                return Line(condition, definition=name, says=part.says, lines=(self.line(part, level, among_all=True),))
            case Not(part=Test() as test) if not test.says:
                return Line(condition, cite=test.cite, question=self._question(test, negated=True))
            case Not(part=part, says=says):
                unless = "unless" if among_all and not says else "it is not so that"
                line = replace(self.line(part, level), unless=unless)
                return Line(condition, lines=(line,)) if says else line
            case AtLeast(count=count, parts=parts):
                return self._list(condition, f"at least {count} of the following are true", parts, level)
            case All(parts=parts):
                return self._list(condition, "all of the following are true", parts, level)
            case Either(parts=parts):
                return self._list(condition, "one of the following is true", parts, level)

    def _list(self, condition: Condition, lead: str, parts: Sequence[Condition], level: int) -> Line:
        together = isinstance(condition, All)
        if len(parts) == 1:
            line = self.line(parts[0], level, among_all=together)
            return Line(condition, lines=(line,)) if condition.says else line
        lines = [self.line(part, level + 1, among_all=together and i > 0) for i, part in enumerate(parts)]
        numbered = [replace(line, number=number(level, i)) for i, line in enumerate(lines)]
        return Line(condition, lead=lead, lines=tuple(numbered))

    def _question(self, test: Test, *, negated: bool = False) -> Question:
        declared = self.vocabulary[test.fact]
        if test.operator == "is" and isinstance(test.operands[0], bool) and negated:
            test, verb = replace(test, operands=(not test.operands[0],)), ""
        else:
            verb = _verb(test, declared, negated=negated)
        return Question(
            fact=declared,
            asks=declared.fact.question or fact_in_words(declared),
            verb=verb,
            answers=tuple(self._answer(declared, operand) for operand in test.operands),
            role=test.fact.partition(".")[0] if declared.scope == "party" and declared.fact.question else "",
            or_absent=negated and declared.optional and test.operator != "known",
        )

    def _answer(self, declared: Declared, operand: Scalar | FactName) -> Answer:
        if isinstance(operand, FactName):
            other = self.vocabulary[operand.name]
            return Answer(f"the {fact_in_words(other)}", other.fact.question)
        return answer(declared, operand)


_VERBS = {
    "is": ("", "not"),
    "any_of": ("one of", "none of"),
    "not": ("other than", "nothing other than"),
    "includes": ("includes", "does not include"),
    "includes_any": ("includes one of", "includes none of"),
    "includes_all": ("includes all of", "does not include all of"),
    "excludes": ("includes none of", "includes one of"),
    "within": ("nothing but", "none, or something other than"),
    "before": ("before", "not before"),
    "after": ("after", "not after"),
    "on_or_before": ("on or before", "not on or before"),
    "on_or_after": ("on or after", "not on or after"),
    "at_least": ("at least", "not at least"),
    "at_most": ("at most", "not at most"),
    "known": ("any answer", "does not apply"),
}
"""What stands between a question and its answers, and what does where the test is negated."""

_OF_ONE = {
    "one of": "", "none of": "not", "includes one of": "includes", "includes none of": "does not include",
    "includes all of": "includes", "does not include all of": "does not include",
}  # fmt: skip


def _verb(test: Test, declared: Declared, *, negated: bool) -> str:
    operator = "includes_any" if test.operator == "any_of" and declared.fact.type == "codes" else test.operator
    verb = _VERBS[operator][negated]
    return _OF_ONE.get(verb, verb) if len(test.operands) == 1 else verb


def _letters(position: int) -> str:
    again, letter = divmod(position, 26)
    return chr(ord("a") + letter) * (again + 1)


def _roman(n: int) -> str:
    digits = ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
    written = ""
    for value, letters in digits:
        written += letters * (n // value)
        n %= value
    return written
