"""What the bundle answers, and the same from the ordinary engine."""

from __future__ import annotations

from datetime import date
from typing import Literal

from engine.decisions import Finding, Outcome
from engine.documents import Model
from engine.records import TRUTH_WORDS, MissingRecord, Word
from engine.rows import requirement_key


class Found(Model):
    """One framework on one disclosure, with rules by their ids.

    `bases` permit, `maybe` may; `bars` hold, `maybe_bars` may; `failed` is what stands against a finding that is not
    allowed, as in `engine.decisions.Finding.failed`. `basis` is the one to rely on; `clauses` and `outstanding` follow
    from it and from the framework. `settled_here` says that the server left the answer open, and that the exact one was
    found where it was asked from.
    """

    disclosure: str
    framework: str
    outcome: Outcome
    applies: Word
    basis: str | None = None
    bases: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    maybe_bars: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    outstanding: tuple[str, ...] = ()
    settled_here: bool = False


class Codes(Model):
    """A set of codes: those in it, and those that may be."""

    has: tuple[str, ...]
    may: tuple[str, ...]


class Arrived(Model):
    """What a disclosure's data were received under, and the restrictions on them."""

    disclosure: str
    received_under: Codes
    restrictions: Codes


class Answer(Model):
    """The decision.

    `exact` says that three-valued logic left no finding open, `consistent` that it is sure that what is stated does not
    contradict itself.
    """

    request: str
    as_of: date
    revision: str
    outcome: Literal["allow", "deny", "undetermined"]
    ready: bool
    exact: bool
    consistent: bool
    disclosures: tuple[Arrived, ...]
    findings: tuple[Found, ...]
    missing: tuple[MissingRecord, ...] = ()


def found(finding: Finding) -> Found:
    """The finding of the ordinary engine in the same form."""
    if finding.outcome == "not_applicable":
        return Found(
            disclosure=finding.disclosure.id,
            framework=finding.framework.framework,
            outcome="not_applicable",
            applies="false",
        )
    duties = finding.all_duties
    return Found(
        disclosure=finding.disclosure.id,
        framework=finding.framework.framework,
        outcome=finding.outcome,
        applies=TRUTH_WORDS[finding.applies.truth],
        basis=finding.used.basis.id if finding.used else None,
        bases=tuple(b.basis.id for b in finding.bases if b.permits.truth is True),
        maybe=tuple(b.basis.id for b in finding.bases if b.permits.truth is None),
        bars=tuple(bar.id for bar in finding.holding),
        maybe_bars=tuple(bar.id for bar, proof in finding.bars if proof.truth is None),
        failed=finding.failed,
        clauses=tuple(dict.fromkeys(duty.requirement.name for duty in duties if duty.requirement.kind == "clause")),
        outstanding=tuple(
            requirement_key(duty.requirement)
            for duty in duties
            if duty.requirement.kind != "clause" and duty.status == "outstanding"
        ),
    )
