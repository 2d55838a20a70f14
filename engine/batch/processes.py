"""The batch in several processes of this machine.

Each loads the policies once, is then told chunks by their numbers alone, and gives back what comes of them. They write
nothing: should one outlive a run that was killed, it cannot spoil the run that goes on from there.
"""

from __future__ import annotations

import gc
import os
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import date
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from engine.batch.deciding import Decider
from engine.batch.running import Done, Plan, decided, keep, waiting
from engine.batch.sources import Chunk, Source
from engine.documents import CannotDo
from engine.policies import load_policies

if TYPE_CHECKING:
    from engine.backends.columns.answers import Explain


def decide_in_processes(found: Plan, jobs: int) -> Iterator[Chunk]:
    """Decide what is waiting in so many processes; each chunk is given back once it is kept."""
    left = deque(waiting(found))
    running: dict[Future[Done], Chunk] = {}
    decider = found.decider
    order = (found.source, found.policies, decider.as_of, decider.explain)
    pool = ProcessPoolExecutor(min(jobs, len(left)), get_context("spawn"), _begin, order)
    try:
        while left or running:
            with _ctrl_c_unheard():
                for _ in range(min(len(left), 2 * jobs - len(running))):
                    chunk = left.popleft()
                    running[pool.submit(_work, chunk)] = chunk
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield keep(future.result(), found, running.pop(future))
    except BrokenProcessPool:
        raise CannotDo(
            "a process of this run was ended, by the system where memory is short; what is decided so far is kept: "
            "give the same command again, with fewer --jobs"
        ) from None
    except BaseException:
        for process in active_children():
            process.terminate()  # nobody waits for what it is at
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _ctrl_c_unheard() -> Iterator[None]:
    """While processes are started: they inherit that they do not hear Ctrl-C, which is for the one that starts them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# There ----------------------------------------------------------------------------------------------------------------

_station: tuple[Decider, Source]
"""What a process needs for its chunks, made once."""


def _begin(source: Source, policies: Path | None, as_of: date | None, explain: Explain) -> None:
    global _station
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where that is not inherited
    Thread(target=_end_with_parent, daemon=True).start()
    _station = (Decider(load_policies(policies), as_of, explain), source)
    gc.freeze()


def _end_with_parent() -> None:
    """End this process as soon as the one that started it has ended, were it killed."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _work(chunk: Chunk) -> Done:
    decider, source = _station
    return decided(decider, source, chunk)
