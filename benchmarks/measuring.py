"""Time and memory, as the benchmarks measure them."""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

COLD_RUNS, WARM_RUNS = 11, 51
Result = TypeVar("Result")


def once(call: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds of a long call, and what it gives."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def apart(call: Callable[..., Result], *arguments: Any) -> Result:
    """What a call gives in a process of its own, which nothing was loaded into before."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result()


def cold(command: list[str]) -> float:
    """Median seconds of a whole process."""

    def run() -> None:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)

    return warm(run, runs=COLD_RUNS)


def warm(call: Callable[[], object], runs: int = WARM_RUNS) -> float:
    """Median seconds of a call; long calls are repeated less."""
    seconds: list[float] = []
    call()
    while len(seconds) < runs and sum(seconds) < 10:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def machine() -> str:
    """The processor, as the system names it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.processor() or platform.machine()}, {platform.system()}"


def percentile(seconds: Sequence[float], percent: float) -> float:
    """The value that so many percent of some values do not exceed."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def peak_memory() -> int:
    """The most memory that this process has used, in bytes.

    From /proc where there is one: what `getrusage` says counts the process that started this one, too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def processor_time(process: int) -> float:
    """The processor time that another process has used, in seconds."""
    import psutil

    spent = psutil.Process(process).cpu_times()
    return float(spent.user + spent.system)
