"""The deployment's catalogue: which kinds of record a data element belongs to."""

from __future__ import annotations

from engine.policies import CatalogueRow, Deployment


def classify(deployment: Deployment, agency: str, element: str) -> frozenset[str] | None:
    """The record categories of an agency's element, written `Program / Category / Element`, or None if not catalogued.

    A shorter name stands for everything below it: a program alone has the categories of all its elements.
    """
    wanted = [_fold(part) for part in element.split(" / ")]
    rows = [row for row in deployment.catalogue if row.agency == agency and _fold(row.program) == wanted[0]]
    below = [row for row in rows if _names(row)[: len(wanted)] == wanted]
    above = [row for row in rows if row not in below and _covers(row, wanted)]
    nearest_above = [row for row in above if len(_names(row)) == max(len(_names(r)) for r in above)]
    found = below if any(len(_names(row)) == len(wanted) for row in below) else [*below, *nearest_above]
    return frozenset(code for row in found for code in row.is_) if found else None


def _names(row: CatalogueRow) -> list[str]:
    return [_fold(name) for name in (row.program, row.category, row.element) if name is not None]


def _covers(row: CatalogueRow, wanted: list[str]) -> bool:
    """Whether the row's program, category and element are all named, in order, by what is wanted."""
    names = _names(row)
    return set(names) <= set(wanted) and len(names) <= len(wanted)


def _fold(name: str) -> str:
    return " ".join(name.casefold().split())
