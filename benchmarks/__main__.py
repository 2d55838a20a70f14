"""Measure a cold `assent check` and a warm `decide()`, and print a Markdown table.

Run with `make bench`. Cold runs are whole processes; each is set against what Python itself and the libraries need just
to start. Warm runs are one process; figures are medians.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

from engine.decisions import Decision, decide
from engine.documents import parse, shipped
from engine.papers.forms import Form, render
from engine.policies import PolicySet, compile_policies, load_policies, read_folder
from engine.records import record
from engine.reports.board import board_report
from engine.requests import Request, check_request, read_request

COLD_RUNS, WARM_RUNS = 11, 51
EXAMPLE = shipped("cases") / "p20win" / "r01.yaml"
LARGEST = shipped("cases") / "p20win" / "s07-opioid-database.yaml"
FORMS: tuple[Form, ...] = ("html", "pdf", "docx")
Result = TypeVar("Result")
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


def main() -> None:
    """Print the table."""
    bare = cold([sys.executable, "-c", "pass"])
    imports = cold([sys.executable, "-c", "import click, pydantic, networkx"])
    check = cold([sys.executable, "-m", "cli", "check", str(EXAMPLE)])
    policies, core = load_policies(), core_policies()
    print(f"{platform.python_implementation()} {platform.python_version()}, {machine()}")
    print()
    print("| cold, a whole process | seconds | x `python -c pass` | x importing click, pydantic, networkx |")
    print("| --- | --- | --- | --- |")
    print(f"| `python -c pass` | {bare:.3f} | 1 | {bare / imports:.2f} |")
    print(f"| `python -c 'import click, pydantic, networkx'` | {imports:.3f} | {imports / bare:.1f} | 1 |")
    print(f"| `assent check cases/p20win/r01.yaml` | {check:.3f} | {check / bare:.1f} | {check / imports:.2f} |")
    print()
    print("| warm, in one process | frameworks | disclosures | milliseconds | x loading the policies |")
    print("| --- | --- | --- | --- | --- |")
    loading = warm(load_policies, runs=5)
    network = "three providers, a hub, two recipients"
    example, recorded = read_request(EXAMPLE, policies), read_request(RECORDED, policies)
    for name, laws, request in (
        ("`decide()`, the example, every fact stated", core, read_request(EXAMPLE, core)),
        ("`decide()`, the example, every fact stated", policies, example),
        (f"`decide()` and what is missing, {network}, much unknown", core, check_request(parse(NETWORK), core)),
        ("`decide()` and what is missing, the example as recorded, most unknown", policies, recorded),
    ):
        print(row(name, laws, request, loading))
    seconds = warm(lambda: record(decide(policies, example)).model_dump_json())
    print(
        f"| `decide()` and the whole proof as JSON, the example | | | {seconds * 1000:.1f} | {seconds / loading:.3f} |"
    )
    print(f"| loading the policies | {len(policies.frameworks)} | | {loading * 1000:.1f} | 1 |")
    print()
    print("| once, in one process | seconds | x deciding it |")
    print("| --- | --- | --- |")
    largest = read_request(LARGEST, policies)
    deciding, (decision, _) = once(lambda: decided(policies, largest))
    print(f"| `decide()` and what is missing, the largest example | {deciding:.1f} | 1 |")
    for form in FORMS:
        seconds, _ = once(partial(written, decision, form))
        print(f"| its whole report for the board as {form} | {seconds:.1f} | {seconds / deciding:.2f} |")


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


def once(call: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds of a long call, and what it gives."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def cold(command: list[str]) -> float:
    """Median seconds of a whole process."""

    def run() -> None:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)

    return warm(run, runs=COLD_RUNS)


def warm(call: Callable[[], object], runs: int = WARM_RUNS) -> float:
    """Median seconds of a call; long calls are repeated less."""
    seconds: list[float] = []
    call()
    while len(seconds) < runs and sum(seconds) < 10:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def machine() -> str:
    """The processor, as the system names it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.processor() or platform.machine()}, {platform.system()}"


if __name__ == "__main__":
    main()
