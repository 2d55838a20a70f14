"""The published data dictionaries of the agencies, where they lie beside the checkout: every element is classified."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.dictionaries import classify_elements, read_workbook
from engine.policies import PolicySet

DICTIONARIES = sorted((Path(__file__).parents[2] / "shared" / "data" / "dictionaries").glob("*.xlsx"))


@pytest.mark.skipif(not DICTIONARIES, reason="the published dictionaries are not beside the checkout")
def test_the_catalogue_knows_every_published_element(shipped_policies: PolicySet) -> None:
    elements = [element for path in DICTIONARIES for element in read_workbook(path)]
    found = classify_elements(shipped_policies.deployments["p20win"], elements)
    assert len(found) > 1_000
    assert [f"{c.agency}: {c.element.name}" for c in found if not c.categories] == []
