"""What every engine says of the same requests, in one form, so that answers can be compared part by part.

An answer maps places and parts to what is said there: `("the request", "outcome")`, `("f1/a under law", "failed")`.
A request that contradicts itself is refused; its answer has no other part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from engine.backends import generated
from engine.backends.columns.answers import schema
from engine.backends.columns.program import compiled
from engine.backends.rego.answers import Answer as ServerAnswer
from engine.backends.rego.answers import Codes
from engine.backends.rego.deciding import settled
from engine.backends.smt import Encoding
from engine.batch.deciding import Decider, Entry, Part
from engine.completions import conjunction, opposite
from engine.decisions import Decision, Finding, Judge, examine
from engine.facts import CodeSet
from engine.policies import PolicySet
from engine.rows import RowMaker, Rows, requirement_key
from tests.opa import Loader
from tests.strategies import World
from tests.writing import attempt

Said = Mapping[tuple[str, str], Any]
REQUEST = "the request"
REFUSED: Said = {(REQUEST, "refused"): True}

BASIC = frozenset({"refused", "outcome", "finding"})
REASONS = frozenset({"ready", "basis", "bases", "possible bases", "bars", "possible bars", "failed"})
TRAVEL = frozenset({"received under", "restrictions"})

PARTS: Mapping[str, frozenset[str]] = {
    "the solver": BASIC,
    "columns": BASIC | REASONS | {"clauses of the agreement"},
    "generated Python": BASIC | REASONS | {"clauses"},
    "OPA": BASIC | REASONS | TRAVEL | {"clauses", "outstanding"},
    "OPA alone": BASIC | REASONS | TRAVEL | {"clauses", "outstanding"},
}
"""The parts that each engine answers."""


class Agreement:
    """Asks all engines about families of requests under one policy set, and notes every difference."""

    def __init__(self, opa: Loader) -> None:
        self.opa = opa
        self.requests = 0
        self.findings = 0
        self.solved = 0
        """How many requests the solver had something to say of."""

    def check(self, worlds: Sequence[World]) -> None:
        """Fail, with the documents that show it, where an engine differs from the interpreter."""
        policies = worlds[0].policies
        asked = [RowMaker(policies).rows(world.asked) for world in worlds]
        with ThreadPoolExecutor(1) as beside:  # the server is a process of its own
            waiting = beside.submit(serve, self.opa, policies, asked)
            judges = [attempt(lambda: examine(policies, world.asked))[0] for world in worlds]  # noqa: B023 called at once
            decisions = [attempt(judge.decision)[0] if judge else None for judge in judges]
            solved = [of_solver(judge) for judge in judges]
            columns = list(of_columns(policies, asked))
            written = list(of_generated(policies, asked))
            served = waiting.result()
        exact = [of_decision(decision) for decision in decisions]
        alone = [of_judge(judge) for judge in judges]
        others: dict[str, Sequence[Said | None]] = {
            "the solver": solved,
            "columns": columns,
            "generated Python": written,
            "OPA": [of_server(answer, decision) for answer, decision in zip(served, decisions, strict=True)],
            "OPA alone": [of_server_alone(answer) for answer in served],
        }
        for i, world in enumerate(worlds):
            found: list[str] = []
            for name, said in others.items():
                if (one := said[i]) is not None:
                    found += differences(name, one, alone[i] if name == "OPA alone" else exact[i])
            assert not found, "\n".join(["keep this in tests/disagreements:", *(f"# {d}" for d in found), world.text])
        self.requests += len(worlds)
        self.findings += sum(len(decision.findings) for decision in decisions if decision)
        self.solved += sum(answer is not None for answer in others["the solver"])


def differences(engine: str, said: Said, expected: Said) -> Iterator[str]:
    """Where an engine says something else than the interpreter, of the parts that it answers."""
    if REFUSED in (said, expected) and said != expected:
        one = "the interpreter" if expected == REFUSED else engine
        yield f"{one} refuses it as contradicting itself, {engine if one != engine else 'the interpreter'} does not"
        return
    wanted = {key: value for key, value in expected.items() if key[1] in PARTS[engine]}
    for place, part in dict.fromkeys([*wanted, *said]):
        ours, theirs = wanted.get((place, part), "nothing"), said.get((place, part), "nothing")
        if ours != theirs:
            yield f"{place}, {part}: the interpreter says {ours}, {engine} says {theirs}"


# The interpreter ------------------------------------------------------------------------------------------------------


def of_decision(decision: Decision | None) -> Said:
    """The interpreter's exact answer."""
    return REFUSED if decision is None else dict(_answer(decision.outcome, decision.ready, decision.findings))


