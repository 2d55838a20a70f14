"""What a prohibition with an unstated fact leads to, in this engine and in its peers."""

from __future__ import annotations

import pytest

from benchmarks.missing_fact import DEBARRED, FREE, UNSTATED, assent, engines, verdict

PACKAGES = ("cedarpy", "regopy", "zen", "cel", "celpy", "json_logic")


def test_a_fact_that_nobody_stated_is_asked_for() -> None:
    assert assent(DEBARRED) == "deny"
    assert assent(FREE) == "allow"
    assert assent(UNSTATED) == "undetermined: Is the receiver debarred?"


@pytest.mark.parametrize("name", [name for name in engines() if name != "assent"])
def test_no_peer_asks_for_it(name: str) -> None:
    for package in PACKAGES:
        pytest.importorskip(package)
    ask = engines()[name]
    assert ask(DEBARRED) == "deny"
    assert ask(FREE) == "allow"
    assert verdict(ask(UNSTATED)) in ("shared", "left to the caller")
