"""A real OPA server on the loopback address, for as long as it is needed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

STARTS_WITHIN = 30
"""Seconds."""


def opa() -> str | None:
    """The `opa` program: named by $OPA, on the PATH, or where `go install` puts it."""
    candidates = (os.environ.get("OPA", "opa"), str(Path.home() / "go" / "bin" / "opa"))
    return next((found for found in map(shutil.which, candidates) if found), None)


@contextmanager
def opa_server(paths: Sequence[Path]) -> Iterator[str]:
    """The address of a server that has loaded policies and data. Raises `FileNotFoundError` without `opa`."""
    with opa_process(paths) as (url, _):
        yield url


@contextmanager
def opa_process(paths: Sequence[Path]) -> Iterator[tuple[str, int]]:
    """The same, with the number of its process."""
    program = opa()
    if program is None:
        raise FileNotFoundError("no opa program; set $OPA, or: go install github.com/open-policy-agent/opa@latest")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [program, "run", "--server", "--addr", address, "--log-level", "error", *map(str, paths)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _wait(server, f"http://{address}")
        yield f"http://{address}", server.pid
    finally:
        server.terminate()
        server.wait(10)


def _wait(server: subprocess.Popen[str], url: str) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"opa ended at once: {server.stderr.read() if server.stderr else ''}")
        try:
            urlopen(f"{url}/health", timeout=1)
            return
        except (URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"opa did not answer within {STARTS_WITHIN} seconds")
