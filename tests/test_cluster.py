"""`assent batch --cluster`: the bytes of a local run, whatever happens to workers."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("distributed")

import psutil
from distributed import Client

from engine.batch import cluster, sources
from engine.batch.running import keep
from tests.batches import CHUNKS, build_chunks, output
from tests.house import ROOT, at_home, refused, write


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_chunks(tmp_path, monkeypatch)


@contextmanager
def started(command: str, folder: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """One of the commands that the documentation gives, in a session of its own, while this runs."""
    words = [sys.executable, "-m", *shlex.split(command)]
    path = {"PYTHONPATH": str(ROOT), **environment}
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            words, env={**os.environ, **path}, cwd=folder, stderr=log, stdout=log, start_new_session=True
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def commands() -> tuple[str, str, str]:
    """An address that is free, and the commands of the documentation for a scheduler and workers there."""
    text = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    scheduler, worker = (
        next(line for line in text.splitlines() if line.startswith(start)).replace("8786", port)
        for start in ("dask scheduler", "dask worker")
    )
    return f"tcp://127.0.0.1:{port}", scheduler, worker


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a cluster as the documentation starts one."""
    address, scheduler, worker = commands()
    folder = tmp_path_factory.mktemp("cluster")
    with ExitStack() as stack:
        processes = [stack.enter_context(started(command, folder)) for command in (scheduler, worker)]
        with Client(address, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
        tree = [one for process in processes for one in tree_of(process.pid)]
        hosts = {c.laddr.ip for one in tree for c in one.net_connections("inet") if c.status == psutil.CONN_LISTEN}
        assert hosts == {"127.0.0.1"}, "nothing else may be listened to"
        yield address


def tree_of(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def local() -> tuple[bytes, bytes]:
    """What a run without a cluster writes."""
    assert at_home("batch", "requests", "-o", "local.parquet", "--jobs", "1").exit_code == 2
    return output("local.parquet")


def test_a_worker_is_killed_and_nothing_is_lost_or_doubled(
    running: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client(running) as client:
        place, victim = next(iter(client.run(os.getpid).items()))
    kept: list[int] = []
    check = cluster._check

    def then_stop(*arguments: Any) -> None:
        check(*arguments)
        os.kill(victim, signal.SIGSTOP)  # it is given chunks, and cannot end them before it is killed

    def first_kill(done: Any, found: Any, chunk: Any) -> Any:
        if not kept:
            with Client(running) as client:
                taken = client.processing()[place]
            assert taken, "it has chunks that only another worker can end now"
            os.kill(victim, signal.SIGKILL)
        kept.append(chunk.number)
        return keep(done, found, chunk)

    monkeypatch.setattr(cluster, "_check", then_stop)
    monkeypatch.setattr(cluster, "keep", first_kill)
    answer = at_home("batch", "requests", "-o", "out.parquet", "--cluster", running)
    assert answer.stdout == "out.parquet written; 7 requests: 3 allow, 2 deny, 2 undetermined\n"
    assert "2 could not be decided" in answer.stderr
    assert sorted(kept) == list(range(CHUNKS))
    assert not psutil.pid_exists(victim) or psutil.Process(victim).status() == psutil.STATUS_ZOMBIE
    assert output("out.parquet") == local()


def test_a_run_that_was_stopped_goes_on_elsewhere(running: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []

    def twice(done: Any, found: Any, chunk: Any) -> Any:
        if len(kept) == 2:
            raise KeyboardInterrupt
        kept.append(chunk)
        return keep(done, found, chunk)

    monkeypatch.setattr(cluster, "keep", twice)
    assert at_home("batch", "requests", "-o", "out.parquet", "--cluster", running).exit_code == 130
    answer = at_home("batch", "requests", "-o", "out.parquet", "--jobs", "1")
    assert f"2 of {CHUNKS} chunks were decided before" in answer.stderr
    assert output("out.parquet") == local()


def test_lines_are_numbered_as_in_a_local_run(running: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in (3, 7):
        Path(f"requests/r{i}.yaml").unlink()
    assert at_home("rows", "requests", "-o", "requests.ndjson").exit_code == 0
    lines = Path("requests.ndjson").read_text(encoding="utf-8").splitlines(keepends=True)
    Path("requests.ndjson").write_text("".join([*lines[:3], "{\n", *lines[3:]]), encoding="utf-8")
    monkeypatch.setattr(sources, "CHUNK", 1000)
    for name, where in (("local", ("--jobs", "1")), ("out", ("--cluster", running))):
        assert at_home("batch", "requests.ndjson", "-o", f"{name}.parquet", *where).exit_code == 2
    assert output("out.parquet") == output("local.parquet")
    (bad,) = map(json.loads, output("out.parquet")[1].splitlines())
    assert (bad["file"], bad["line"]) == ("requests.ndjson", 4)


@pytest.mark.parametrize("name", ["program", "pyarrow", "policies", "requests"])
def test_a_worker_that_would_decide_otherwise_is_refused(
    name: str, running: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike = cluster._alike

    def other(policies: str, found: sources.Source) -> tuple[tuple[str, str], ...]:
        return tuple((key, "1.0" if key == name else value) for key, value in alike(policies, found))

    monkeypatch.setattr(cluster, "_alike", other)
    message = refused(at_home("batch", "requests", "-o", "out.parquet", "--cluster", running))
    assert message.startswith("a worker on ")
    assert f"cannot go on: it has other {name} (" in message
    assert message.endswith(") than the machine that asks (1.0)\n")
    assert not Path("out.parquet").exists()


def test_what_a_worker_cannot_read_is_told(running: str, monkeypatch: pytest.MonkeyPatch) -> None:
    order = cluster.Order
    monkeypatch.setattr(cluster, "Order", lambda requests, *rest: order(requests.with_name("elsewhere"), *rest))
    message = refused(at_home("batch", "requests", "-o", "out.parquet", "--cluster", running))
    assert "cannot go on: " in message
    assert "elsewhere cannot be read: no such file or directory" in message


def test_a_worker_that_does_not_answer_is_told(running: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 5)
    with Client(running) as client:
        frozen = next(iter(client.run(os.getpid).values()))
    os.kill(frozen, signal.SIGSTOP)
    try:
        message = refused(at_home("batch", "requests", "-o", "out.parquet", "--cluster", running))
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert message.startswith(f"a worker of the scheduler at {running} does not answer")


def test_a_scheduler_without_workers_or_workers_without_assent_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 4)
    address, scheduler, worker = commands()
    command = ("batch", "requests", "-o", "out.parquet", "--cluster", address)
    assert f"no scheduler answers at {address}" in refused(at_home(*command))
    write("stranger/engine/__init__.py", "")
    with started(scheduler, tmp_path):
        with Client(address, timeout=60):
            assert f"{address} has no workers; start some: dask worker {address}" in refused(at_home(*command))
        monkeypatch.undo()
        monkeypatch.chdir(tmp_path)
        with started(worker, tmp_path, PYTHONPATH=str(tmp_path / "stranger")):
            with Client(address, timeout=60) as client:
                client.wait_for_workers(2, timeout=60)
            assert "install it there: pip install 'assent[cluster]'" in refused(at_home(*command))


def test_a_scheduler_that_ends_is_told_and_what_was_kept_is_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, scheduler, worker = commands()
    with started(scheduler, tmp_path) as process, started(worker, tmp_path):

        def last(*arguments: Any) -> Any:
            os.kill(process.pid, signal.SIGKILL)
            return keep(*arguments)

        monkeypatch.setattr(cluster, "keep", last)
        message = refused(at_home("batch", "requests", "-o", "out.parquet", "--cluster", address))
        assert f"the scheduler at {address} is gone" in message
    assert "chunks were decided before" in at_home("batch", "requests", "-o", "out.parquet", "--jobs", "1").stderr
    assert output("out.parquet") == local()


def test_what_does_not_go_together_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("batch", "requests", "-o", "out.parquet", "--cluster", "tcp://127.0.0.1:1")
    assert "--jobs" in refused(at_home(*command, "--jobs", "2"))
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "distributed" else found(name))
    assert "pip install 'assent[cluster]'" in refused(at_home(*command))
