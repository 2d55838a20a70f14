"""One decision at a time: the bare yes or no of every peer, and ours with the whole proof.

All decide the same requests by the same rules, and their answers are compared before anything is timed.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measuring import percentile
from benchmarks.opa import opa, opa_server
from benchmarks.peers.engines import IN_PROCESS, MODULES, Ask, Plainly, opa_over_http, write_rego
from benchmarks.peers.rules import Law, laws, plain_facts
from benchmarks.requests import DAY, eight
from benchmarks.stated import Document, stated_requests
from engine.backends.columns.program import compiled
from engine.backends.generated import Decider
from engine.decisions import Decision
from engine.policies import PolicySet, load_policies
from engine.rows import Rows, decide_rows

OURS = "`assent`, generated Python"
INTERPRETER = "`assent`, the interpreter of `assent check`"
BASELINE = "plain Python"
PROOF, ANSWER = "outcome, bases, bars, failed conditions, clauses", "yes or no"
REQUESTS = 200
CHECKING, TIMING = 6.0, 3.0
"""Seconds for which an engine's answers are compared, and for which it is timed: slow ones are asked less."""
DAY_ = date.fromisoformat(DAY)


@dataclass(frozen=True)
class Workload:
    """The rules and the requests: as rows, as the plain facts that peers take, and whether each is allowed.

    What earlier disclosures attach to the data is among the plain facts, as our decision found it; no peer does.
    """

    policies: PolicySet
    documents: Sequence[Document]
    plain: Sequence[Sequence[Plainly]]
    outcomes: Sequence[str]

    @property
    def laws(self) -> list[Law]:
        """The rules in the form that peers' languages are written from."""
        return laws(self.policies.frameworks, DAY_)

    @property
    def rules(self) -> int:
        """How many bars and bases there are."""
        return sum(len(law.bars) + len(law.bases) for law in self.laws)


class Engine(NamedTuple):
    """One engine: what it answers, how it is asked the n-th request, and whether an answer means allowed.

    Its time is processor time, so that other work on the machine counts little; a server has a process of its own, and
    is measured by the clock.
    """

    name: str
    answers: str
    ask: Callable[[int], Any]
    allowed: Callable[[Any], bool]
    clock: Callable[[], float] = time.process_time


class Timing(NamedTuple):
    """How long an engine took for one request, in microseconds, and for how many its answers were compared."""

    engine: Engine
    median: float
    p99: float
    compared: int


class DisagreementError(Exception):
    """An engine answers otherwise than the others: there is nothing to time."""


def workload(count: int = REQUESTS, *, seed: int = 1) -> Workload:
    """The rules of eight frameworks, and so many requests."""
    policies = eight(load_policies())
    documents = stated_requests(policies, count, seed=seed)
    names = sorted({name for law in laws(policies.frameworks, DAY_) for name in law.facts()})
    plain, outcomes = [], []
    for document in documents:
        decision = decide_rows(policies, Rows.model_validate(document))
        legs = {finding.disclosure.id: finding.disclosure for finding in decision.findings}
        plain.append([plain_facts(names, leg, policies.vocabulary) for leg in legs.values()])
        outcomes.append(decision.outcome)
    return Workload(policies, documents, plain, outcomes)


def engines(work: Workload, stack: ExitStack) -> Iterator[Engine]:
    """Ours, and those peers that are installed; what they need is open as long as `stack` is."""
    decider = Decider(compiled(work.policies), DAY_)
    documents, rows = work.documents, [Rows.model_validate(document) for document in work.documents]
    yield Engine(OURS, PROOF, lambda i: decider.decide(documents[i]), lambda verdict: verdict.outcome == "allow")
    yield Engine(INTERPRETER, PROOF, lambda i: _interpreted(work.policies, rows[i]), lambda d: d.outcome == "allow")
    for name, prepare in IN_PROCESS.items():
        if name not in MODULES or find_spec(MODULES[name]):
            yield _peer(name, work, prepare(work.laws, work.policies.vocabulary))
    if opa():
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(opa_server([write_rego(work.laws, work.policies.vocabulary, folder)]))
        yield _peer("OPA server over HTTP", work, opa_over_http(url))._replace(clock=time.perf_counter)


def _peer(name: str, work: Workload, ask: Ask) -> Engine:
    return Engine(name, ANSWER, lambda i: ask(work.plain[i]), bool)


def _interpreted(policies: PolicySet, rows: Rows) -> Decision:
    decision = decide_rows(policies, rows)
    for finding in decision.findings:  # worked out when asked for
        if finding.outcome != "not_applicable":
            _ = finding.used, finding.holding, finding.all_duties
    return decision


def compared(engine: Engine, work: Workload, seconds: float = CHECKING) -> int:
    """How many answers of an engine were found to be right. Raises `DisagreementError` where one is not."""
    until = time.perf_counter() + seconds
    for i, outcome in enumerate(work.outcomes):
        if engine.allowed(engine.ask(i)) is not (outcome == "allow"):
            name = work.documents[i]["request"]
            raise DisagreementError(f"{engine.name} answers request {name} otherwise than {outcome}")
        if time.perf_counter() > until:
            return i + 1
    return len(work.outcomes)


def timings(work: Workload, seconds: float = TIMING) -> list[Timing]:
    """Every engine on the requests for which its answers were compared, the fastest first."""
    with ExitStack() as stack:
        asked = [(engine, compared(engine, work)) for engine in engines(work, stack)]
        found = [Timing(engine, *_timed(partial(_each, engine), count, seconds), count) for engine, count in asked]
    return sorted(found, key=lambda timing: timing.median)


def _each(engine: Engine, i: int) -> float:
    start = engine.clock()
    engine.ask(i)
    return engine.clock() - start


def _timed(measure: Callable[[int], float], count: int, seconds: float) -> tuple[float, float]:
    """The median and the 99th percentile over all requests, in turn, in microseconds."""
    until, found = time.perf_counter() + seconds, []
    for i in cycle(range(count)):
        found.append(measure(i))
        if time.perf_counter() > until:
            break
    return percentile(found, 50) * 1e6, percentile(found, 99) * 1e6


def table(found: Sequence[Timing]) -> Iterator[str]:
    """The lines of the table, with every figure also as a multiple of ours."""
    ours = next(timing for timing in found if timing.engine.name == OURS)
    yield "| one decision | answers | p50, µs | p99, µs | p50, ours = 1 | p99, ours = 1 | compared |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for engine, median, p99, count in found:
        yield (
            f"| {engine.name} | {engine.answers} | {median:,.0f} | {p99:,.0f} | {median / ours.median:.2f} "
            f"| {p99 / ours.p99:.2f} | {count} |"
        )
