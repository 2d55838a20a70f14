"""Worked cases: a request or a few facts, what must come of them, and the public source that says so.

The format is described in docs/cases.md. A case that pins a rule shows it holding, and near misses in which it fails on
one condition alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from pydantic import Field, model_validator

from engine.conditions import Proof, Reading, evaluate, facts_in, is_list, label
from engine.decisions import Decision, Finding, decide
from engine.documents import Day, Document, DocumentProblems, Flag, Mark, Model, Problem, nearest, read, validate
from engine.facts import Truth
from engine.graph import Graph
from engine.policies import PolicySet, Rule
from engine.requests import Request, check_request

SHORT_FORM_DAY = date(2026, 11, 23)
"""The day as of which a case in the short form is decided, unless it says otherwise."""

Outcome = Literal["not_applicable", "allow", "deny", "undetermined"]


class Source(Model):
    """Where the case comes from."""

    citation: str
    url: str | None = None


class FindingExpected(Model):
    """What must be found under one framework. Lists of bases and bars are exact, the others are among what is found."""

    outcome: Outcome | None = None
    bases: tuple[str, ...] | None = None
    bars: tuple[str, ...] | None = None
    fails: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    clauses: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class Expected(Model):
    """What must come of a request."""

    outcome: Literal["allow", "deny", "undetermined"]
    ready: Flag | None = None
    missing: tuple[str, ...] | None = None
    findings: dict[str, FindingExpected] = Field(default_factory=dict)
    flows: dict[str, dict[str, FindingExpected]] = Field(default_factory=dict)


class Variant(Model):
    """The case with some facts changed, in which the pinned rule still holds."""

    change: dict[str, Any]
    why: str = ""


class NearMiss(Variant):
    """The case with some facts changed, in which the pinned rule fails: on `fails` alone, or becomes unknown."""

    fails: str | tuple[str, ...] | None = None
    becomes: Literal["unknown"] | None = None

    @model_validator(mode="after")
    def _one_end(self) -> NearMiss:
        if (self.fails is None) == (self.becomes is None):
            raise ValueError('needs either "fails" or "becomes"')
        return self


class Case(Model):
    """One worked case."""

    id: str
    title: str
    source: Source
    certainty: Literal["settled", "interpretive", "rests-on-unverified"] | None = None
    why: str = ""
    note: str = ""
    as_of: Day | None = None
    deployment: str | None = None
    request: dict[str, Any] | None = None
    base: str | None = None
    facts: dict[str, Any] | None = None
    hub: Flag = False
    change: dict[str, Any] = Field(default_factory=dict)
    expect: Expected | None = None
    pins: str | None = None
    holds: Flag = True
    near_misses: tuple[NearMiss, ...] = ()
    also_holds: tuple[Variant, ...] = ()

    @model_validator(mode="after")
    def _one_form(self) -> Case:
        if sum(x is not None for x in (self.request, self.base, self.facts)) != 1:
            raise ValueError('needs exactly one of "request", "base" and "facts"')
        if self.pins is None and self.expect is None:
            raise ValueError('needs "expect" or "pins"')
        return self


class CaseFile(Model):
    """A file of cases."""

    cases: tuple[Case, ...]


class Result(NamedTuple):
    """What came of one case: no differences means that it passes."""

    case: Case
    file: str
    mark: Mark
    differences: tuple[str, ...]


# What a case claims ---------------------------------------------------------------------------------------------------


class Pin(NamedTuple):
    """A claim about one rule: its value on these facts and, where it fails, the conditions on which alone it does.

    `where` says which part of the case claims it.
    """

    rule: str
    facts: Mapping[str, Reading]
    truth: Truth
    fails: tuple[str, ...] | None
    where: str

    def differences(self, proof: Proof) -> Iterator[str]:
        """What differs where the rule is as the proof says."""
        if self.fails is None:
            if proof.truth is not self.truth:
                yield f"{self.where}{self.rule} is {_word(proof.truth)}, not {_word(self.truth)}{self._see(proof)}"
            return
        false, open_ = _names(proof, False), _names(proof, None)
        if proof.truth is not False or sorted(false) != sorted(self.fails) or open_:
            found = f"false: {', '.join(false) or 'nothing'}" + (f"; unknown: {', '.join(open_)}" if open_ else "")
            yield f"{self.where}{self.rule} should fail on {', '.join(self.fails)} alone; {found}"

    def _see(self, proof: Proof) -> str:
        found = [] if self.truth is None else _names(proof, False) or _names(proof, None)
        return f"; see {', '.join(found)}" if found else ""


class Whole(NamedTuple):
    """A claim about the decision on a whole request."""

    request: Request
    as_of: date | None
    expected: Expected

    def differences(self, decision: Decision) -> Iterator[str]:
        """What differs where the decision is this one."""
        return _compare(decision, self.expected)


class Observer(Protocol):
    """Whoever looks on while cases run."""

    def pinned(self, pin: Pin, proof: Proof) -> None:
        """A rule was evaluated for a pin."""

    def decided(self, whole: Whole, decision: Decision) -> None:
        """A whole request was decided."""


# Running --------------------------------------------------------------------------------------------------------------


def is_case_file(document: Document) -> bool:
    """Whether a document holds cases."""
    return isinstance(document.data, dict) and "cases" in document.data


def case_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The YAML files at or below some paths, in order."""
    for path in paths:
        yield from sorted(p for p in path.rglob("*.yaml")) if path.is_dir() else [path]