def of_judge(judge: Judge | None) -> Said:
    """The interpreter's answer by three-valued logic alone."""
    if judge is None:
        return REFUSED
    findings = [replace(f, used=None) if f.outcome == "deny" else f for f in judge.findings]
    outcomes = {finding.outcome for finding in findings}
    outcome = "deny" if "deny" in outcomes else "undetermined" if "undetermined" in outcomes else "allow"
    waiting = any(_outstanding(finding) for finding in findings)
    return dict(_answer(outcome, outcome == "allow" and not waiting, findings))


def _answer(outcome: str, ready: bool, findings: Iterable[Finding]) -> Iterator[tuple[tuple[str, str], Any]]:
    yield (REQUEST, "outcome"), outcome
    yield (REQUEST, "ready"), ready
    yield (REQUEST, "clauses of the agreement"), sorted({clause for f in findings for clause in _clauses(f)})
    for finding in findings:
        disclosure = finding.disclosure
        yield (disclosure.id, "received under"), _codes(disclosure.received_under)
        yield (disclosure.id, "restrictions"), _codes(disclosure.restrictions)
        if finding.outcome == "not_applicable":
            continue
        place = f"{disclosure.id} under {finding.framework.framework}"
        yield (place, "finding"), finding.outcome
        yield (place, "basis"), finding.used.basis.id if finding.used else None
        yield (place, "bases"), [b.basis.id for b in finding.bases if b.permits.truth is True]
        yield (place, "possible bases"), [b.basis.id for b in finding.bases if b.permits.truth is None]
        yield (place, "bars"), [bar.id for bar in finding.holding]
        yield (place, "possible bars"), [bar.id for bar, proof in finding.bars if proof.truth is None]
        yield (place, "failed"), list(finding.failed)
        yield (place, "clauses"), _clauses(finding)
        yield (place, "outstanding"), _outstanding(finding)


def _clauses(finding: Finding) -> list[str]:
    return list(dict.fromkeys(d.requirement.name for d in finding.all_duties if d.requirement.kind == "clause"))


def _outstanding(finding: Finding) -> list[str]:
    duties = (d for d in finding.all_duties if d.requirement.kind != "clause" and d.status == "outstanding")
    return [requirement_key(duty.requirement) for duty in duties]


def _codes(codes: CodeSet) -> tuple[list[str], list[str]]:
    return sorted(codes.has), sorted(codes.may)


# The others -----------------------------------------------------------------------------------------------------------


def of_solver(judge: Judge | None) -> Said | None:
    """The outcomes, from the solver's formulas over all values of the unknown facts. Nothing where nothing is open."""
    limits = [] if judge is None else [limit for limit in judge.constraints if limit.truth is None]
    if judge is None or not (limits or any(finding.outcome == "undetermined" for finding in judge.findings)):
        return None
    engaged = [finding for finding in judge.findings if finding.outcome != "not_applicable"]
    places = {f"{f.disclosure.id} under {f.framework.framework}": f.permitted for f in engaged}
    permitted = {REQUEST: conjunction(places.values()), **places}
    sides = {(place, True): formula for place, formula in permitted.items()}
    sides |= {(place, False): opposite(formula) for place, formula in permitted.items()}
    possible = Encoding(judge.policies.vocabulary, judge.link).possible(sides, limits)
    if not possible:
        return REFUSED
    words = {(True, False): "allow", (False, True): "deny", (True, True): "undetermined"}
    found = {place: words[(place, True) in possible, (place, False) in possible] for place in permitted}
    return {(place, "outcome" if place == REQUEST else "finding"): word for place, word in found.items()}


def of_columns(policies: PolicySet, asked: Sequence[Rows]) -> Iterator[Said]:
    """What columns answer on all requests together, as `assent batch` asks them."""
    decider = Decider(policies, None, "full")
    part = Part(schema(decider.program, "full").empty_table())
    lines = [Entry(i, "test", rows.model_dump_json(exclude_defaults=True).encode()) for i, rows in enumerate(asked)]
    decider.decide(lines, part)
    refused = {bad["line"]: [problem["code"] for problem in bad["problems"]] for bad in part.bad}
    answers = iter(part.table.to_pylist())
    for i in range(len(asked)):
        assert refused.get(i, ["excluded"]) == ["excluded"], part.bad
        yield REFUSED if i in refused else dict(_of_columns(next(answers)))
    assert next(answers, None) is None


