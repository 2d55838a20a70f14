"""`assent batch` as a process: killed, stopped, out of room, watched; its memory does not grow with the file."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("psutil")
pytest.importorskip("pty")

import pty

import psutil
import pyarrow.parquet as pq

from engine.batch import processes, running
from engine.batch.writing import write_columns
from engine.policies import load_policies
from tests.batches import CHUNKS, build_chunks, output
from tests.house import POLICIES, ROOT, at_home, refused

START = """
import os, signal, sys
from multiprocessing import active_children
from pathlib import Path
from engine.batch import sources
from cli import main

sources.FILES = 1
"""
"""A command whose chunks are small."""
THIRD = """
replace = Path.replace
kept = []

def replaced(path, target):
    if path.suffix == ".part" and Path(target).suffix == ".arrow":
        kept.append(path)
        if len(kept) == 3:
            Path("children").write_text(" ".join(str(child.pid) for child in active_children()))
            {act}
    return replace(path, target)

Path.replace = replaced
"""
"""Something happens just before the third chunk is kept."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_chunks(tmp_path, monkeypatch)


def batch(before: str = "", *options: str, **how: Any) -> subprocess.CompletedProcess[str]:
    """The command in processes of its own, with something done before it starts."""
    words = ["batch", "requests", "-o", "out.parquet", "--policies", str(POLICIES), *options]
    command = [sys.executable, "-c", f"{START}{before}\nif __name__ == '__main__':\n    main()", *words]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True, **how}
    path = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env={**os.environ, **path}, text=True, timeout=60, check=False, **how)


def whole() -> tuple[bytes, bytes]:
    """What a run writes that nothing happens to."""
    assert at_home("batch", "requests", "-o", "whole.parquet", "--jobs", "1").exit_code == 2
    return output("whole.parquet")


def kept() -> set[str]:
    """The chunks that are kept."""
    return {path.stem for path in Path("out.parquet.work").glob("*.arrow")}


