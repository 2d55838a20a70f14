"""The decision as a document: what `--json` prints, what drafts and reports are made from.

Same decision, same bytes: lists are in order of the request's legs and of the policy files, or sorted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from engine.conditions import Condition, Proof, Reading, Use, evaluate, in_words, label
from engine.decisions import BasisFinding, Decision, Duty, Finding, Status
from engine.documents import Model
from engine.facts import DURATION, Truth, printable
from engine.policies import DayOf, Rule

Word = Literal["true", "false", "unknown"]
TRUTH_WORDS: dict[Truth, Word] = {True: "true", False: "false", None: "unknown"}


class FactRecord(Model):
    """A fact as a rule read it, and who stated it."""

    fact: str
    about: str
    value: Any
    stated_by: str


class ProofRecord(Model):
    """A condition with its value, what it read, and the values of its parts."""

    condition: str
    says: str
    truth: Word
    cite: str = ""
    checked: str = ""
    facts: tuple[FactRecord, ...] = ()
    parts: tuple[ProofRecord, ...] = ()


class RuleRecord(Model):
    """A rule on one disclosure."""

    rule: str
    says: str
    cite: str
    checked: str
    note: str = ""
    truth: Word
    permits: Word | None = None
    proof: ProofRecord


class MissingRecord(Model):
    """A fact that can still change the answer."""

    fact: str
    about: str
    question: str
    asked_of: str | None
    absence: str
    cite: str = ""


class DisclosureRecord(Model):
    """One dataset on one flow for one purpose, as far as it came from one owner."""

    id: str
    flow: str
    leg: str
    dataset: str
    source: str
    purpose: str
    provider: str
    sender: str
    receiver: str
    form: str
    received_under: tuple[str, ...]
    restrictions: tuple[str, ...]


class FindingRecord(Model):
    """One framework on one disclosure."""

    disclosure: str
    framework: str
    title: str
    outcome: Literal["not_applicable", "allow", "deny", "undetermined"]
    basis: str | None
    applies: RuleRecord
    bars: tuple[RuleRecord, ...] = ()
    bases: tuple[RuleRecord, ...] = ()
    missing: tuple[MissingRecord, ...] = ()


class DemandRecord(Model):
    """The rule that demands something, and where."""

    rule: str
    disclosure: str
    cite: str
    checked: str


class ObligationRecord(Model):
    """What the parties must still write, sign or do (or have), with every rule that demands it.

    `within` is the time for it in words. Where it can be counted it is `length` (`5 business days`, or `0 days` for the
    very day) after the event `after`. `lasting` says that it goes on for that time, `approval` that somebody votes or
    decides, `conditional` that it is owed only if a fact that is still unknown turns out so.
    """

    kind: Literal["clause", "instrument", "step"]
    name: str
    says: str
    status: Status
    parties: tuple[str, ...]
    due: str
    within: str
    length: str = ""
    after: str = ""
    lasting: bool = False
    approval: bool = False
    conditional: bool
    note: str
    required_by: tuple[DemandRecord, ...]


class PenaltyRecord(Model):
    """What follows a breach."""

    rule: str
    says: str
    cite: str
    checked: str


class DecisionRecord(Model):
    """The whole decision."""

    decision: str
    title: str
    outcome: Literal["allow", "deny", "undetermined"]
    ready: bool
    as_of: date
    deployment: str | None
    request_digest: str
    policies_digest: str
    disclosures: tuple[DisclosureRecord, ...]
    findings: tuple[FindingRecord, ...]
    obligations: tuple[ObligationRecord, ...]
    missing: tuple[MissingRecord, ...]
    unclassified: dict[str, tuple[str, ...]]
    penalties: tuple[PenaltyRecord, ...]


def record(decision: Decision, *, whole: bool = True) -> DecisionRecord:
    """The decision as a document.

    Not whole, it leaves out the proofs of what is allowed or does not apply, and what single findings miss.
    """
    request = decision.request
    return DecisionRecord(
        decision=request.file.request,
        title=request.file.title,
        outcome=decision.outcome,
        ready=decision.ready,
        as_of=decision.as_of,
        deployment=request.file.deployment,
        request_digest=request.digest,
        policies_digest=decision.policies.digest,
        disclosures=tuple(_disclosures(decision)),
        findings=tuple(_finding(decision, finding, whole=whole) for finding in decision.findings),
        obligations=tuple(obligations(decision)),
        missing=missing_facts(decision, decision.missing),
        unclassified={name: elements for name, elements in sorted(request.unclassified.items()) if elements},
        penalties=tuple(_penalties(decision)),
    )


def explain(decision: Decision, rule: Rule) -> list[tuple[str, RuleRecord]]:
    """One rule, with its whole proof, on every disclosure that its framework reaches: (disclosure, rule)."""
    framework = rule.id.partition(".")[0]
    return [
        (finding.disclosure.id, _rule(rule, evaluate(rule.when, finding.disclosure), whole=True))
        for finding in decision.findings
        if finding.framework.framework == framework
        and (finding.outcome != "not_applicable" or rule is finding.framework.applies)
    ]


def missing_facts(decision: Decision, readings: Iterable[Reading]) -> tuple[MissingRecord, ...]:
    """The facts behind some readings, with the question that a person is asked."""
    records = []
    for reading in readings:
        fact = decision.policies.vocabulary[reading.name].fact
        value = printable(reading.value)
        absence = value if isinstance(value, str) else "only partly known"
        records.append(
            MissingRecord(
                fact=reading.name,
                about=reading.about,
                question=fact.question,
                asked_of=fact.asked_of,
                absence=absence,
                cite=fact.cite,
            )
        )
    return tuple(records)


def obligations(decision: Decision) -> list[ObligationRecord]:
    """Everything owed, once for each set of parties, worst status first met, in order of first demand."""
    merged: dict[tuple[str, str, tuple[str, ...]], list[tuple[Finding, Duty]]] = {}
    for finding, duty in decision.duties():
        key = (duty.requirement.kind, duty.requirement.name, duty.parties)
        merged.setdefault(key, []).append((finding, duty))
    return [_obligation(decision, found) for found in merged.values()]


def perhaps(finding: Finding, duty: Duty) -> bool:
    """Whether it is owed only if a fact that is still unknown turns out so.

    Unknown may be its own condition, whether its basis opens the disclosure, or whether the law reaches the data.
    """
    used = finding.used
    of_open_basis = used is not None and used.permits.truth is not True and duty.rule == used.basis.id
    return of_open_basis or None in (duty.owed.truth, finding.applies.truth)


_WORST: tuple[Status, ...] = ("refused", "lacking", "outstanding", "later", "in the agreement", "done")


def _obligation(decision: Decision, found: list[tuple[Finding, Duty]]) -> ObligationRecord:
    duty = found[0][1]
    owed = duty.requirement
    demands = {
        (d.rule, finding.disclosure.id): DemandRecord(
            rule=d.rule,
            disclosure=finding.disclosure.id,
            cite=d.requirement.cite,
            checked=d.requirement.checked,
        )
        for finding, d in found
    }
    return ObligationRecord(
        kind=duty.requirement.kind,
        name=duty.requirement.name,
        says=duty.requirement.says,
        status=min((d.status for _, d in found), key=_WORST.index),
        parties=duty.parties,
        due=duty.requirement.due,
        within=_time(decision, duty),
        length="0 days" if isinstance(owed.within, DayOf) else duty.within if DURATION.fullmatch(duty.within) else "",
        after=owed.within.event if isinstance(owed.within, DayOf) else owed.after,
        lasting=owed.lasting,
        approval=duty.requirement.approval,
        conditional=all(perhaps(finding, d) for finding, d in found),
        note=duty.requirement.note,
        required_by=tuple(demands.values()),
    )


def _time(decision: Decision, duty: Duty) -> str:
    owed, events = duty.requirement, decision.policies.events
    if isinstance(owed.within, DayOf):
        return f"by {events[owed.within.event]}"
    words = f"for {duty.within}" if owed.lasting else duty.within
    return f"{words} after {events[owed.after]}".strip() if owed.after else words


def _disclosures(decision: Decision) -> Iterable[DisclosureRecord]:
    seen = {finding.disclosure.id: finding.disclosure for finding in decision.findings}
    for disclosure in seen.values():
        yield DisclosureRecord(
            id=disclosure.id,
            flow=disclosure.flow.id,
            leg=str(disclosure["flow.leg"].value),
            dataset=disclosure.dataset,
            source=disclosure.source,
            purpose=str(printable(disclosure.purpose)),
            provider=disclosure.provider,
            sender=disclosure.sender,
            receiver=disclosure.receiver,
            form=str(printable(disclosure["flow.form"].value)),
            received_under=tuple(printable(disclosure.received_under)),
            restrictions=tuple(printable(disclosure.restrictions)),
        )


def _finding(decision: Decision, finding: Finding, *, whole: bool) -> FindingRecord:
    proofs = whole or finding.outcome in ("deny", "undetermined")
    return FindingRecord(
        disclosure=finding.disclosure.id,
        framework=finding.framework.framework,
        title=finding.framework.title,
        outcome=finding.outcome,
        basis=finding.used.basis.id if finding.used else None,
        applies=_rule(finding.framework.applies, finding.applies, whole=proofs),
        bars=tuple([_rule(bar, proof, whole=proofs) for bar, proof in finding.bars]),
        bases=tuple([_basis(found, whole=proofs) for found in finding.bases]),
        missing=missing_facts(decision, finding.missing) if whole else (),
    )


def _basis(found: BasisFinding, *, whole: bool) -> RuleRecord:
    return _rule(found.basis, found.proof, TRUTH_WORDS[found.permits.truth], whole=whole)


def _rule(rule: Rule, proof: Proof, permits: Word | None = None, *, whole: bool) -> RuleRecord:
    return RuleRecord(
        rule=rule.id,
        says=title_of(rule),
        cite=rule.cite,
        checked=rule.checked,
        note=rule.note,
        truth=TRUTH_WORDS[proof.truth],
        permits=permits,
        proof=_proof(proof, whole=whole),
    )


def title_of(rule: Rule) -> str:
    """What a rule is called: the title of a basis, else what the rule says."""
    return str(getattr(rule, "title", "") or rule.says)


def _proof(proof: Proof, *, whole: bool = True) -> ProofRecord:
    condition = proof.condition
    return ProofRecord(
        condition=label(condition),
        says=in_words(condition),
        truth=TRUTH_WORDS[proof.truth],
        cite=_cite(condition),
        checked=condition.checked,
        facts=tuple([_fact(reading) for reading in proof.readings]),
        parts=tuple([_proof(part) for part in proof.parts]) if whole else (),
    )


def _fact(reading: Reading) -> FactRecord:
    value = printable(reading.value)
    return FactRecord(fact=reading.name, about=reading.about, value=value, stated_by=reading.source)


def _cite(condition: Condition) -> str:
    return condition.cite or (condition.part.cite if isinstance(condition, Use) else "")


def _penalties(decision: Decision) -> Iterable[PenaltyRecord]:
    found = {
        penalty.id: PenaltyRecord(rule=penalty.id, says=penalty.says, cite=penalty.cite, checked=penalty.checked)
        for finding in decision.findings
        for penalty in finding.penalties
    }
    return found.values()
