"""What a person waits for: a cold `assent check`, a warm `decide()`, a report.

Cold runs are whole processes; each is set against what Python itself and the libraries need just to start. Warm runs
are one process; figures are medians.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from functools import partial

from benchmarks.measuring import cold, once, warm
from engine.decisions import Decision, decide
from engine.documents import parse, shipped
from engine.papers.forms import Form, render
from engine.policies import PolicySet, compile_policies, load_policies, read_folder
from engine.records import record
from engine.reports.board import board_report
from engine.requests import Request, check_request, read_request

EXAMPLE = shipped("cases") / "p20win" / "r01.yaml"
LARGEST = shipped("cases") / "p20win" / "s07-opioid-database.yaml"
FORMS: tuple[Form, ...] = ("html", "pdf", "docx")
RECORDED = shipped("cases") / "p20win" / "r01-as-recorded.yaml"
CORE = ("ferpa", "uc", "ct-unemployment")
"""The frameworks of the first network query; its house rules come with the deployment."""

NEVER = date(1900, 1, 1)

NETWORK = """
request: three-providers
title: Three providers, a hub and two recipients
deployment: p20win
date: 2026-11-23
purpose: evaluation
facts: {program_is_education: true, program_public_support: both}
parties:
  SDE: {}
  CSCU: {}
  DOL: {}
  ONE: {kind: public_postsecondary}
  TWO: {kind: private_postsecondary}
datasets:
  graduates: {owner: SDE, categories: [education_record]}
  students: {owner: CSCU, categories: [education_record]}
  wages: {owner: DOL, categories: [uc_wage_record]}
  linked: {from: [graduates, students, wages]}
flows:
  - {id: sde-to-hub, from: SDE, to: DOL, carries: [graduates], form: identified, facts: {channel: sftp}}
  - {id: cscu-to-hub, from: CSCU, to: DOL, carries: [students], form: identified, facts: {channel: sftp}}
  - {id: hub-to-one, from: DOL, to: ONE, carries: [linked], form: coded, facts: {channel: sftp}}
  - {id: hub-to-two, from: DOL, to: TWO, carries: [linked], form: coded, facts: {channel: sftp}}
"""


def tables() -> list[str]:
    """The lines of the tables."""
    return [*_tables()]


def _tables() -> Iterator[str]:
    bare = cold([sys.executable, "-c", "pass"])
    imports = cold([sys.executable, "-c", "import click, pydantic, networkx"])
    check = cold([sys.executable, "-m", "cli", "check", str(EXAMPLE)])
    policies, core = load_policies(), core_policies()
    yield "| cold, a whole process | seconds | x `python -c pass` | x importing click, pydantic, networkx |"
    yield "| --- | --- | --- | --- |"
    yield f"| `python -c pass` | {bare:.3f} | 1 | {bare / imports:.2f} |"
    yield f"| `python -c 'import click, pydantic, networkx'` | {imports:.3f} | {imports / bare:.1f} | 1 |"
    yield f"| `assent check cases/p20win/r01.yaml` | {check:.3f} | {check / bare:.1f} | {check / imports:.2f} |"
    yield ""
    yield "| warm, in one process | frameworks | disclosures | milliseconds | x loading the policies |"
    yield "| --- | --- | --- | --- | --- |"
    loading = warm(load_policies, runs=5)
    network = "three providers, a hub, two recipients"
    example, recorded = read_request(EXAMPLE, policies), read_request(RECORDED, policies)
    for name, laws, request in (
        ("`decide()`, the example, every fact stated", core, read_request(EXAMPLE, core)),
        ("`decide()`, the example, every fact stated", policies, example),
        (f"`decide()` and what is missing, {network}, much unknown", core, check_request(parse(NETWORK), core)),
        ("`decide()` and what is missing, the example as recorded, most unknown", policies, recorded),
    ):
        yield row(name, laws, request, loading)
    seconds = warm(lambda: record(decide(policies, example)).model_dump_json())
    name = "`decide()` and the whole proof as JSON, the example"
    yield f"| {name} | | | {seconds * 1000:.1f} | {seconds / loading:.3f} |"
    yield f"| loading the policies | {len(policies.frameworks)} | | {loading * 1000:.1f} | 1 |"
    yield ""
    yield "| once, in one process | seconds | x deciding it |"
    yield "| --- | --- | --- |"
    largest = read_request(LARGEST, policies)
    deciding, (decision, _) = once(lambda: decided(policies, largest))
    yield f"| `decide()` and what is missing, the largest example | {deciding:.1f} | 1 |"
    for form in FORMS:
        seconds, _ = once(partial(written, decision, form))
        yield f"| its whole report for the board as {form} | {seconds:.1f} | {seconds / deciding:.2f} |"


def decided(policies: PolicySet, request: Request) -> tuple[Decision, int]:
    """A decision, and how many facts it misses."""
    decision = decide(policies, request)
    return decision, len(decision.missing)


def written(decision: Decision, form: Form) -> bytes:
    """The report for the board as a file."""
    return render(board_report(decision), form)


def row(name: str, policies: PolicySet, request: Request, loading: float) -> str:
    """One line of the warm table."""
    decision = decide(policies, request)
    seconds = warm(lambda: decide(policies, request).missing)
    frameworks = len({finding.framework.framework for finding in decision.findings})
    disclosures = len({finding.disclosure.id for finding in decision.findings})
    answer = f"{name} ({decision.outcome})"
    return f"| {answer} | {frameworks} | {disclosures} | {seconds * 1000:.1f} | {seconds / loading:.3f} |"


def core_policies() -> PolicySet:
    """The shipped policies with the frameworks of the first network query alone, and what they read."""
    documents = read_folder(shipped("policies"))
    laws = [d for d in documents if d.data.get("framework") not in (None, *CORE)]
    for document in laws:  # their facts and codes stay declared; their rules go
        document.data["applies"]["in_force"] = {"until": NEVER}
        document.data["in_force"] = {"until": NEVER}
    return compile_policies(documents)
