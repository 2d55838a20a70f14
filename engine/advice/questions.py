"""The questions that settle a request: what is asked of whom, what the answers are, and why it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from engine.advice.places import naming, open_users, paper, paper_ends, place_of, stating
from engine.completions import FactKey, key_of
from engine.conditions import Proof, Reading
from engine.decisions import Decision, Finding
from engine.documents import DocumentProblems, nearest, parse
from engine.edits import Change, Set
from engine.facts import Absence, CodeSet, Declared, FactType, Truth, Value, read_value
from engine.policies import Rule
from engine.records import title_of

Form = Literal["choice", "several", "date", "number", "duration", "text", "name"]
"""How a question is answered: with one of its choices, with several, or in words."""

EXAMPLES: dict[Form, str] = {
    "date": "a date, as in 2026-11-23",
    "number": "a number, as in 10",
    "duration": "a length of time, as in 30 days or 24 hours",
    "text": "in your own words",
    "name": "the name of one person",
}
_FORMS: dict[FactType, Form] = {
    "boolean": "choice", "code": "choice", "codes": "several",
    "date": "date", "number": "number", "duration": "duration", "text": "text",
}  # fmt: skip
_NOT_APPLICABLE = "not_applicable"


class Choice(NamedTuple):
    """An answer to choose: what is typed, what it means, what is written, and the outcome if it settles that alone."""

    answer: str
    says: str
    value: Any
    settles: Literal["allow", "deny"] | None


class Reason(NamedTuple):
    """A rule that turns on a fact, and where: whether a law applies, a bar holds, or a basis permits."""

    part: Literal["applies", "bar", "basis"]
    framework: str
    rule: str
    says: str
    cite: str
    disclosures: tuple[str, ...]


class NotAnAnswerError(Exception):
    """What was typed is no answer to the question; the text says what would be."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One question about one fact. `known` are the codes of a set that are known already."""

    reading: Reading
    declared: Declared
    asks: str
    form: Form
    choices: tuple[Choice, ...] = ()
    known: tuple[str, ...] = ()
    about: str = ""

    @property
    def fact(self) -> FactKey:
        """The fact that is asked for."""
        return key_of(self.reading)

    @property
    def note(self) -> str:
        """What the vocabulary says about the fact."""
        return self.declared.fact.note

    @property
    def cite(self) -> str:
        """The paragraph that defines the fact."""
        return self.declared.fact.cite

    def read(self, typed: str) -> Any:
        """What the request is to state. Raises `NotAnAnswerError`."""
        if self.form == "choice":
            return self._chosen(typed).value
        if self.form == "several":
            words = [word for word in re.split(r"[\s,;]+", typed) if word]
            values = [self._chosen(word).value for word in words]
            if ([] in values and len(values) > 1) or not values:
                raise NotAnAnswerError("answer with the numbers of those that apply, as in 1, 3; or with none")
            return sorted({*self.known, *(value for value in values if value != [])})
        for choice in self.choices:
            if typed == choice.answer:
                return choice.value
        if self.form == "name":
            return typed
        try:
            raw = parse(typed).data if self.form in ("date", "number") else typed
        except DocumentProblems:
            raw = typed
        read_value(self.declared, raw, _refuse)
        return raw

    def shown(self, value: Any) -> str:
        """An answer as it is repeated to who gave it."""
        chosen = [choice.answer for choice in self.choices if choice.value == value and choice.value is not None]
        if chosen and self.form != "several":
            return chosen[0]
        return (", ".join(value) or "none") if isinstance(value, list) else str(value)

    def _chosen(self, typed: str) -> Choice:
        word = typed.strip().lower()
        if word.isdecimal() and 0 < int(word) <= len(self.choices):
            return self.choices[int(word) - 1]
        found = [
            choice for choice in self.choices if word in (choice.answer.lower(), choice.answer[0] * (word in "yn"))
        ]
        if not word or not found:
            help_line = nearest(word, [choice.answer for choice in self.choices], among="one of")
            raise NotAnAnswerError(f'"{typed}" is not one of the answers' + (f"; {help_line}" if help_line else ""))
        return found[0]


def _refuse(code: str, message: str, help: str) -> None:
    raise NotAnAnswerError(f"{message}; {help}" if help else message)


# From facts to questions ----------------------------------------------------------------------------------------------


def question(decision: Decision, reading: Reading) -> Question | None:
    """The question for a fact that is missing; None where no request can state it."""
    declared = decision.policies.vocabulary[reading.name]
    fact = key_of(reading)
    if paper_ends(reading.about):
        return _about_paper(decision, reading, declared)
    if declared.fact.derived:
        return _about_users(decision, reading, declared)
    if place_of(decision.request, fact) is None:
        return None
    asks = declared.fact.question or f"What is {declared.shown}?"
    known = tuple(sorted(reading.value.has)) if isinstance(reading.value, CodeSet) else ()
    choices = tuple(_choices(decision, fact, declared, known))
    return Question(reading, declared, asks, _FORMS[declared.fact.type], choices, known, reading.about)


