"""Run the checks over files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.cases import CaseFile, case_files, is_case_file
from engine.documents import Document, DocumentProblems, Problem, read, shipped, validate
from engine.policies import compile_policies, is_policy
from engine.validation import companions
from engine.workbench.lint.registry import CHECKS, Finding, Subject
from engine.workbench.lint.silences import silence, silences_in


def lint_files(paths: Iterable[Path] = (), folder: Path | None = None) -> list[Finding]:
    """What the checks find in the policy and case files at or below some paths, sorted by place.

    Without paths these are the policies in `folder`, or else those shipped. Raises `DocumentProblems` if a file cannot
    be read or the policies have a mistake.
    """
    documents = _read(paths or [folder or shipped("policies")])
    written = [document for document in documents if is_policy(document)]
    cases = [document for document in documents if is_case_file(document)]
    beside = companions(folder, written)
    policies = compile_policies([*beside, *written])
    for document in cases:
        validate(CaseFile, document)
        document.check()
    subject = Subject(policies, (*beside, *written), tuple(cases))
    return lint(subject, [*written, *cases])


def lint(subject: Subject, documents: Sequence[Document]) -> list[Finding]:
    """What the checks find in some documents of a subject, sorted by place."""
    silences = [one for document in documents for one in silences_in(document)]
    files = {document.file for document in documents}
    return sorted(silence((finding for finding in _found(subject) if finding.file in files), silences))


def _read(paths: Iterable[Path]) -> list[Document]:
    documents: list[Document] = []
    problems: list[Problem] = []
    for path in case_files(paths):
        try:
            documents.append(read(path))
        except DocumentProblems as error:
            problems += error.problems
    if problems:
        raise DocumentProblems(problems)
    return documents


def _found(subject: Subject) -> Iterator[Finding]:
    for check in CHECKS.values():
        for document, path, message, help_line in check.find(subject):
            mark = document.mark_of(path, key=isinstance(path[-1], str) if path else False)
            yield Finding(document.file, mark, check.code, check.severity, message, help_line)
