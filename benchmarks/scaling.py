"""How the cost of a decision grows with the rules, and with the disclosures of a request."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from benchmarks.measuring import percentile
from benchmarks.requests import DAY, EIGHT, eight
from benchmarks.single import DAY_
from benchmarks.stated import Document, drawn_requests
from engine.backends.columns.program import compiled
from engine.backends.generated import Decider
from engine.policies import PolicySet, load_policies

FRAMEWORKS, DISCLOSURES = (2, 4, 8, 16, 32, 51), (1, 2, 5, 10, 20, 40)
ROUNDS = 7
DRAWN = 40


class Point(NamedTuple):
    """So many of something, the bars and bases in force, and the median microseconds of a decision with its proof."""

    size: int
    rules: int
    microseconds: float


def by_frameworks() -> list[Point]:
    """The same requests under more and more frameworks."""
    policies = load_policies()
    documents = drawn_requests(eight(policies, [f.framework for f in policies.frameworks]), DRAWN)
    order = sorted(policies.frameworks, key=lambda f: (f.framework not in EIGHT, f.framework))
    counts = [count for count in FRAMEWORKS if count < len(order)] + [len(order)]
    points = []
    for count in counts:
        decider = _decider(policies, [framework.framework for framework in order[:count]])
        points.append(Point(count, _rules(decider), _median(decider, documents)))
    return points


def by_disclosures(policies: PolicySet, documents: Sequence[Document]) -> list[Point]:
    """Requests of more and more disclosures under the same eight frameworks."""
    decider = _decider(policies, EIGHT)
    return [
        Point(count, _rules(decider), _median(decider, [joined(documents, i, count) for i in range(len(documents))]))
        for count in DISCLOSURES
    ]


def joined(documents: Sequence[Document], first: int, count: int) -> Document:
    """A request of so many disclosures, made of several that have nothing to do with each other."""
    rows: list[Document] = []
    for i in range(count):
        others = documents[(first + i) % len(documents)]["rows"]
        if len(rows) >= count:
            break
        at = len(rows)
        for row in others[: count - at]:
            names = {part: f"{i}-{row[part]}" for part in _NAMES}
            rows.append({**row, **names, "earlier": [at + place for place in row.get("earlier", ())]})
    return {"request": "joined", "as_of": DAY, "rows": rows}


_NAMES = ("id", "flow", "dataset", "source", "provider", "sender", "receiver", "hub")


def _decider(policies: PolicySet, names: Sequence[str]) -> Decider:
    chosen = tuple(framework for framework in policies.frameworks if framework.framework in names)
    return Decider(compiled(replace(policies, frameworks=chosen, deployments={})), DAY_)


def _rules(decider: Decider) -> int:
    return sum(len(law.bars) + len(law.bases) for law in decider.laws)


def _median(decider: Decider, documents: Sequence[Document]) -> float:
    found = []
    for _ in range(ROUNDS):
        for document in documents:
            start = time.perf_counter()
            decider.decide(document)
            found.append(time.perf_counter() - start)
    return percentile(found, 50) * 1e6


def tables(rules: Sequence[Point], disclosures: Sequence[Point]) -> Iterator[str]:
    """The lines of the tables."""
    for head, points in (("frameworks", rules), ("disclosures", disclosures)):
        yield f"| {head} | bars and bases | p50, µs | µs for each of the {head} |"
        yield "| --- | --- | --- | --- |"
        for count, some, microseconds in points:
            yield f"| {count} | {some} | {microseconds:,.0f} | {microseconds / count:,.1f} |"
        yield ""