def _of_columns(answer: dict[str, Any]) -> Iterator[tuple[tuple[str, str], Any]]:
    yield (REQUEST, "outcome"), answer["outcome"]
    yield (REQUEST, "ready"), answer["ready"]
    yield (REQUEST, "clauses of the agreement"), answer["clauses"]
    for finding in answer["findings"]:
        place = f"{finding['disclosure']} under {finding['framework']}"
        bar = f"{finding['framework']}.bar."
        yield (place, "finding"), finding["outcome"]
        yield (place, "basis"), finding["basis"]
        yield (place, "bases"), finding["bases"]
        yield (place, "possible bases"), finding["possible_bases"]
        yield (place, "bars"), [name for name in finding["true"] if name.startswith(bar)]
        yield (place, "possible bars"), [name for name in finding["unknown"] if name.startswith(bar)]
        yield (place, "failed"), finding["failed"]


def of_generated(policies: PolicySet, asked: Sequence[Rows]) -> Iterator[Said]:
    """What generated Python answers."""
    program = compiled(policies)
    under = {(rows.as_of, rows.deployment) for rows in asked}
    deciders = {(day, house): generated.Decider(program, day, house) for day, house in under}
    return (_of_generated(deciders[rows.as_of, rows.deployment], rows) for rows in asked)


def _of_generated(decider: generated.Decider, asked: Rows) -> Said:
    verdict, problems = attempt(lambda: decider.decide(asked.model_dump(mode="json")))
    if verdict is None:
        assert [problem.code for problem in problems] == ["excluded"]
        return REFUSED
    said: dict[tuple[str, str], Any] = {(REQUEST, "outcome"): verdict.outcome, (REQUEST, "ready"): verdict.ready}
    for row, findings in zip(asked.rows, verdict.rows, strict=True):
        for found in findings:
            said |= _of_found(f"{row.id} under {found.framework}", found)
    return said


def serve(opa: Loader, policies: PolicySet, asked: Sequence[Rows]) -> list[ServerAnswer | list[str]]:
    """What a server that has the policies answers, or why it does not."""
    answers = opa.decide(policies, asked)
    assert len(answers) == len(asked)
    return [found["problems"] if "problems" in found else ServerAnswer.model_validate(found) for found in answers]


def of_server(answer: ServerAnswer | list[str], decision: Decision | None) -> Said:
    """A server's answer with what it leaves open settled, as `assent check --engine opa` gives it."""
    if isinstance(answer, list) or (decision is None and not (answer.exact and answer.consistent)):
        return of_server_alone(answer) if isinstance(answer, list) else REFUSED
    return of_server_alone(settled(answer, decision) if decision else answer)


def of_server_alone(answer: ServerAnswer | list[str]) -> Said:
    """A server's answer as it gave it."""
    if isinstance(answer, list):
        assert all("exclude one another" in problem for problem in answer), answer
        return REFUSED
    said: dict[tuple[str, str], Any] = {(REQUEST, "outcome"): answer.outcome, (REQUEST, "ready"): answer.ready}
    judged = {found.disclosure for found in answer.findings}
    for arrived in answer.disclosures:
        if arrived.disclosure in judged:
            said[arrived.disclosure, "received under"] = _set(arrived.received_under)
            said[arrived.disclosure, "restrictions"] = _set(arrived.restrictions)
    for found in answer.findings:
        if found.outcome != "not_applicable":
            place = f"{found.disclosure} under {found.framework}"
            said |= {**_of_found(place, found), (place, "outstanding"): list(found.outstanding)}
    return said


def _set(codes: Codes) -> tuple[list[str], list[str]]:
    return sorted(codes.has), sorted(codes.may)


def _of_found(place: str, found: Any) -> Said:
    """A finding in the form that the server and generated Python have in common."""
    return {
        (place, "finding"): found.outcome,
        (place, "basis"): found.basis,
        (place, "bases"): list(found.bases),
        (place, "possible bases"): list(found.maybe),
        (place, "bars"): list(found.bars),
        (place, "possible bars"): list(found.maybe_bars),
        (place, "failed"): list(found.failed),
        (place, "clauses"): list(found.clauses),
    }
