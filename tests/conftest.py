"""What all tests share."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from engine.policies import PolicySet, load_policies

_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
settings.register_profile(
    "quick",
    max_examples=100,
    deadline=None,
    derandomize=True,  # the same commit passes or fails every time; other examples are the other profile's work
    report_multiple_bugs=False,
    suppress_health_check=_CHECKS,
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=5_000, derandomize=False)
settings.load_profile("quick")  # for more: pytest --hypothesis-profile=thorough


@pytest.fixture(scope="session")
def shipped_policies() -> PolicySet:
    """The policies that come with the product."""
    return load_policies()