def run_file(path: Path, policies: PolicySet, observer: Observer | None = None) -> list[Result]:
    """Run every case of a file; a file that holds no cases has no results."""
    document = read(path)
    return run_cases(document, path.parent, policies, observer) if is_case_file(document) else []


def run_cases(document: Document, folder: Path, policies: PolicySet, observer: Observer | None = None) -> list[Result]:
    """Run every case of a document; `base` names files relative to `folder`."""
    file = validate(CaseFile, document)
    document.check()
    return [
        _Run(policies, folder, case, observer).result(document.file, document.mark_of(("cases", i)))
        for i, case in enumerate(file.cases)
    ]


def check_cases(document: Document, folder: Path, policies: PolicySet) -> None:
    """Note everything that keeps a case of the document from being run: wrong requests, and names nothing defines."""
    file = validate(CaseFile, document)
    for i, case in enumerate(file.cases):
        run = _Run(policies, folder, case)
        for change in ({}, *(v.change for v in (*case.also_holds, *case.near_misses))):
            try:
                request = run.request({**case.change, **change})
                Graph(policies, request, case.as_of or request.file.date)
            except DocumentProblems as error:
                for problem in error.problems:
                    document.report(problem.code, problem.message, ("cases", i), help=problem.help)
        rules = policies.rules()
        if case.pins is not None and case.pins not in rules:
            document.report(
                "unknown-rule", f'"{case.pins}" is no rule', ("cases", i, "pins"), help=nearest(case.pins, rules)
            )
        named = case.expect.findings if case.expect else {}
        known = [rule.removesuffix(".applies") for rule in rules if rule.endswith(".applies")]
        for name in named:
            if name not in known:
                path = ("cases", i, "expect", "findings", name)
                document.report(
                    "unknown-framework", f'"{name}" is no framework', path, help=nearest(name, known), key=True
                )


