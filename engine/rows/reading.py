"""Rows in a document, and the values in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.documents import Document, nearest, validate
from engine.facts import (
    PAPERS,
    TRAVELLING,
    Absence,
    CodeSet,
    Declared,
    Duration,
    Value,
    fact_problems,
    read_scalar,
)
from engine.policies import PolicySet
from engine.rows.model import STATUS_FIELDS, Row, Rows, requirement_key, requirements

_UNITS = ("hours", "business days", "months")
_DIGITS = 12


def read_rows(document: Document, policies: PolicySet) -> Rows:
    """The rows in a document as read. Raises `DocumentProblems` with everything that is wrong with them."""
    found = validate(Rows, document)
    _Checker(document, policies).check(found)
    document.check()
    return found


@dataclass(frozen=True, slots=True)
class _Checker:
    document: Document
    policies: PolicySet

    def check(self, found: Rows) -> None:
        document, policies = self.document, self.policies
        if found.deployment is not None and found.deployment not in policies.deployments:
            self.unknown("deployment", found.deployment, policies.deployments, ("deployment",))
        bases = policies.bases()
        keys = {requirement_key(owed) for owed in requirements(policies.all_frameworks())}
        seen: set[str] = set()
        for i, row in enumerate(found.rows):
            path = ("rows", i)
            if row.id in seen:
                document.report("duplicate-id", f'the id "{row.id}" is used twice', (*path, "id"))
            seen.add(row.id)
            for j, earlier in enumerate(row.earlier):
                if not 0 <= earlier < i:
                    message = f"{earlier} is not the position of an earlier row"
                    document.report("bad-value", message, (*path, "earlier", j), help="the first row is at position 0")
            self.check_facts(row, path)
            for j, paper in enumerate(row.papers):
                for field in ("has", "reported"):
                    for k, name in enumerate(getattr(paper, field)):
                        if name not in policies.instruments:
                            at = (*path, "papers", j, field, k)
                            self.unknown("instrument", name, policies.instruments, at)
            for j, basis in enumerate(row.claims):
                if basis not in bases:
                    self.unknown("basis", basis, bases, (*path, "claims", j))
            for field in STATUS_FIELDS.values():
                for j, key in enumerate(getattr(row, field)):
                    if key not in keys:
                        self.unknown("requirement", key, keys, (*path, field, j))

    def check_facts(self, row: Row, path: tuple[str | int, ...]) -> None:
        document, vocabulary = self.document, self.policies.vocabulary
        held = {name for name in vocabulary.names() if name not in (*TRAVELLING, PAPERS)}
        stated: set[str] = set()
        for field in ("facts", "not_known", "does_not_apply", "may", "about"):
            items = (
                {name: v for name, v in row.facts.items() if v is not None} if field == "facts" else getattr(row, field)
            )
            for i, name in enumerate(items):
                in_map = isinstance(items, dict)
                at = (*path, field, name if in_map else i)
                if name not in held:
                    document.report("unknown-fact", f'"{name}" is not a fact', at, help=nearest(name, held), key=in_map)
                    continue
                declared = vocabulary[name]
                if field == "facts" and items[name] is None:
                    continue
                if field == "facts":
                    _read(declared, items[name], document, at)
                elif field == "may" and (declared.fact.type != "codes" or row.facts.get(name) is None):
                    document.report("misplaced", f'"{name}" is no set in "facts"', at, key=True)
                elif field == "may":
                    _read(declared, list(items[name]), document, at)
                elif field == "does_not_apply" and not declared.optional:
                    document.report("must-apply", f'"{name}" always applies', at)
                if field in ("facts", "not_known", "does_not_apply"):
                    if name in stated:
                        document.report("contradicts", f'"{name}" is stated twice', at, key=in_map)
                    stated.add(name)

    def unknown(self, kind: str, name: str, known: Iterable[str], path: tuple[str | int, ...]) -> None:
        self.document.report(f"unknown-{kind}", f'"{name}" is not a known {kind}', path, help=nearest(name, known))


def _read(declared: Declared, raw: Any, document: Document, path: tuple[str | int, ...]) -> Value:
    """A value as a row holds it."""
    report = fact_problems(document, path)
    kind = declared.fact.type
    if kind == "codes":
        if not isinstance(raw, list | tuple):
            report("wrong-kind", f"{declared.shown} should be a list of codes", "")
            return CodeSet(frozenset())
        return CodeSet(frozenset(str(read_scalar(declared, item, report)) for item in raw))
    if kind == "duration" and isinstance(raw, str):
        amount, _, unit = raw.partition(" ")
        if amount.isdecimal() and len(amount) <= _DIGITS and unit in _UNITS:
            return Duration(int(amount), unit)
        report("wrong-kind", f"{declared.shown} should be a number of {', '.join(_UNITS)}", "")
        return Duration(0, _UNITS[0])
    return read_scalar(declared, raw, report)


def value_of(row: Row, declared: Declared) -> Value:
    """What a row says of a fact that no other row decides."""
    name = declared.name
    if row.facts.get(name) is not None:
        value: Value = _read(declared, row.facts[name], Document("", {}), ())
        if isinstance(value, CodeSet):
            return CodeSet(value.has, frozenset(row.may.get(name, ())) - value.has)
        return value
    if name in row.not_known:
        return Absence.NOT_KNOWN
    return Absence.DOES_NOT_APPLY if name in row.does_not_apply else Absence.NOT_ASKED
