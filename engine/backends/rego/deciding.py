"""Decide a request through a running Open Policy Agent server, exactly."""

from __future__ import annotations

from datetime import date

from engine.backends.rego.answers import Answer, Found, found
from engine.backends.rego.server import Server
from engine.conditions import facts_in
from engine.decisions import Decision, Judge, decide
from engine.documents import CannotDo
from engine.facts import TRAVELLING
from engine.graph import Graph
from engine.policies import PolicySet
from engine.records import missing_facts
from engine.requests import Request
from engine.rows import rows


def decide_by_server(server: Server, policies: PolicySet, request: Request, as_of: date | None = None) -> Answer:
    """What a server answers; what three-valued logic leaves open there is settled here.

    Raises `DocumentProblems` where the request's graph is impossible or its facts contradict each other, and `CannotDo`
    where there is no server that can answer.
    """
    answer = server.decide(rows(policies, request, as_of), policies.digest)
    if isinstance(answer, list):
        decide(policies, request, as_of)  # says with its place what contradicts itself
        raise CannotDo(f"the server at {server.shown} cannot decide this: {answer[0]}")
    if not answer.exact:
        return settled(answer, decide(policies, request, as_of))
    if not answer.consistent:
        _check_consistent(policies, request, answer.as_of)
    return answer.model_copy(update={"consistent": True})


def _check_consistent(policies: PolicySet, request: Request, day: date) -> None:
    """Raise `DocumentProblems` where what is stated leaves no possible world."""
    read = {name for group in policies.exclusive for condition in group for name in facts_in(condition)}
    if read.intersection(TRAVELLING):  # these hang on the whole decision
        decide(policies, request, day)
        return
    judge = Judge(policies, request, day)
    for disclosure in Graph(policies, request, day).disclosures:
        judge.arrive(disclosure)
    judge.decision()


def settled(answer: Answer, decision: Decision) -> Answer:
    """The server's answer with what it leaves open taken from the exact decision."""
    exact = {(f.disclosure.id, f.framework.framework): f for f in decision.findings}
    findings = tuple(
        left if left.outcome != "undetermined" else _instead(left, found(exact[left.disclosure, left.framework]))
        for left in answer.findings
    )
    open_ = answer.outcome == "undetermined"
    outcome = decision.outcome if open_ else answer.outcome
    return answer.model_copy(
        update={
            "outcome": outcome,
            "ready": outcome == "allow" and not any(finding.outstanding for finding in findings),
            "exact": True,
            "consistent": True,
            "findings": findings,
            "missing": missing_facts(decision, decision.missing) if open_ else (),
        }
    )


def _instead(left: Found, exact: Found) -> Found:
    return left if exact.outcome == "undetermined" else exact.model_copy(update={"settled_here": True})
