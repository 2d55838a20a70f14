"""Law and facts in plain words, for readers who know neither the policy language nor the law."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.agreements.people import party_name
from engine.backends.english import Line, answer, fact_in_words, named, outline
from engine.conditions import All, Condition, Proof
from engine.decisions import Decision
from engine.facts import Absence, CodeSet, Value, Vocabulary, printable
from engine.requests import PUBLIC

_SHORT = 2


def listed(words: Iterable[str]) -> str:
    """Names as a list in a sentence: "A, B and C"."""
    found = list(dict.fromkeys(words))
    return f"{', '.join(found[:-1])} and {found[-1]}" if len(found) > 1 else "".join(found)


def who(decision: Decision, parties: Sequence[str]) -> str:
    """The names of some parties, bodies or officers; of many, the short forms that the request uses."""
    name = short if len(parties) > _SHORT else party_name
    return listed(name(decision, party) for party in parties)


def short(decision: Decision, party: str) -> str:
    """The short form that the request uses for a party; a body or officer has none."""
    own = party in decision.request.names and party != PUBLIC
    return party if own else party_name(decision, party)


def about(decision: Decision, reading: str, flows: Mapping[str, int]) -> str:
    """What a fact is about, as the report calls it: a party by its name, a flow by its number."""
    kind, _, rest = reading.partition(" ")
    if kind == "party":
        party, _, other = rest.partition(" towards ")
        towards = f", towards {party_name(decision, other)}" if other else ""
        return f"{party_name(decision, party)}{towards}"
    if kind == "dataset":
        return f"data set {named(rest)}"
    flow, _, data = rest.partition("/")
    if flow not in flows:
        return reading
    return f"flow {flows[flow]}, data set {named(data.rpartition('/')[2])}" if data else f"flow {flows[flow]}"


# Facts ----------------------------------------------------------------------------------------------------------------


def question(vocabulary: Vocabulary, fact: str) -> str:
    """What a person is asked to learn a fact."""
    declared = vocabulary[fact]
    return declared.fact.question or fact_in_words(declared)


def value_words(vocabulary: Vocabulary, fact: str, value: Value) -> str:
    """The value of a fact as an answer to its question."""
    declared = vocabulary[fact]
    if isinstance(value, Absence):
        return value.value
    if isinstance(value, CodeSet):
        known = [answer(declared, code).words for code in sorted(value.has)]
        return listed([*known, *(["perhaps others"] if value.may else [])]) or "none"
    return str(printable(value)) if declared.fact.type == "text" else answer(declared, value).words


# Reasons --------------------------------------------------------------------------------------------------------------


def condition_words(condition: Condition, vocabulary: Vocabulary) -> str:
    """A condition as a phrase: in its own words, else as the question it asks and the answers that it needs."""
    return _phrase(outline(condition, vocabulary))


def _phrase(line: Line) -> str:
    unless = f"{line.unless} " if line.unless else ""
    if line.says:
        return f"{unless}{line.says}"
    if line.question is not None:
        answers = listed(answer.words for answer in line.question.answers).replace(" and ", " or ")
        needed = " ".join(part for part in (line.question.verb, answers) if part)
        return f"{unless}{line.question.asks} Needed: {needed}"
    lead = f"{line.lead}: " if line.lead else ""
    return f"{unless}{lead}{'; '.join(map(_phrase, line.lines))}"


def parts(proof: Proof, truth: bool | None) -> list[Proof]:
    """The conditions of a rule that have this value."""
    whole = proof.parts if isinstance(proof.condition, All) else (proof,)
    return [part for part in whole if part.truth is truth]
