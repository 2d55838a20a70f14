"""What holds of every document, policy and request, however odd. The answers are checked against brute force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from engine.conditions import Reading
from engine.decisions import Decision, Finding, decide
from engine.documents import DocumentProblems, parse, read
from engine.policies import compile_policies
from engine.requests import check_request
from tests.strategies import Open, World, as_yaml, junk_bytes, junk_text, shuffled, spoiled, worlds
from tests.writing import attempt

# Reading --------------------------------------------------------------------------------------------------------------


@given(junk_text(), st.sampled_from(["x.yaml", "x.json"]))
def test_any_text_is_a_document_or_a_list_of_problems(text: str, file: str) -> None:
    document, problems = attempt(lambda: parse(text, file))
    assert document or problems
    for problem in problems:
        assert problem.file == file
        assert problem.mark.line >= 1
        assert problem.mark.column >= 1
        assert problem.code
        assert problem.message


@given(junk_bytes())
def test_any_bytes_are_a_document_or_a_list_of_problems(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    document, problems = attempt(lambda: read(path))
    assert document or problems
    assert all(p.file == str(path) and p.mark.line >= 1 and p.mark.column >= 1 for p in problems)


@given(st.data(), worlds())
def test_spoiled_policies_are_refused_with_a_place_or_still_decide(data: st.DataObject, world: World) -> None:
    chosen = data.draw(st.integers(0, len(world.files) - 1))
    files = [data.draw(spoiled(file)) if i == chosen else file for i, file in enumerate(world.files)]
    documents = [parse(as_yaml(file), f"file-{i}.yaml") for i, file in enumerate(files)]
    policies, problems = attempt(lambda: compile_policies(documents))
    assert policies or problems
    assert all(p.file.startswith("file-") and p.mark.line >= 1 for p in problems)
    if policies is not None:
        event("still a policy set")
        attempt(lambda: decide(policies, check_request(parse(as_yaml(world.request)), policies)))


@given(st.data(), worlds())
def test_spoiled_requests_are_refused_with_a_place_or_still_decided(data: st.DataObject, world: World) -> None:
    text = as_yaml(data.draw(spoiled(world.request)))
    request, problems = attempt(lambda: check_request(parse(text, "request.yaml"), world.policies))
    assert request or problems
    assert all(p.file == "request.yaml" and p.mark.line >= 1 for p in problems)
    if request is not None:
        event("still a request")
        decision, problems = attempt(lambda: decide(world.policies, request))
        assert (decision and decision.findings) or {p.code for p in problems} <= GRAPH_PROBLEMS


GRAPH_PROBLEMS = {"circle", "impossible-carry", "excluded"}
"""What can only be told once the flows are put together."""

# Deciding -------------------------------------------------------------------------------------------------------------

WHOLE = ("", "")
"""The key of the whole request's answer, among those of its findings."""

Fact = tuple[str, str]
Values = tuple[Any, ...]


@dataclass(frozen=True)
class Unknown:
    """An open fact, or whether one code is in an open set."""

    fact: Fact
    code: str
    values: Values

    @classmethod
    def of(cls, fact: Open) -> list[Unknown]:
        if not isinstance(fact.values[0], list):
            return [cls(fact.fact, "", fact.values)]
        return [
            cls(fact.fact, code, (True, False)) for code in sorted({code for codes in fact.values for code in codes})
        ]

    def read(self, value: Any) -> Any:
        """Its value where the whole fact has this one."""
        return self.code in value if self.code else value


@dataclass
class BruteForce:
    """The answers to every completion of a request's open facts that no exclusion rules out.

    `answers` maps the values of the unknowns to whether the whole request, and each finding, is permitted.
    """

    unknowns: list[Unknown]
    answers: dict[Values, dict[Fact, bool]]

    @classmethod
    def of(cls, world: World) -> BruteForce:
        unknowns = [Unknown.of(fact) for fact in world.open]
        answers = {}
        for values in product(*(fact.values for fact in world.open)):
            completed = world.stating(list(zip(world.open, values, strict=True)))
            decision, problems = attempt(completed.decide)
            assert {p.code for p in problems} <= {"excluded"}, problems
            if decision is not None:
                key = tuple(u.read(value) for us, value in zip(unknowns, values, strict=True) for u in us)
                answers[key] = dict(_permitted(decision))
        return cls([u for us in unknowns for u in us], answers)

    def outcome(self, of: Fact) -> str:
        found = {answer[of] for answer in self.answers.values()}
        return "undetermined" if len(found) == 2 else "allow" if found == {True} else "deny"

    def missing(self, of: Fact) -> set[Fact]:
        """The facts of which one, or two that can only change together, change the answer."""
        found = set()
        for values, answer in self.answers.items():
            for changed in self.changes(values):
                if self.answers[changed][of] != answer[of]:
                    found |= {u.fact for u, a, b in zip(self.unknowns, values, changed, strict=True) if a != b}
        return found

    def changes(self, values: Values) -> Iterator[Values]:
        """The other completions that differ in one unknown; or in two, if neither can take its new value alone."""
        single = [(i, value) for i, unknown in enumerate(self.unknowns) for value in unknown.values]
        for i, value in single:
            if (changed := _with(values, i, value)) in self.answers:
                yield changed
        for (i, one), (j, other) in combinations(single, 2):
            alone = {_with(values, i, one), _with(values, j, other)}
            if (
                i != j
                and not alone & set(self.answers)
                and (both := _with(_with(values, i, one), j, other)) in self.answers
            ):
                yield both


