"""One decision at a time: the bare yes or no of every peer, and ours with the whole proof.

All decide the same requests by the same rules, and their answers are compared before anything is timed. Each engine is
to be measured in a process of its own, so that none suffers from what another left.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measuring import percentile, processor_time
from benchmarks.opa import opa, opa_process
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
SERVER = "OPA server over HTTP"
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

    `clock` is what one answer is timed by: processor time, so that other work on the machine counts little, but for a
    server, which somebody waits for, real time. `spent` is the processor time of all processes that take part.
    """

    name: str
    answers: str
    ask: Callable[[int], Any]
    allowed: Callable[[Any], bool]
    clock: Callable[[], float] = time.process_time
    spent: Callable[[], float] = time.process_time


class Timing(NamedTuple):
    """How long an engine took for one request, in microseconds; for how many its answers were compared; and how many
    requests it answers in a second of processor time, with how many it was asked."""

    name: str
    answers: str
    median: float
    p99: float
    compared: int
    rate: float
    asked: int


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


def known() -> list[str]:
    """Every engine that can be asked where it is installed."""
    return [OURS, INTERPRETER, *IN_PROCESS, SERVER]


def installed() -> list[str]:
    """The engines that can be asked here."""
    return [n for n in known() if (opa() if n == SERVER else n not in MODULES or find_spec(MODULES[n]))]


def engine(name: str, work: Workload, stack: ExitStack) -> Engine:
    """One engine, ready to be asked; what it needs is open as long as `stack` is."""
    if name == OURS:
        decider, documents = Decider(compiled(work.policies), DAY_), work.documents
        return Engine(OURS, PROOF, lambda i: decider.decide(documents[i]), lambda verdict: verdict.outcome == "allow")
    if name == INTERPRETER:
        rows = [Rows.model_validate(document) for document in work.documents]
        return Engine(name, PROOF, lambda i: _interpreted(work.policies, rows[i]), lambda d: d.outcome == "allow")
    if name == SERVER:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        rules = write_rego(work.laws, work.policies.vocabulary, folder)
        url, process = stack.enter_context(opa_process([rules]))
        peer = _peer(name, work, opa_over_http(url))
        return peer._replace(clock=time.perf_counter, spent=lambda: time.process_time() + processor_time(process))
    return _peer(name, work, IN_PROCESS[name](work.laws, work.policies.vocabulary))


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


def measured(name: str, work: Workload, seconds: float = TIMING) -> Timing:
    """One engine on the requests for which its answers were compared."""
    with ExitStack() as stack:
        found = engine(name, work, stack)
        count = compared(found, work)
        median, p99 = _timed(found, count, seconds)
        asked, start, until = 0, found.spent(), time.perf_counter() + seconds
        while time.perf_counter() < until or not asked:
            found.ask(asked % count)
            asked += 1
        return Timing(name, found.answers, median, p99, count, asked / (found.spent() - start), asked)


def _timed(engine: Engine, count: int, seconds: float) -> tuple[float, float]:
    """The median and the 99th percentile over all requests, in turn, in microseconds."""
    until, found = time.perf_counter() + seconds, []
    for i in cycle(range(count)):
        start = engine.clock()
        engine.ask(i)
        found.append(engine.clock() - start)
        if time.perf_counter() > until:
            break
    return percentile(found, 50) * 1e6, percentile(found, 99) * 1e6


def table(found: Sequence[Timing]) -> Iterator[str]:
    """The lines of the table, with every figure also as a multiple of ours."""
    ours = next(timing for timing in found if timing.name == OURS)
    yield "| one decision | answers | p50, µs | p99, µs | p50, ours = 1 | p99, ours = 1 | compared |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for one in found:
        yield (
            f"| {one.name} | {one.answers} | {one.median:,.0f} | {one.p99:,.0f} | {one.median / ours.median:.2f} "
            f"| {one.p99 / ours.p99:.2f} | {one.compared} |"
        )