def gone_on(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Go on with a run; the chunks that are decided now."""
    again: list[str] = []
    keep = running.keep

    def noting(done: Any, found: Any, chunk: Any) -> Any:
        again.append(f"{chunk.number:06}")
        return keep(done, found, chunk)

    monkeypatch.setattr(running, "keep", noting)
    assert at_home("batch", "requests", "-o", "out.parquet", "--jobs", "1").exit_code == 2
    return again


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_of_which_every_process_is_killed_goes_on_to_the_same_bytes(
    jobs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert batch(THIRD.format(act="os.killpg(0, signal.SIGKILL)"), "--jobs", jobs).returncode == -signal.SIGKILL
    assert not Path("out.parquet").exists()
    before = kept()
    assert len(before) == 2
    again = gone_on(monkeypatch)
    assert sorted([*before, *again]) == [f"{i:06}" for i in range(CHUNKS)], "each chunk is kept once"
    assert output() == whole()
    assert not Path("out.parquet.work").exists()


def test_processes_end_with_the_one_that_started_them() -> None:
    batch(THIRD.format(act="os.kill(os.getpid(), signal.SIGKILL)"), "--jobs", "2")
    children = [int(pid) for pid in Path("children").read_text(encoding="utf-8").split()]
    assert len(children) == 2
    left = [psutil.Process(pid) for pid in children if psutil.pid_exists(pid)]
    alive = psutil.wait_procs(left, timeout=10)[1]
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_what_is_done_and_says_how_to_go_on(jobs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = batch(THIRD.format(act="os.killpg(0, signal.SIGINT)"), "--jobs", jobs)
    assert stopped.returncode == 130
    count = len(kept())
    assert count in (2, 3)
    said = f"stopped; {count} of {CHUNKS} chunks are decided, and the same command goes on from there\n"
    assert stopped.stderr == said
    assert len(gone_on(monkeypatch)) == CHUNKS - count
    assert output() == whole()


def test_ctrl_c_while_processes_start_is_as_quiet() -> None:
    at_once = """
from engine.batch import processes

def wait(*arguments, **how):
    os.killpg(0, signal.SIGINT)

processes.wait = wait
"""
    stopped = batch(at_once, "--jobs", "2")
    assert stopped.returncode == 130
    said = f"stopped; 0 of {CHUNKS} chunks are decided, and the same command goes on from there\n"
    assert stopped.stderr == said


def test_a_process_that_is_ended_by_the_system_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = running.keep

    def short_of_memory(*arguments: Any) -> Any:
        for child in multiprocessing.active_children():
            child.kill()
        return keep(*arguments)

    with monkeypatch.context() as short:
        short.setattr(processes, "keep", short_of_memory)
        message = refused(at_home("batch", "requests", "-o", "out.parquet", "--jobs", "2"))
    assert message.startswith("a process of this run was ended")
    assert kept()
    assert at_home("batch", "requests", "-o", "out.parquet", "--jobs", "2").exit_code == 2
    assert output() == whole()


@pytest.mark.parametrize(("limit", "where"), [(100, "out.parquet.work"), (2000, "out.parquet.work/00000")])
def test_where_there_is_no_room_it_is_said_in_one_message(limit: int, where: str) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    full = batch("", "--jobs", "1", preexec_fn=limited)
    assert (full.returncode, full.stdout) == (2, "")
    assert full.stderr.startswith(where)
    assert full.stderr.endswith(" cannot be written: file too large; what is decided so far is kept\n")
    assert not Path("out.parquet").exists()
    assert batch("", "--jobs", "1").returncode == 2
    assert output() == whole()


def test_without_room_for_the_last_file_the_chunks_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    joined = running._joined

    def full(*arguments: Any) -> Any:
        joined(*arguments)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(running, "_joined", full)
    message = refused(at_home("batch", "requests", "-o", "out.parquet", "--jobs", "1"))
    assert message == "out.parquet cannot be written: no space left on device; what is decided so far is kept\n"
    assert len(kept()) == CHUNKS
    assert {path.name for path in Path().glob(".*")} == set(), "what was begun gives its room back"


def test_a_terminal_shows_how_far_it_is_and_a_pipe_does_not() -> None:
    Path("requests/r3.yaml").unlink()
    Path("requests/r7.yaml").unlink()
    assert batch("", "--jobs", "1").stderr == ""
    here, there = pty.openpty()
    with os.fdopen(there, "wb") as terminal:
        batch("", "--jobs", "1", stderr=terminal)
        shown = os.read(here, 100_000).decode()
    os.close(here)
    assert "0%" in shown
    assert "100%" in shown


MEASURED = """
import resource, sys
from pathlib import Path
from benchmarks.measuring import peak_memory
from engine.batch import sources
from cli import main

sources.CHUNK = 2**20
if __name__ == "__main__":
    main(standalone_mode=False)
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    Path("peak").write_text(str(max(peak_memory(), workers)))
"""


def peak(source: str, jobs: str) -> int:
    """The most memory that a process of a run uses, in bytes."""
    words = ["batch", source, "-o", "out.parquet", "--policies", str(POLICIES), "--explain", "full", "--jobs", jobs]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", MEASURED, *words], env=environment, check=True, stdout=subprocess.DEVNULL)
    return int(Path("peak").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("kind", "jobs"), [("ndjson", "1"), ("parquet", "1"), ("parquet", "2")])
def test_memory_is_bounded_by_the_chunk_and_not_by_the_file(kind: str, jobs: str) -> None:
    for i in (3, 7):
        Path(f"requests/r{i}.yaml").unlink()
    assert at_home("rows", "requests", "-o", "rows.ndjson").exit_code == 0
    few = Path("rows.ndjson").read_text(encoding="utf-8").splitlines(keepends=True)
    peaks = []
    for count in (10_000, 100_000):
        lines = [few[i % len(few)].replace('"request":"', f'"request":"{i}-', 1) for i in range(count)]
        path = Path(f"{count}.{kind}")
        if kind == "parquet":
            write_columns(lines, path, load_policies(POLICIES))
            rows = pq.read_table(path)
            names = rows["request"].cast("string")  # else each group is written with the names of all
            pq.write_table(rows.set_column(0, "request", names), path, row_group_size=2500)
        else:
            path.write_text("".join(lines), encoding="utf-8")
        peaks.append(peak(str(path), jobs))
    assert peaks[1] < 1.2 * peaks[0]
