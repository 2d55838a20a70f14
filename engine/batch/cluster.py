"""The batch on a cluster: the work that a process does here on each chunk, done by the workers of a Dask scheduler.

Workers read the requests and the policies at the same paths, once they have shown that they have the same of both. They
write nothing: what comes of a chunk is given back and kept here, so a chunk that was decided twice is kept once.
"""

from __future__ import annotations

import gc
import hashlib
import os
import platform
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import engine
from engine.batch.deciding import Decider
from engine.batch.running import Done, Plan, decided, keep, waiting
from engine.batch.sources import Chunk, Source, source
from engine.documents import AssentError, CannotDo
from engine.policies import load_policies

if TYPE_CHECKING:
    from distributed import Client, Future

    from engine.backends.columns.answers import Explain

PATIENCE = 20
"""Seconds for which a scheduler is waited for, or a first worker."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is told beside the chunk. `alike` is what it must have as the machine that orders has it."""

    requests: Path
    policies: Path | None
    as_of: date | None
    explain: Explain
    alike: tuple[tuple[str, str], ...]


# Here -----------------------------------------------------------------------------------------------------------------


def decide_on_cluster(found: Plan, address: str) -> Iterator[Chunk]:
    """Decide what is waiting on the workers of a scheduler; each chunk is given back once it is kept."""
    order = Order(
        found.source.path.absolute(),
        found.policies and found.policies.absolute(),
        found.decider.as_of,
        found.decider.explain,
        _alike(found.decider.policies.digest, found.source),
    )
    left = deque(waiting(found))
    running: dict[Future, Chunk] = {}
    if not left:
        return
    with _connected(address) as client:
        _check(client, address)
        while left or running:
            for _ in range(min(len(left), 2 * _seats(client, address) - len(running))):
                chunk = left.popleft()
                running[client.submit(work, order, chunk, pure=False)] = chunk
            for future in _ended(client, address, list(running)):
                chunk = running.pop(future)
                yield keep(_named(_result(future, chunk), found.source), found, chunk)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    from distributed import Client
    from distributed.comm import CommClosedError

    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError, TypeError, RuntimeError) as error:  # the last two: how it is encrypted does not fit
        raise CannotDo(f"no scheduler answers at {address}: {str(error).strip()}") from None
    with client:
        try:
            yield client
        except (CancelledError, CommClosedError, ConnectionError, TimeoutError):
            raise CannotDo(f"the scheduler at {address} is gone; the same command goes on from here") from None


def _check(client: Client, address: str) -> None:
    """Raise `CannotDo` where a machine lacks this program: what it is sent would end it, and it could not say why."""
    _seats(client, address)
    found: dict[str, ModuleSpec | Exception | None] = {}
    try:
        found |= client.run(find_spec, __name__, on_error="return", callback_timeout=PATIENCE)
        found[f"the scheduler, {address}"] = client.run_on_scheduler(find_spec, __name__)
    except TimeoutError:
        raise CannotDo(f"a worker of the scheduler at {address} does not answer; end it and start again") from None
    except ModuleNotFoundError as error:
        found[f"the scheduler, {address}"] = error
    for name, spec in found.items():
        if not isinstance(spec, ModuleSpec):
            raise CannotDo(f"assent is not installed at {name}; install it there: pip install 'assent[cluster]'")


def _seats(client: Client, address: str) -> int:
    """How many chunks the workers can decide at once. Raises `CannotDo` where there is no worker."""
    if not client.nthreads():
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise CannotDo(f"the scheduler at {address} has no workers; start some: dask worker {address}") from None
    return sum(client.nthreads().values())


def _ended(client: Client, address: str, running: list[Future]) -> list[Future]:
    """The chunks that have ended, once there are any."""
    from distributed import wait

    while True:
        try:
            return [*wait(running, timeout=PATIENCE, return_when="FIRST_COMPLETED").done]
        except TimeoutError:
            _seats(client, address)


def _result(future: Future, chunk: Chunk) -> Done:
    from distributed import KilledWorker

    try:
        done: Done = future.result()
    except KilledWorker:
        raise CannotDo(
            f"chunk {chunk.number + 1} ended every worker that tried it; give workers more memory and start again"
        ) from None
    return done


def _named(done: Done, found: Source) -> Done:
    """The names of files as they were given here, where a worker has their whole paths."""
    whole = found.path.absolute()
    bad = [{**item, "file": str(found.path / Path(item["file"]).relative_to(whole))} for item in done.kept.bad]
    return replace(done, kept=replace(done.kept, bad=bad))


def _alike(policies: str, found: Source) -> tuple[tuple[str, str], ...]:
    """What must be the same on all machines, and how it is here."""
    packages = ((name, version(name)) for name in ("numpy", "pyarrow"))
    return (("program", _program()), *packages, ("policies", policies), ("requests", found.digest))


@cache
def _program() -> str:
    """The digest of this program, as it was when it was started."""
    files = sorted(Path(engine.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


# There ----------------------------------------------------------------------------------------------------------------

_ONE_BY_ONE = Lock()
"""A process decides one chunk at a time, however many threads its worker has."""


def work(order: Order, chunk: Chunk) -> Done:
    """A chunk decided by a process of a worker. Raises `CannotDo` where it might be decided otherwise than here."""
    with _ONE_BY_ONE:
        try:
            decider, found = _station(order)
            return decided(decider, found, chunk)
        except (AssentError, OSError) as error:
            raise CannotDo(f"a worker on {platform.node()}, process {os.getpid()}, cannot go on: {error}") from None


@lru_cache(maxsize=1)
def _station(order: Order) -> tuple[Decider, Source]:
    """What a process needs for an order, made once."""
    policies, found = load_policies(order.policies), source(order.requests)
    for (name, expected), (_, own) in zip(order.alike, _alike(policies.digest, found), strict=True):
        if expected != own:
            raise CannotDo(f"it has other {name} ({own[:12]}) than the machine that asks ({expected[:12]})")
    gc.freeze()
    return Decider(policies, order.as_of, order.explain), found
