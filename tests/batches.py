"""Requests to decide together, in the small house."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.batch import sources
from tests.house import build, request, write

CHUNKS = 9


def write_requests(trusted: Iterable[str]) -> Path:
    """A folder of requests; each says something else of whether the laboratory is trusted."""
    for i, value in enumerate(trusted):
        parties = f"parties: {{OWNER: {{}}, LAB: {{kind: lab, facts: {{trusted: {value}}}}}}}"
        write(f"requests/r{i}.yaml", request(f"request: r{i}", parties))
    return Path("requests")


def build_chunks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The house with requests of which every fourth cannot be read, each a chunk of its own."""
    build(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sources, "FILES", 1)
    write_requests(("true", "false", "unknown", "perhaps")[i % 4] for i in range(CHUNKS))


def output(name: str = "out.parquet") -> tuple[bytes, bytes]:
    """What a run wrote: the answers, and what could not be decided."""
    return Path(name).read_bytes(), Path(f"{name}.bad.ndjson").read_bytes()
