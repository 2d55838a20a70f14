"""The worked cases that come with the product: each is a test, and each request file can be decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from engine.cases import Result, case_files, is_case_file, run_file
from engine.decisions import decide
from engine.documents import AssentError, Document, read, shipped
from engine.invariants import is_invariant_file
from engine.policies import PolicySet
from engine.requests import check_request

CASES = shipped("cases")


@cache
def readable(path: Path) -> Document | None:
    """The document at a path, or None where it cannot be read: a test of its own says so."""
    try:
        return read(path)
    except AssentError:
        return None


def cases() -> Iterator[object]:
    """Every case of every case file."""
    for path in case_files([CASES]):
        document = readable(path)
        if document is not None and is_case_file(document):
            for i, case in enumerate(document.data["cases"]):
                yield pytest.param(path, i, id=str(case.get("id", f"{path.name}-{i}")))


def files() -> Iterator[object]:
    """Every file below the cases."""
    for path in case_files([CASES]):
        yield pytest.param(path, id=str(path.relative_to(CASES)))


@pytest.fixture(scope="session")
def results(shipped_policies: PolicySet) -> dict[Path, list[Result]]:
    """The results of the files run so far."""
    return {}


@pytest.mark.parametrize(("path", "index"), list(cases()))
def test_case(path: Path, index: int, shipped_policies: PolicySet, results: dict[Path, list[Result]]) -> None:
    if path not in results:
        results[path] = run_file(path, shipped_policies)
    result = results[path][index]
    assert not result.differences, f"{result.file}:{result.mark.line}: " + "\n".join(result.differences)


@pytest.mark.parametrize("path", list(files()))
def test_file_is_either_cases_or_a_request_that_can_be_decided(path: Path, shipped_policies: PolicySet) -> None:
    document = read(path)
    if not is_case_file(document) and not is_invariant_file(document):
        assert decide(shipped_policies, check_request(document, shipped_policies)).findings


def test_ids_of_cases_are_unique() -> None:
    documents = [d for path in case_files([CASES]) if (d := readable(path)) is not None and is_case_file(d)]
    count = Counter(case["id"] for document in documents for case in document.data["cases"])
    assert [id_ for id_, times in count.items() if times > 1] == []
