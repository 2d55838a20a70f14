"""Worked cases as a reader sees them: what is stated, in questions and answers, and what must come of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from engine.backends.english import answer, fact_in_words, named
from engine.cases import Case, CaseFile, FindingExpected, case_files, is_case_file
from engine.documents import Document, read, validate
from engine.facts import Declared, Vocabulary
from engine.requests import RequestFile


@dataclass(frozen=True, slots=True)
class Example:
    """A case, the names of its folder and file, and the whole request that it makes, if it makes one itself."""

    case: Case
    folder: str
    file: str
    request: RequestFile | None

    @property
    def outcome(self) -> str:
        """What the case promises, in a word or two."""
        if self.case.expect is not None:
            return self.case.expect.outcome
        return "the rule holds" if self.case.holds else "the rule does not hold"

    def names(self) -> Iterator[str]:
        """The rules that the case pins, or expects to hold."""
        if self.case.pins is not None:
            yield self.case.pins
        for finding in self.findings():
            yield from finding.bases or ()
            yield from finding.bars or ()

    def findings(self) -> Iterator[FindingExpected]:
        """What the case expects under single frameworks, on all flows and on one."""
        if self.case.expect is not None:
            yield from self.case.expect.findings.values()
            for on_flow in self.case.expect.flows.values():
                yield from on_flow.values()


class Said(NamedTuple):
    """A fact as a case states it: the question (and of whom, where it is any party's), and the answer in words."""

    fact: Declared | None
    role: str
    asks: str
    answer: str


def read_examples(paths: Iterable[Path]) -> list[Example]:
    """The cases of all case files at or below some paths, in order. Raises `DocumentProblems`."""
    found = []
    for path in case_files(paths):
        document = read(path)
        if not is_case_file(document):
            continue
        cases = validate(CaseFile, document).cases
        document.check()
        folder = re.sub("[^a-z0-9]+", "-", path.resolve().parent.name.lower()).strip("-") or "cases"
        found += [Example(case, folder, path.stem, _request(case)) for case in cases]
    return found


def _request(case: Case) -> RequestFile | None:
    if case.request is None:
        return None
    document = Document(f"case {case.id}", {"request": case.id, "title": case.title, **case.request})
    return validate(RequestFile, document)


def said(vocabulary: Vocabulary, facts: Mapping[str, Any], scope: str = "") -> list[Said]:
    """Facts as a document states them, in questions and answers; `scope` completes the names of a request."""
    return [_said(vocabulary, f"{scope}.{name}" if scope else name, value) for name, value in facts.items()]


def _said(vocabulary: Vocabulary, name: str, value: Any) -> Said:
    scope, _, key = name.partition(".")
    declared = vocabulary.get(name)
    if scope == "party":
        declared = vocabulary.stated_under("party").get(key)
    if declared is None:
        return Said(None, "", name, in_words(value))
    role = scope if declared.scope == "party" and scope != "party" and declared.fact.question else ""
    return Said(declared, role, declared.fact.question or fact_in_words(declared), in_words(value, declared))


_ABSENT = {"unknown": "not known", "not_applicable": "does not apply", None: "left open"}


def in_words(value: Any, declared: Declared | None = None) -> str:
    """A stated value in words; a fact that differs by party names each."""
    if isinstance(value, dict):
        return "; ".join(f"{party}: {in_words(item, declared)}" for party, item in value.items()) or "nothing"
    if isinstance(value, list | tuple):
        return "; ".join(in_words(item, declared) for item in value) or "none"
    if value is None or (isinstance(value, str) and value in _ABSENT):
        return _ABSENT[value]
    if declared is None or declared.fact.type in ("text", "duration"):
        return ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return answer(declared, value).words


def changes(change: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """What a case changes in a request: the place, as "flows, leg, form", and the new value in words."""
    for key, value in change.items():
        if isinstance(value, dict) and value:
            yield from changes(value, (*above, key))
        else:
            yield ", ".join(map(named, (*above, key))), in_words(value)
