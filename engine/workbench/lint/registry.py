"""The registry of checks, and what a check sees and finds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import dedent
from typing import Any, Literal, NamedTuple

from engine.conditions import Condition, Use, parts_of
from engine.documents import Document, Mark, Path_
from engine.policies import Framework, PolicySet

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class Found(NamedTuple):
    """What a check finds: a place in a document, what is wrong there, and what to do about it."""

    document: Document
    path: Path_
    message: str
    help: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding, as it is shown. `code` is stable and explained in docs/lint.md."""

    file: str
    mark: Mark
    code: str
    severity: Severity
    message: str
    help: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked: the whole policy set with the documents it was made of, and the case files given."""

    policies: PolicySet
    documents: tuple[Document, ...]
    cases: tuple[Document, ...]

    def frameworks(self) -> Iterator[tuple[Framework, Path_]]:
        """Every framework with its place in its document."""
        for framework in self.policies.all_frameworks():
            yield framework, framework.path_of(framework.applies)[:-1]

    def declared(self, section: str) -> Iterator[tuple[Document, Path_, str]]:
        """Every name that vocabularies and frameworks declare in a section, with its place."""
        places = [(framework.document, path) for framework, path in self.frameworks()]
        places += [(document, ()) for document in self.documents if "vocabulary" in document.data]
        for document, path in places:
            for name in value_at(document, path).get(section, ()):
                yield document, (*path, section, name), name

    def clauses(self) -> Iterator[tuple[Document, Path_, str]]:
        """Every clause of the library with its place."""
        for document in self.documents:
            for name in document.data.get("clauses", ()):
                yield document, ("clauses", name), name


class Check(NamedTuple):
    """A check: what it looks for, why, and how it looks wrong and right."""

    code: str
    severity: Severity
    summary: str
    why: str
    bad: str
    good: str
    find: Callable[[Subject], Iterator[Found]]


CHECKS: dict[str, Check] = {}
"""Every check by its code."""

Finder = Callable[[Subject], Iterator[Found]]


def check(code: str, severity: Severity, summary: str, *, bad: str, good: str) -> Callable[[Finder], Finder]:
    """Enter a function as the check `code`. Its docstring is the explanation."""

    def enter(find: Finder) -> Finder:
        CHECKS[code] = Check(code, severity, summary, inspect.getdoc(find) or "", _text(bad), _text(good), find)
        return find

    return enter


def _text(example: str) -> str:
    return dedent(example).strip("\n") + "\n"


def value_at(document: Document, path: Path_) -> Any:
    """The value at a path that exists."""
    here = document.data
    for step in path:
        here = here[step]
    return here


def walk(condition: Condition) -> Iterator[Condition]:
    """A condition and all below it, left to right; a definition that it uses counts as one."""
    yield condition
    if not isinstance(condition, Use):
        for part in parts_of(condition):
            yield from walk(part)
