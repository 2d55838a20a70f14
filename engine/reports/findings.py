"""Findings by framework: what permits each disclosure, or what stands in the way, with the paragraphs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.advice.nearest import nearest_bases
from engine.agreements.contents import sourced
from engine.agreements.people import many
from engine.conditions import Proof, readings
from engine.decisions import Decision, Finding
from engine.papers.tree import Badge, Block, Heading, Items, Line, Paragraph, Table, Text, Tone, line
from engine.policies import Rule
from engine.records import title_of
from engine.reports.flows import STATUS, FlowRow, numbers_of, worst
from engine.reports.plain import (
    about,
    condition_words,
    listed,
    parts,
    question,
    value_words,
)
from engine.reports.text import NEAREST

TONES: Mapping[str, Tone] = {"allow": "good", "deny": "bad", "undetermined": "open"}


def badge(outcome: str) -> Badge:
    """An answer in a word."""
    return Badge(STATUS[outcome], TONES[outcome])


def findings(decision: Decision, flows: tuple[FlowRow, ...]) -> Iterator[Block]:
    """A section for each framework that reaches the data, those that deny first."""
    numbers = numbers_of(flows)
    for title, found in by_framework(decision):
        outcome = worst(finding.outcome for finding in found)
        framework = found[0].framework
        yield Heading(2, line(badge(outcome), f" {title}"))
        yield Paragraph(line(f"{framework.authority}. {_reach(found, numbers)}"), "quiet")
        allowed = [finding for finding in found if finding.outcome == "allow" and finding.used is not None]
        if allowed:
            yield _bases_used(decision, allowed, numbers)
        for outcome in ("deny", "undetermined"):
            yield from _in_the_way(decision, [f for f in found if f.outcome == outcome], numbers)


def by_framework(decision: Decision) -> list[tuple[str, list[Finding]]]:
    """The findings of each framework that reaches any of the data, by its title; those that deny first."""
    found: dict[str, list[Finding]] = {}
    for finding in decision.findings:
        if finding.outcome != "not_applicable":
            found.setdefault(finding.framework.title, []).append(finding)
    order = ("deny", "undetermined", "allow")
    return sorted(found.items(), key=lambda item: order.index(worst(f.outcome for f in item[1])))


def others(decision: Decision) -> list[str]:
    """The frameworks that were asked and reach none of the data."""
    reached = {title for title, _ in by_framework(decision)}
    return sorted({f.framework.title for f in decision.findings} - reached)


def _reach(found: list[Finding], numbers: Mapping[str, int]) -> str:
    """What a framework applies to, and where nobody knows yet whether it does."""
    sure = [finding for finding in found if finding.applies.truth is True]
    open_ = [finding for finding in found if finding.applies.truth is None]
    words = [f"It applies to {_places(sure, numbers)}"] if sure else []
    if open_:
        subject = "whether it also applies" if sure else "Whether it applies"
        words.append(f"{subject} to {_places(open_, numbers)} hangs on facts that are missing")
    return f"{'; '.join(words)}: {found[0].framework.applies.says}."


def _places(found: list[Finding], numbers: Mapping[str, int]) -> str:
    """Flows by their numbers, each with the data of whose owner is meant."""
    return _flows((numbers[finding.disclosure.flow.id], finding.disclosure.provider) for finding in found)


def _flows(places: Iterable[tuple[int, str]]) -> str:
    """Flows by their numbers, each with some owners of data."""
    found: dict[int, list[str]] = {}
    for number, provider in places:
        found.setdefault(number, []).append(provider)
    return listed(f"flow {number} ({listed(providers)})" for number, providers in sorted(found.items()))


def _bases_used(decision: Decision, found: list[Finding], numbers: Mapping[str, int]) -> Table:
    same: dict[tuple[str, bool], list[Finding]] = {}
    for finding in found:
        assert finding.used is not None, "asked only of findings with a basis"
        same.setdefault((finding.used.basis.id, finding.used.permits.truth is True), []).append(finding)
    rows = []
    for alike in same.values():
        assert alike[0].used is not None, "as above"
        rows.append((line(_places(alike, numbers)), rule_line(alike[0].used.basis)))
    return Table((line("Where"), line("What permits it")), tuple(rows), widths=(2, 5))


def rule_line(rule: Rule) -> Line:
    """A rule in its own words, with its paragraph, and small its name."""
    return line(f"{title_of(rule)} ({sourced(rule.cite, rule.checked)}) ", Text(rule.id, code=True))


def _in_the_way(decision: Decision, found: list[Finding], numbers: Mapping[str, int]) -> Iterator[Block]:
    """What forbids, or what may yet; findings with the same reasons are told once."""
    same: dict[tuple[tuple[Block, ...], ...], list[Finding]] = {}
    for finding in found:
        same.setdefault(tuple(_reasons(decision, finding, numbers)), []).append(finding)
    for reasons, alike in same.items():
        status = STATUS[alike[0].outcome]
        yield Paragraph(line(Text(f"{status}: {_places(alike, numbers)}", strong=True)))
        yield Items(reasons)


def _reasons(decision: Decision, finding: Finding, numbers: Mapping[str, int]) -> Iterator[tuple[Block, ...]]:
    for bar, proof in finding.bars:
        if proof.truth is True or (proof.truth is None and finding.outcome == "undetermined"):
            sure = proof.truth is True and (finding.applies.truth is True or finding.outcome == "deny")
            word = "Forbidden: " if sure else "Perhaps forbidden, a fact is missing: "
            yield (Paragraph((Text(word, strong=True), *rule_line(bar))),)
    for duty in finding.all_duties:
        if duty.blocks:
            owed = duty.requirement
            what = owed.says or decision.policies.clauses[owed.name].title
            yield (Paragraph(line(Text(f"{duty.status.capitalize()}: ", strong=True), f"{what} ({owed.cite})")),)
    if any(found.permits.truth is True for found in finding.bases):
        return
    yield (Paragraph(line(_no_basis(finding))),)
    for found in nearest_bases(decision, finding)[:NEAREST]:
        conditions = [
            (_condition(decision, part, word, numbers),)
            for truth, word in ((False, "Not met: "), (None, "Not known: "))
            for part in parts(found.proof, truth)
        ]
        yield (Paragraph(rule_line(found.basis)), *([Items(tuple(conditions))] if conditions else []))


def _no_basis(finding: Finding) -> str:
    if not finding.bases:
        return "This framework has nothing in force that could permit it."
    if finding.outcome == "undetermined":
        return "Whether anything permits it depends on facts that are missing. What comes nearest:"
    rest = len(finding.bases) - NEAREST
    more = f" ({many(rest, 'further basis fails', 'further bases fail')} too)" if rest > 0 else ""
    return f"Nothing permits it{more}. What comes nearest:"


def _condition(decision: Decision, part: Proof, word: str, numbers: Mapping[str, int]) -> Paragraph:
    vocabulary = decision.policies.vocabulary
    cite = f" ({sourced(part.condition.cite, part.condition.checked)})" if part.condition.cite else ""
    stated = [
        f"{question(vocabulary, reading.name)} {about(decision, reading.about, numbers)}: "
        f"{value_words(vocabulary, reading.name, reading.value)}"
        for reading in readings([part])
    ]
    words = condition_words(part.condition, vocabulary)
    read = f" {'; '.join(dict.fromkeys(stated))}." if stated else ""
    return Paragraph(line(Text(word, strong=True), f"{words}{cite}.", Text(read, emphasis=True)))


def reason(decision: Decision, finding: Finding) -> str:
    """In a phrase why a finding denies: the bar that holds, what was refused, or which basis comes nearest."""
    if finding.holding:
        return f"forbidden: {finding.holding[0].says}"
    for duty in finding.all_duties:
        if duty.blocks:
            owed = duty.requirement
            return f"{duty.status}: {owed.says or decision.policies.clauses[owed.name].title}"
    nearest = nearest_bases(decision, finding)
    return f"nothing permits it; nearest is: {nearest[0].basis.title}" if nearest else "nothing in force permits it"


def restrictions(decision: Decision, flows: tuple[FlowRow, ...]) -> Iterator[Block]:
    """What travels with the data, and where it is felt."""
    numbers = numbers_of(flows)
    felt: dict[str, list[tuple[int, str, bool]]] = {}
    for disclosure in {finding.disclosure.id: finding.disclosure for finding in decision.findings}.values():
        for codes, sure in ((disclosure.restrictions.has, True), (disclosure.restrictions.may, False)):
            for code in sorted(codes):
                felt.setdefault(code, []).append((numbers[disclosure.flow.id], disclosure.provider, sure))
    if not felt:
        yield Paragraph(line("No restriction travels with the data from one flow to another."))
        return
    rows = []
    for code, places in felt.items():
        item = decision.policies.restrictions[code]
        where = _flows((number, provider) for number, provider, _ in places)
        perhaps = "" if any(sure for _, _, sure in places) else " Only if an open flow turns out to rest on it."
        rows.append((line(f"{item.says} ({sourced(item.cite, item.checked)}).{perhaps}"), line(where)))
    yield Table((line("What travels with the data"), line("Binds on")), tuple(rows), widths=(5, 3))
