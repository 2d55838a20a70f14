"""Check policies and cases on every save, with everything that was not saved kept in memory."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from engine.cases import Result, case_files, is_case_file, run_cases
from engine.documents import Document, DocumentProblems, Problem, read
from engine.policies import PolicySet, compile_policies, is_policy
from engine.validation import companions, problems_in
from engine.workbench.lint import Finding, Subject, lint

SETTLE = 0.05
"""Seconds to wait for more after a save: editors write several times."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a save: problems, or else findings (no notes) and the case files to run."""

    path: Path
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()
    touched: tuple[Path, ...] = ()


class _Kept(NamedTuple):
    """A document as read; what a check notes in it goes into a copy."""

    path: Path
    document: Document

    def fresh(self) -> Document:
        return replace(self.document, problems=list(self.document.problems))


class Workbench:
    """The policies and cases at or below some paths, in memory. Raises `DocumentProblems` if one cannot be read."""

    def __init__(self, paths: Iterable[Path], folder: Path | None = None) -> None:
        kept = [_Kept(path.resolve(), read(path)) for path in case_files(paths)]
        written = [one.document for one in kept if is_policy(one.document)]
        beside = [_Kept(Path(one.file).resolve(), one) for one in companions(folder, written)]
        self.policy_files = {one.path: one for one in (*beside, *kept) if is_policy(one.document)}
        self.case_files = {one.path: one for one in kept if is_case_file(one.document)}
        self.policies = self.compile()

    def compile(self) -> PolicySet:
        """The policy set of the files as they are now. Raises `DocumentProblems`."""
        return compile_policies([one.fresh() for one in self.policy_files.values()])

    def saved(self, path: Path) -> Outcome:
        """Check a saved file, and find the case files that touch it."""
        try:
            kept = _Kept(path.resolve(), read(path))
            if is_policy(kept.document):
                self.policy_files[kept.path] = kept
                self.policies = self.compile()
            elif is_case_file(kept.document):
                self.case_files[kept.path] = kept
            if problems := problems_in(kept.fresh(), self.policies):
                return Outcome(path, problems)
        except DocumentProblems as error:
            return Outcome(path, error.problems)
        return Outcome(path, (), tuple(self.findings(kept)), tuple(self.touched(kept)))

    def touched(self, kept: _Kept) -> Iterator[Path]:
        """The case files that expect something of what a file says: of its frameworks, or of its request."""
        frameworks = set(_frameworks_in(kept.document)) if is_policy(kept.document) else set()
        for one in self.case_files.values():
            expects = frameworks & set(_frameworks_expected(one.document))
            if one.path == kept.path or expects or kept.path in set(_bases(one)):
                yield one.path

    def run(self, path: Path) -> list[Result]:
        """Run the cases of a file that is kept."""
        return run_cases(self.case_files[path].fresh(), path.parent, self.policies)

    def findings(self, kept: _Kept) -> Iterator[Finding]:
        """What lint finds in one file; notes are left to `assent lint`."""
        documents = tuple(one.document for one in self.policy_files.values())
        cases = tuple(one.document for one in self.case_files.values())
        found = lint(Subject(self.policies, documents, cases), [kept.document])
        return (finding for finding in found if finding.severity != "note")


def _frameworks_in(document: Document) -> Iterator[str]:
    """The frameworks that a policy file writes."""
    houses = document.data.get("rules", ()) if "deployment" in document.data else ()
    yield from (str(raw.get("framework")) for raw in (document.data, *houses))


def _frameworks_expected(document: Document) -> Iterator[str]:
    """The frameworks of which a case file pins or expects something."""
    for case in _cases(document):
        yield str(case.get("pins", "")).partition(".")[0]
        expected = case.get("expect") or {}
        yield from expected.get("findings") or {}
        for findings in (expected.get("flows") or {}).values():
            yield from findings


def _bases(kept: _Kept) -> Iterator[Path]:
    """The request files on which a case file builds."""
    for case in _cases(kept.document):
        if "base" in case:
            yield (kept.path.parent / str(case["base"])).resolve()


def _cases(document: Document) -> Iterator[dict[str, Any]]:
    cases = document.data["cases"]
    return (case for case in cases if isinstance(case, dict)) if isinstance(cases, list) else iter(())


@contextmanager
def watching(paths: Iterable[Path]) -> Iterator[Iterator[Path]]:
    """The YAML files at or below some paths, without end, as they are saved from now on."""
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers import Observer

    roots = {path.resolve(): path for path in paths}
    saved: SimpleQueue[Path] = SimpleQueue()

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type in ("modified", "created", "moved") and not event.is_directory:
                saved.put(Path(str(event.dest_path or event.src_path)))

    observer = Observer()
    for folder in {root if root.is_dir() else root.parent for root in roots}:
        observer.schedule(Handler(), str(folder), recursive=True)
    observer.start()
    try:
        yield _wanted(saved, roots)
    finally:
        logging.getLogger("watchdog").setLevel(logging.CRITICAL)  # it warns of events that come while it ends
        observer.stop()
        observer.join()


def _wanted(saved: SimpleQueue[Path], roots: Mapping[Path, Path]) -> Iterator[Path]:
    """The saved files that are asked for, named as the paths were given."""
    while True:
        for path in _settled(saved):
            root = next((root for root in roots if path.is_relative_to(root)), None)
            if root is not None and path.suffix in (".yaml", ".yml") and path.is_file():
                yield roots[root] / path.relative_to(root)


def _settled(saved: SimpleQueue[Path]) -> list[Path]:
    """The next files that were saved, each once; waits for the first, and a moment for more."""
    paths = {saved.get()}
    while True:
        try:
            paths.add(saved.get(timeout=SETTLE))
        except Empty:
            return sorted(paths)