class _Run:
    def __init__(self, policies: PolicySet, folder: Path, case: Case, observer: Observer | None = None) -> None:
        self.policies, self.folder, self.case, self.observer = policies, folder, case, observer
        self.differences: list[str] = []

    def result(self, file: str, mark: Mark) -> Result:
        try:
            self.run()
        except DocumentProblems as error:
            self.differences += [_in_short(problem) for problem in error.problems]
        return Result(self.case, file, mark, tuple(self.differences))

    def run(self) -> None:
        case = self.case
        if case.expect is not None:
            self.whole(Whole(self.request(case.change), case.as_of, case.expect))
        if case.pins is None:
            return
        rule = _find_rule(self.policies, case.pins)
        self.pin(rule, case.change, case.holds)
        for i, variant in enumerate(case.also_holds):
            self.pin(rule, {**case.change, **variant.change}, True, where=f"also_holds {i + 1}: ")
        for i, miss in enumerate(case.near_misses):
            truth = None if miss.becomes else False
            fails = (miss.fails,) if isinstance(miss.fails, str) else miss.fails
            self.pin(rule, {**case.change, **miss.change}, truth, fails, f"near miss {i + 1}: ")

    def whole(self, whole: Whole) -> None:
        decision = decide(self.policies, whole.request, whole.as_of)
        self.differences += whole.differences(decision)
        if self.observer:
            self.observer.decided(whole, decision)

    def pin(
        self, rule: Rule, change: Mapping[str, Any], truth: Truth, fails: tuple[str, ...] | None = None, where: str = ""
    ) -> None:
        pin = Pin(rule.id, self.facts(rule, change), truth, fails, where)
        proof = evaluate(rule.when, pin.facts)
        self.differences += pin.differences(proof)
        if self.observer:
            self.observer.pinned(pin, proof)

    def request(self, change: Mapping[str, Any]) -> Request:
        case = self.case
        if case.facts is not None:
            facts = {k: v for k, v in {**case.facts, **change}.items() if v is not None}
            data = _short_form(facts, hub=case.hub, deployment=case.deployment, day=case.as_of or SHORT_FORM_DAY)
        elif case.request is not None:
            data = {"request": case.id, "title": case.title, **_merge(case.request, change)}
        else:
            base = read(self.folder / str(case.base))
            base.check()
            data = _merge(base.data, change)
        return check_request(Document(f"case {case.id}", data), self.policies)

    def facts(self, rule: Rule, change: Mapping[str, Any]) -> dict[str, Reading]:
        """What the rule reads on the last leg; a short form has no earlier decision that could matter to it."""
        request = self.request(change)
        if self.case.facts is not None:
            disclosure = Graph(self.policies, request, self.case.as_of or request.file.date).disclosures[-1]
        else:
            disclosure = decide(self.policies, request, self.case.as_of).findings[-1].disclosure
        return {name: disclosure[name] for name in facts_in(rule.when)}


def _in_short(problem: Problem) -> str:
    where = f" (at {problem.where})" if problem.where else ""
    return f"{problem.message}{where}" + (f"; {problem.help}" if problem.help else "")


def _short_form(facts: Mapping[str, Any], *, hub: bool, deployment: str | None, day: date) -> dict[str, Any]:
    """The whole request that a few facts stand for."""
    parties: dict[str, dict[str, Any]] = {"provider": {}, "receiver": {}, **({"hub": {}} if hub else {})}
    parts: dict[str, dict[str, Any]] = {
        "request": {}, "data": {}, "flow": {},
        "provider": parties["provider"], "receiver": parties["receiver"],
        "sender": parties["hub"] if hub else parties["provider"],
    }  # fmt: skip
    problems = []
    for name, value in facts.items():
        scope, _, key = name.partition(".")
        if scope not in parts or not key:
            problems.append(f'"{name}" cannot be stated in a short form')
        elif key in parts[scope]:
            problems.append(f'"{name}" is stated twice: sender and provider are one party unless hub is true')
        else:
            parts[scope][key] = value
    if problems:
        raise DocumentProblems([Problem("facts", Mark(0, 0), "unknown-fact", p) for p in problems])
    request, data, flow = parts["request"], parts["data"], parts["flow"]
    purpose = {"purpose": request.pop("purpose")} if "purpose" in request else {}
    day = request.pop("date", day)
    last = {"id": "leg", "from": "hub" if hub else "provider", "to": "receiver", "carries": ["data"], "facts": flow}
    first = {"id": "first", "from": "provider", "to": "hub", "carries": ["data"], "form": "identified"}
    return {
        "request": "case", "title": "A case", "date": day, **purpose, "facts": request,
        **({"deployment": deployment} if deployment else {}),
        "parties": {name: {"facts": own} for name, own in parties.items()},
        "hubs": ["hub"] if hub else [],
        "datasets": {"data": {"owner": "provider", "facts": data}},
        "flows": [first, last] if hub else [last],
    }  # fmt: skip


def _merge(base: Any, change: Any) -> Any:
    """`base` with `change` merged in, key by key; null removes; items of lists by id or position."""
    if isinstance(base, list) and isinstance(change, dict):
        items = list(base)
        for key, value in change.items():
            at = next((i for i, item in enumerate(items) if isinstance(item, dict) and item.get("id") == key), None)
            at = int(key) if at is None and re.fullmatch("[0-9]{1,6}", key) and int(key) < len(items) else at
            if at is None:
                items.append({"id": key, **value} if isinstance(value, dict) else value)
            else:
                items[at] = None if value is None else _merge(items[at], value)
        return [item for item in items if item is not None]
    if isinstance(base, dict) and isinstance(change, dict):
        merged = {**base, **{key: _merge(base.get(key), value) for key, value in change.items()}}
        return {key: value for key, value in merged.items() if change.get(key, value) is not None}
    return change