def _with(values: Values, i: int, value: Any) -> Values:
    return (*values[:i], value, *values[i + 1 :])


def _permitted(decision: Decision) -> Iterator[tuple[Fact, bool]]:
    """The settled answers of a decision; a framework that does not apply permits."""
    assert decision.outcome != "undetermined", f"nothing is open, yet missing: {decision.missing}"
    yield WHOLE, decision.outcome == "allow"
    for key, finding in _findings(decision).items():
        assert finding.outcome != "undetermined", f"nothing is open, yet {key} misses {finding.missing}"
        yield key, finding.outcome != "deny"


def _findings(decision: Decision) -> Mapping[Fact, Finding]:
    return {(f.disclosure.id, f.framework.framework): f for f in decision.findings}


def _outcome(finding: Finding) -> str:
    return "allow" if finding.outcome == "not_applicable" else finding.outcome


def _facts(readings: tuple[Reading, ...]) -> set[Fact]:
    """Facts by what they are about and their key, whatever role they are read in."""
    return {(r.about, r.name.partition(".")[2] if r.about.startswith("party ") else r.name) for r in readings}


@given(worlds())
def test_the_answer_is_what_all_completions_say(world: World) -> None:
    brute_force = BruteForce.of(world)
    event(f"{len(world.open)} facts open")
    if not brute_force.answers:
        with pytest.raises(DocumentProblems):
            world.decide()
        return
    decision = world.decide()
    event(decision.outcome)
    assert decision.outcome == brute_force.outcome(WHOLE)
    assert _facts(decision.missing) == brute_force.missing(WHOLE)


@given(worlds())
def test_each_finding_is_what_all_completions_say(world: World) -> None:
    brute_force = BruteForce.of(world)
    assume(brute_force.answers)
    for key, finding in _findings(world.decide()).items():
        assert _outcome(finding) == brute_force.outcome(key), key
        assert _facts(finding.missing) == brute_force.missing(key), key


@given(st.data(), worlds(completions=10_000))
def test_stating_one_more_fact_never_flips_a_settled_answer(data: st.DataObject, world: World) -> None:
    assume(world.open)
    fact = data.draw(st.sampled_from(world.open))
    more = world.stating([(fact, data.draw(st.sampled_from(fact.values)))])
    before, after = attempt(world.decide)[0], attempt(more.decide)[0]
    assume(before and after)
    assert before
    assert after
    event(f"{before.outcome} -> {after.outcome}")
    assert before.outcome in ("undetermined", after.outcome)
    later = _findings(after)
    for key, finding in _findings(before).items():
        assert _outcome(finding) in ("undetermined", _outcome(later[key])), key


@given(st.data(), worlds(completions=10_000))
def test_no_order_changes_the_decision(data: st.DataObject, world: World) -> None:
    request = data.draw(shuffled(world.request))
    files = data.draw(st.permutations(world.files))
    decision, problems = attempt(world.decide)
    other, other_problems = attempt(World(list(files), request, ()).decide)
    assert (decision and _summary(decision)) == (other and _summary(other))
    assert {(p.code, p.message) for p in problems} == {(p.code, p.message) for p in other_problems}


def _summary(decision: Decision) -> Any:
    """All that a decision says, without order."""
    findings = {
        key: (
            f.outcome,
            f.used.basis.id if f.used else None,
            {b.basis.id: b.permits.truth for b in f.bases},
            {(d.requirement.name, d.rule, d.owed.truth, d.status, d.parties) for d in f.all_duties},
            _facts(f.missing),
        )
        for key, f in _findings(decision).items()
    }
    return decision.outcome, decision.ready, findings, _facts(decision.missing)


def _more_law(**rules: Any) -> dict[str, Any]:
    applies = {"says": "Everything", "cite": "s. 1", "checked": "text"}
    return {"framework": "more", "title": "More law", "authority": "2 Law 1", "applies": applies, **rules}


@given(worlds(completions=10_000))
def test_a_sure_denial_outranks_whatever_is_unknown(world: World) -> None:
    nothing_permitted = _more_law(bases={})
    decision, _ = attempt(World([*world.files, nothing_permitted], world.request, ()).decide)
    assume(decision)
    assert decision
    assert decision.outcome == "deny"
    assert not decision.missing


@given(worlds(completions=10_000))
def test_an_unknown_bar_is_never_outvoted_by_a_satisfied_basis(world: World) -> None:
    barred_if_forbidden = _more_law(
        facts={"request.forbidden": {"type": "boolean"}},
        bars={
            **world.files[1]["bars"],
            "forbidden": {"says": "Forbidden", "cite": "s. 2", "checked": "text", "when": {"request.forbidden": True}},
        },
        bases={"always": {"title": "Whatever is not forbidden", "cite": "s. 3", "checked": "text"}},
        definitions=world.files[1]["definitions"],
    )
    decision, _ = attempt(World([*world.files, barred_if_forbidden], world.request, ()).decide)
    assume(decision)
    assert decision
    assert decision.outcome != "allow"
    for finding in decision.findings:
        if finding.framework.framework == "more":
            assert finding.outcome == "deny" or "request.forbidden" in {r.name for r in finding.missing}
