"""An interview about a request: one question at a time, until the answer is settled.

Every answer is written into the request's text and the request is decided again, so the interview can end at any time,
and the next question is always about a fact that can still change the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from engine.advice.places import stating
from engine.advice.questions import NotAnAnswerError, Question, can_be_unknown, question, stated
from engine.completions import FactKey, key_of
from engine.conditions import Reading
from engine.decisions import Decision, decide
from engine.documents import CannotDo, DocumentProblems, parse
from engine.edits import Change, edit
from engine.facts import Absence
from engine.policies import PolicySet
from engine.requests import check_request


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, and what was answered."""

    asked: Question
    answer: str


@dataclass(frozen=True, slots=True)
class _State:
    text: str
    decision: Decision
    put_off: frozenset[FactKey]
    answers: tuple[Answered, ...]


class Interview:
    """The questions about one request. `text` and `decision` are the request as it stands.

    Only facts that `role` can answer are asked, if it is given.
    """

    def __init__(self, policies: PolicySet, text: str, file: str, as_of: date | None, role: str | None = None) -> None:
        self.policies, self.file, self.as_of, self.role = policies, file, as_of, role
        self.states = [_State(text, self._decided(text), frozenset(), ())]

    @property
    def text(self) -> str:
        """The text of the request with the answers so far."""
        return self.states[-1].text

    @property
    def decision(self) -> Decision:
        """The decision on the request with the answers so far."""
        return self.states[-1].decision

    @property
    def answers(self) -> tuple[Answered, ...]:
        """The answers so far."""
        return self.states[-1].answers

    @property
    def put_off(self) -> frozenset[FactKey]:
        """The facts that are not to be asked again."""
        return self.states[-1].put_off

    def next(self) -> Question | None:
        """The question that settles the answer soonest; those asked before and not known come last."""
        answer = self.decision.answer
        tests: list[Callable[[Reading], bool]] = [self._is_new, self._is_wanted]
        reading = next((found for wanted in tests if (found := answer.first(wanted)) is not None), None)
        return question(self.decision, reading) if reading is not None else None

    def _is_new(self, reading: Reading) -> bool:
        return self._is_wanted(reading) and reading.value is not Absence.NOT_KNOWN

    def _is_wanted(self, reading: Reading) -> bool:
        asked_of = self.policies.vocabulary[reading.name].fact.asked_of
        if key_of(reading) in self.put_off or (self.role and asked_of not in (None, self.role)):
            return False
        return question(self.decision, reading) is not None

    def answer(self, asked: Question, typed: str) -> None:
        """Take an answer. Raises `NotAnAnswerError` where it is none, or contradicts what is stated."""
        value = asked.read(typed)
        change = stated(self.decision, asked, value)
        self._go_on(change, self.put_off, Answered(asked, asked.shown(value)))

    def not_known(self, asked: Question) -> None:
        """Write down that a fact was asked for and is not known, where the request has a place for it."""
        if can_be_unknown(asked) and asked.reading.value is not Absence.NOT_KNOWN:
            change = stating(self.decision.request, asked.fact, "unknown")
            self._go_on(change, self.put_off | {asked.fact}, Answered(asked, "unknown"))
        else:
            self.skip(asked)

    def skip(self, asked: Question) -> None:
        """Leave a question for another time."""
        self.states.append(replace(self.states[-1], put_off=self.put_off | {asked.fact}))

    def back(self) -> bool:
        """Take back the last answer; whether there was one."""
        if len(self.states) > 1:
            self.states.pop()
            return True
        return False

    def _go_on(self, change: Change, put_off: frozenset[FactKey], answered: Answered) -> None:
        try:
            text = edit(self.text, [change], self.file)
            decision = self._decided(text)
        except DocumentProblems as error:
            raise NotAnAnswerError("; ".join(problem.message for problem in error.problems)) from None
        except CannotDo as error:
            raise NotAnAnswerError(str(error)) from None
        self.states.append(_State(text, decision, put_off, (*self.answers, answered)))

    def _decided(self, text: str) -> Decision:
        document = parse(text.removeprefix("\ufeff"), self.file)
        return decide(self.policies, check_request(document, self.policies), self.as_of)