def _choices(decision: Decision, fact: FactKey, declared: Declared, known: Iterable[str]) -> Iterator[Choice]:
    def choice(answer: str, says: str, raw: Any, value: Value, code: str = "") -> Choice:
        return Choice(answer, says, raw, _outcome(decision.answer.settled_by(fact, value, code)))

    kind = declared.fact.type
    if kind == "boolean":
        yield choice("yes", "", True, True)
        yield choice("no", "", False, False)
    elif kind == "code":
        yield from (choice(code, says, code, code) for code, says in declared.codes.items())
    elif kind == "codes":
        others = {code: says for code, says in declared.codes.items() if code not in known}
        yield from (choice(code, says, code, True, code) for code, says in others.items())
        denied = any(decision.answer.settled_by(fact, False, code) is False for code in others)
        yield Choice("none", "None of these", [], "deny" if denied else None)
    if declared.fact.optional and kind != "codes":
        yield choice(_NOT_APPLICABLE, "It does not apply here", _NOT_APPLICABLE, Absence.DOES_NOT_APPLY)


def _outcome(truth: Truth) -> Literal["allow", "deny"] | None:
    return None if truth is None else "allow" if truth else "deny"


def _about_paper(decision: Decision, reading: Reading, declared: Declared) -> Question | None:
    one, other, flow = paper_ends(reading.about) or ("", "", "")  # the caller knows that it is about papers
    codes = decision.answer.open_codes(key_of(reading))
    if not codes:
        return None
    code = codes[0]
    title = decision.policies.instruments[code].title
    asks = f"How far is this paper: {title}?"
    statuses = {
        "signed": "Signed and in force",
        "draft": "Not signed yet, or not begun",
        "refused": "A party refused to sign",
    }
    settles = {
        status: _outcome(decision.answer.settled_by(key_of(reading), status == "signed", code)) for status in statuses
    }
    if settles["refused"] == "allow":  # a refusal may stand in the way elsewhere
        settles["refused"] = None
    choices = tuple(Choice(status, says, (code, status), settles[status]) for status, says in statuses.items())
    return Question(reading, declared, asks, "choice", choices, (), f"{one} and {other}, on flow {flow}")


def _about_users(decision: Decision, reading: Reading, declared: Declared) -> Question | None:
    fact = key_of(reading)
    users = list(open_users(decision.request, fact))
    party = reading.about.removeprefix("party ")
    if not reading.name.startswith("receiver.users_"):
        return None
    if not users:
        asks = f"Who at {decision.request.names.get(party, party)} will have access to the data?"
        return Question(reading, declared, asks, "name", (), (), reading.about)
    choices = (Choice("yes", "", True, None), Choice("no", "", False, None))
    return Question(reading, declared, declared.fact.question, "choice", choices, (), f"the user {users[0][0]}")


def stated(decision: Decision, asked: Question, value: Any) -> Change:
    """The change that writes an answer into the request."""
    if paper_ends(asked.reading.about):
        instrument, status = value
        return paper(asked.reading.about, instrument, status)
    if not asked.declared.fact.derived:
        return stating(decision.request, asked.fact, value)
    if asked.form == "name":
        return naming(asked.fact, value)
    _, place = next(open_users(decision.request, asked.fact))
    return Set(place, value)


def can_be_unknown(asked: Question) -> bool:
    """Whether the request has a place to say that a fact was asked for and is not known."""
    return not asked.declared.fact.derived and not asked.known and not paper_ends(asked.reading.about)


# Why ------------------------------------------------------------------------------------------------------------------


def reasons(decision: Decision, fact: FactKey) -> list[Reason]:
    """The rules that still turn on a fact, in order of the law."""
    found: dict[str, Reason] = {}
    for finding in decision.findings:
        if finding.outcome == "undetermined":
            for part, rule, proof in _open_rules(finding):
                if any(_reads(proof, fact)):
                    before = found[rule.id].disclosures if rule.id in found else ()
                    where = (*before, finding.disclosure.id)
                    found[rule.id] = Reason(part, finding.framework.title, rule.id, title_of(rule), rule.cite, where)
    return list(found.values())


def _open_rules(finding: Finding) -> Iterator[tuple[Literal["applies", "bar", "basis"], Rule, Proof]]:
    yield "applies", finding.framework.applies, finding.applies
    yield from (("bar", bar, proof) for bar, proof in finding.bars)
    yield from (("basis", found.basis, found.proof) for found in finding.bases)


def _reads(proof: Proof, fact: FactKey) -> Iterator[bool]:
    """True for every test of the fact that is still open."""
    if proof.truth is None:
        ends = paper_ends(fact[0])
        for reading in proof.readings:
            same_papers = ends is not None and reading.about.endswith(f"on flow {ends[2]}")
            if key_of(reading) == fact or same_papers:
                yield True
        for part in proof.parts:
            yield from _reads(part, fact)
