"""Check files of any kind that the product reads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from engine.agreements import exhibit_problems, form_problems, template_problem
from engine.cases import check_cases, is_case_file
from engine.decisions import decide
from engine.documents import Document, DocumentProblems, Map, Problem, nearest, read, shipped
from engine.invariants import check_invariants, is_invariant_file
from engine.policies import PolicySet, compile_policies, is_policy, read_folder
from engine.requests import check_request
from engine.rows import decide_rows, read_rows

_FIRST_KEYS = ("request", "cases", "never", "decision", "framework", "clauses", "deployment", "vocabulary")


def validate_files(files: Iterable[Path], folder: Path | None = None) -> list[Problem]:
    """Every problem of the files, checked against the shipped policies and those in `folder`.

    A policy file is checked together with the others; it stands in for the policy file of the same path.
    """
    problems: list[Problem] = []
    documents: list[Document] = []
    for path in files:
        try:
            documents.append(read(path))
        except DocumentProblems as error:
            problems += error.problems
    written = [document for document in documents if is_policy(document)]
    try:
        policies = compile_policies([*companions(folder, written), *written])
    except DocumentProblems as error:
        return sorted({*problems, *error.problems})
    for document in documents:
        problems += problems_in(document, policies)
    return sorted(set(problems))


def companions(folder: Path | None, written: list[Document]) -> list[Document]:
    """The policies that the written ones join, without those they stand in for.

    A vocabulary of one's own stands alone, with the policies in `folder` if there is one.
    """
    paths = {Path(document.file).resolve() for document in written}
    own = read_folder(folder) if folder else []
    vocabularies = [d for d in (*own, *written) if isinstance(d.data, Map) and "vocabulary" in d.data]
    home = shipped("policies").resolve()
    alone = any(not Path(d.file).resolve().is_relative_to(home) for d in vocabularies)
    others = own if alone else [*read_folder(home), *own]
    return [document for document in others if Path(document.file).resolve() not in paths]


def problems_in(document: Document, policies: PolicySet) -> tuple[Problem, ...]:
    """Every problem of a document; a policy document must be one of those that make up `policies`."""
    first = next(iter(document.data), "") if isinstance(document.data, Map) else ""
    try:
        if is_policy(document):
            _check_templates(document, policies)
        elif is_case_file(document):
            check_cases(document, Path(document.file).parent, policies)
        elif is_invariant_file(document):
            check_invariants(document, policies)
        elif "rows" in (document.data if isinstance(document.data, Map) else ()):
            decide_rows(policies, read_rows(document, policies), document)
        elif "request" in (document.data if isinstance(document.data, Map) else ()):
            decide(policies, check_request(document, policies))
        elif first == "decision":
            _check_decision(document)
        else:
            help_line = nearest(str(first), _FIRST_KEYS) or f"begin with one of: {', '.join(_FIRST_KEYS)}"
            document.report("unknown-document", "is no document of a known kind", (), help=help_line)
        document.check()
    except DocumentProblems as error:
        return error.problems
    return ()


def _check_decision(document: Document) -> None:
    """A saved decision is checked against the schema that other programs read it by."""
    from jsonschema import Draft202012Validator

    schema = json.loads((shipped("schemas") / "decision.schema.json").read_text(encoding="utf-8"))
    for error in Draft202012Validator(schema).iter_errors(document.data):
        document.report("not-a-decision", "does not have the form of a decision", tuple(error.absolute_path))


def _check_templates(document: Document, policies: PolicySet) -> None:
    for name in document.data.get("clauses", ()):
        if problem := template_problem(policies.clauses[name]):
            document.report("bad-template", f"the text {problem}", ("clauses", name, "text"))
    deployment = policies.deployments.get(document.data.get("deployment"))
    if deployment and deployment.agreement:
        for path, problem in form_problems(deployment.agreement, ("agreement",)):
            document.report("bad-template", f"the text {problem}", path)
    for framework in policies.all_frameworks():
        if framework.document is document:
            for path, problem in exhibit_problems(framework.exhibits, framework.path_of_exhibits):
                document.report("bad-template", f"the text {problem}", path)