# Comparing ------------------------------------------------------------------------------------------------------------


def _compare(decision: Decision, expected: Expected) -> Iterator[str]:
    if decision.outcome != expected.outcome:
        why = f"; missing: {_missing(decision)}" if decision.outcome == "undetermined" else ""
        denied = [f"{f.framework.framework} on {f.disclosure.id}" for f in decision.findings if f.outcome == "deny"]
        why = f"; denied by {', '.join(denied)}" if decision.outcome == "deny" else why
        yield f"the outcome is {decision.outcome}, not {expected.outcome}{why}"
    if expected.ready is not None and decision.ready is not expected.ready:
        yield f"ready is {_word(decision.ready)}, not {_word(expected.ready)}"
    if expected.missing is not None and sorted(expected.missing) != sorted({r.name for r in decision.missing}):
        yield f"missing facts are {_missing(decision) or 'none'}, not {', '.join(expected.missing) or 'none'}"
    for name, finding in expected.findings.items():
        yield from _compare_findings(name, [f for f in decision.findings if f.framework.framework == name], finding)
    for flow, findings in expected.flows.items():
        on_flow = [f for f in decision.findings if f.disclosure.flow.id == flow]
        for name, finding in findings.items():
            where = f"{name} on {flow}"
            yield from _compare_findings(where, [f for f in on_flow if f.framework.framework == name], finding)


def _compare_findings(where: str, findings: list[Finding], expected: FindingExpected) -> Iterator[str]:
    if not findings:
        yield f"{where}: there is no such finding"
        return
    outcomes = {f.outcome for f in findings}
    order: tuple[Outcome, ...] = ("deny", "undetermined", "allow", "not_applicable")
    outcome = next(o for o in order if o in outcomes)
    if expected.outcome is not None and outcome != expected.outcome:
        yield f"{where}: the outcome is {outcome}, not {expected.outcome}"
    holding = {b.basis.id for f in findings for b in f.bases if b.permits.truth is True}
    if expected.bases is not None and holding != set(expected.bases):
        yield f"{where}: the bases that hold are {_list(holding)}, not {_list(expected.bases)}"
    bars = {bar.id for f in findings for bar in f.holding}
    if expected.bars is not None and bars != set(expected.bars):
        yield f"{where}: the bars that hold are {_list(bars)}, not {_list(expected.bars)}"
    for basis, conditions in expected.fails.items():
        found = {name for f in findings for b in f.bases if b.basis.id == basis for name in _names(b.proof, False)}
        if found != set(conditions):
            yield f"{where}: {basis} fails on {_list(found)}, not on {_list(conditions)}"
    for kind, wanted in (("clause", expected.clauses), ("step", expected.steps), ("instrument", expected.instruments)):
        duties = {d.requirement.name for f in findings for d in f.all_duties if d.requirement.kind == kind}
        if absent := set(wanted) - duties:
            yield f"{where}: does not require the {kind} {_list(absent)}"
        if present := set(expected.without) & duties:
            yield f"{where}: requires the {kind} {_list(present)}, which it should not"


def _names(proof: Proof, truth: Truth) -> list[str]:
    """The conditions of a rule with that value: the parts of its list, or the whole."""
    parts = proof.parts if is_list(proof.condition) else (proof,)
    return [label(part.condition) for part in parts if part.truth is truth]


def _missing(decision: Decision) -> str:
    return ", ".join(sorted({r.name for r in decision.missing}))


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _word(truth: Truth) -> str:
    return {True: "true", False: "false", None: "unknown"}[truth]


def _find_rule(policies: PolicySet, name: str) -> Rule:
    rules = policies.rules()
    if name not in rules:
        problem = Problem("pins", Mark(0, 0), "unknown-rule", f'"{name}" is no rule', help=nearest(name, rules))
        raise DocumentProblems([problem])
    return rules[name]
