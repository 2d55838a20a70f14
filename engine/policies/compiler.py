"""Read policy files into one `PolicySet`.

A policy file is recognized by its first key: `vocabulary`, `framework`, `clauses` or `deployment`. All files are read
before any rule is built, so a framework may read facts that another one declares, whatever the order of the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.conditions import All, Builder, Condition
from engine.documents import (
    Document,
    DocumentProblems,
    Map,
    Mark,
    Model,
    Path_,
    Problem,
    nearest,
    read,
    shipped,
    validate,
)
from engine.facts import PAPERS, RECEIVED_UNDER, RESTRICTIONS, Fact, Statement, Vocabulary, read_facts
from engine.policies.models import ClauseFile, Deployment, Framework, Instrument, PolicySet, Restriction, VocabularyFile
from engine.policies.references import Names, check_references

_MODELS: dict[str, type[Model]] = {
    "vocabulary": VocabularyFile,
    "framework": Framework,
    "clauses": ClauseFile,
    "deployment": Deployment,
}


def load_policies(folder: Path | None = None) -> PolicySet:
    """The shipped policies, with those in `folder` added; a folder with a vocabulary of its own stands alone.

    Raises `DocumentProblems` with every problem of every file.
    """
    return compile_policies(with_shipped(read_folder(folder) if folder else []))


def with_shipped(documents: list[Document]) -> list[Document]:
    """Policy documents with the shipped ones before them; those with a vocabulary of their own stand alone."""
    alone = any(_kind(document) == "vocabulary" for document in documents)
    return documents if alone else [*read_folder(shipped("policies")), *documents]


def read_folder(folder: Path) -> list[Document]:
    """Every YAML file below a folder, in order of path."""
    if not folder.is_dir():
        raise DocumentProblems([Problem(str(folder), _NOWHERE, "unreadable", "is not a folder of policies")])
    return read_all(partial(read, path) for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]))


def read_all(readers: Iterable[Callable[[], Document]]) -> list[Document]:
    """What each reader reads. Raises `DocumentProblems` with the problems of all of them where one fails."""
    documents: list[Document] = []
    problems: list[Problem] = []
    for read_one in readers:
        try:
            documents.append(read_one())
        except DocumentProblems as error:
            problems += error.problems
    if problems:
        raise DocumentProblems([*problems, *(p for document in documents for p in document.problems)])
    return documents


def compile_policies(documents: Iterable[Document]) -> PolicySet:
    """One policy set out of documents as read."""
    return _Compiler(list(documents)).compile()


def is_policy(document: Document) -> bool:
    """Whether a document is a policy file."""
    return _kind(document) in _MODELS


def _kind(document: Document) -> str:
    first = next(iter(document.data), "") if isinstance(document.data, Map) else ""
    return str(first)


_NOWHERE = Mark(0, 0)
MAX_DEFINITIONS = 10
"""How deep definitions may use each other."""


@dataclass(slots=True)
class _Compiler:
    documents: list[Document]
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    restrictions: dict[str, Restriction] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
    shared: dict[str, Condition] = field(default_factory=dict)

    def compile(self) -> PolicySet:
        self.documents.sort(key=lambda d: _kind(d) != "vocabulary")
        self.declare()
        for name in ("request.purpose", "data.categories"):
            if self.vocabulary.get(name) is None and self.documents:
                self.documents[0].report("missing-fact", f"the vocabulary must declare {name}")
        models = [(document, self.model(document)) for document in self.documents]
        problems = [p for d in self.documents for p in d.problems]
        if problems:
            raise DocumentProblems(problems)
        frameworks = sorted((m for _, m in models if isinstance(m, Framework)), key=lambda f: f.framework)
        clauses = {k: v for _, m in models if isinstance(m, ClauseFile) for k, v in m.clauses.items()}
        elements = {k: v for _, m in models if isinstance(m, ClauseFile) for k, v in m.elements.items()}
        deployments = {m.deployment: m for _, m in models if isinstance(m, Deployment)}
        elements |= {k: v for d in deployments.values() for k, v in d.elements.items()}
        exclusive = [g for _, m in models if isinstance(m, VocabularyFile | Framework) for g in m.exclusive]
        exclusive += [g for d in deployments.values() for f in d.rules for g in f.exclusive]
        laws = [*frameworks, *(f for d in deployments.values() for f in d.rules)]
        steps = {owed.name for f in laws for key in ("", *f.bases) for owed in f.owed(key) if owed.kind == "step"}
        names = Names(self.vocabulary, clauses, elements, self.instruments, self.restrictions, self.events, steps)
        for document, model in models:
            check_references(document, model, names)
        self.unique(frameworks, models)
        problems = [p for d in self.documents for p in d.problems]
        if problems:
            raise DocumentProblems(problems)
        return PolicySet(
            vocabulary=self.vocabulary,
            frameworks=tuple(frameworks),
            clauses=clauses,
            elements=elements,
            deployments=deployments,
            instruments=self.instruments,
            restrictions=self.restrictions,
            events=self.events,
            persons=frozenset(p for _, m in models if isinstance(m, VocabularyFile) for p in m.persons),
            exclusive=tuple(exclusive),
            digest=_digest(self.documents),
        )

    def unique(self, frameworks: list[Framework], models: list[tuple[Document, Model | None]]) -> None:
        seen: dict[str, str] = {}
        for document, model in models:
            names = []
            if isinstance(model, Framework):
                names = [("framework", model.framework, ("framework",))]
            elif isinstance(model, Deployment):
                names = [("deployment", model.deployment, ("deployment",))]
                names += [("framework", f.framework, ("rules", i, "framework")) for i, f in enumerate(model.rules)]  # type: ignore[misc]
            elif isinstance(model, ClauseFile):
                names = [("clause", clause, ("clauses", clause)) for clause in model.clauses]  # type: ignore[misc]
            for kind, name, path in names:
                if f"{kind} {name}" in seen:
                    message = f'the {kind} "{name}" is already defined in {seen[f"{kind} {name}"]}'
                    document.report("declared-twice", message, path)
                seen[f"{kind} {name}"] = document.file

    # Declarations come first, so that a rule may read a fact of any file.

    def declare(self) -> None:
        sections = [section for document in self.documents for section in _sections(document)]
        for document, raw, path in sections:
            for name, item in _mapping(raw, "facts"):
                if (fact := _quietly(Fact, item)) is not None:
                    self.vocabulary.declare(name, fact, document.file, document, (*path, "facts", name))
        for document, raw, path in sections:
            for name, codes in _mapping(raw, "codes"):
                if isinstance(codes, Map):
                    self.vocabulary.add_codes(name, codes, document, (*path, "codes", name))
            for name, item in _mapping(raw, "instruments"):
                if name in self.instruments:
                    document.report(
                        "declared-twice", f'the instrument "{name}" is already declared', (*path, "instruments", name)
                    )
                elif (instrument := _quietly(Instrument, item)) is not None:
                    self.instruments[name] = instrument
            for name, item in _mapping(raw, "events"):
                if name in self.events:
                    document.report(
                        "declared-twice", f'the event "{name}" is already declared', (*path, "events", name)
                    )
                self.events[name] = str(item)
            for name, item in _mapping(raw, "restrictions"):
                if (restriction := _quietly(Restriction, item)) is not None:
                    self.restrictions[name] = restriction
        bases = {
            f"{raw.get('framework')}.basis.{key}": str(item.get("title", "")) if isinstance(item, Map) else ""
            for _, raw, _ in sections
            for key, item in _mapping(raw, "bases")
        }
        self.vocabulary.add_codes(RECEIVED_UNDER, bases)
        self.vocabulary.add_codes(RESTRICTIONS, {name: r.says for name, r in self.restrictions.items()})
        self.vocabulary.add_codes(PAPERS, {name: i.title for name, i in self.instruments.items()})

    def model(self, document: Document) -> Model | None:
        kind = _kind(document)
        if kind not in _MODELS:
            help_line = nearest(kind, _MODELS) or f"begin with one of: {', '.join(_MODELS)}"
            document.report("unknown-document", f'a policy file cannot begin with "{kind}"', (), help=help_line)
            return None
        context: dict[str, Any] = {"builder_for": lambda raw: self.builder(document, raw)}
        if kind == "vocabulary":
            context["builder"] = self.builder(document, document.data)
        try:
            model = validate(_MODELS[kind], document, context)
        except DocumentProblems:
            return None
        if isinstance(model, VocabularyFile):
            self.shared = {name: _named(d.when, d.says, d.cite, d.checked) for name, d in model.definitions.items()}
        if isinstance(model, Framework):
            model._document = document
        if isinstance(model, Deployment):
            for i, rules in enumerate(model.rules):
                rules._document, rules._path = document, ("rules", i)
            self.deployment_facts(document, model)
        return model

    def builder(self, document: Document, raw: Map) -> Builder:
        written = dict(_mapping(raw, "definitions"))
        built: dict[str, Condition | None] = {}
        depth = 0

        def definition(name: str) -> Condition | None:
            nonlocal depth
            if name in written and name not in built:
                built[name] = None  # a definition that uses itself finds nothing
                if depth >= MAX_DEFINITIONS:
                    message = f"definitions use each other more than {MAX_DEFINITIONS} deep"
                    document.report("too-deep", message, written[name].path if isinstance(written[name], Map) else ())
                    return All(())
                depth += 1
                item = written[name]
                if isinstance(item, Map) and "when" in item:
                    whole = builder.build(item["when"], item.path)
                    notes = [str(item.get(key) or "") for key in ("says", "cite", "checked")]
                    built[name] = _named(whole, *notes)
                depth -= 1
            return built.get(name) or self.shared.get(name)

        builder = Builder(document, self.vocabulary, definition, lambda: sorted({*written, *self.shared}))
        return builder

    def deployment_facts(self, document: Document, model: Deployment) -> None:
        settings = self.vocabulary.stated_under("deployment")
        model._settings.update(read_facts(document, model.facts, ("facts",), settings))
        for acronym, agency in model.agencies.items():
            path = ("agencies", acronym)
            model._agency_facts[acronym] = party_facts(document, agency.kind, agency.facts, path, self.vocabulary)
        if model.hub and model.hub not in model.agencies:
            document.report(
                "unknown-party", f'"{model.hub}" is no agency', ("hub",), help=nearest(model.hub, model.agencies)
            )
        codes = self.vocabulary.get("data.categories")
        for i, row in enumerate(model.catalogue):
            path_ = ("catalogue", i)
            if row.agency not in model.agencies:
                document.report(
                    "unknown-party", f'"{row.agency}" is no agency', (*path_, "agency"),
                    help=nearest(row.agency, model.agencies),
                )  # fmt: skip
            for j, code in enumerate(row.is_):
                if codes and code not in codes.codes:
                    document.report(
                        "unknown-code", f'"{code}" is not a code of data.categories', (*path_, "is", j),
                        help=nearest(code, codes.codes),
                    )  # fmt: skip


def _named(condition: Condition, says: str, cite: str, checked: str) -> Condition:
    """The condition of a definition, with the definition's words where it has none of its own."""
    return replace(
        condition,
        says=condition.says or says,
        cite=condition.cite or cite,
        checked=condition.checked or checked,
    )


def party_facts(
    document: Document, kind: str | None, raw: Mapping[str, Any], path: Path_, vocabulary: Vocabulary
) -> dict[str, Statement]:
    """The facts stated about a party, its `kind` included."""
    declared = vocabulary.stated_under("party")
    facts = read_facts(document, raw, (*path, "facts"), declared)
    if kind is not None:
        facts |= read_facts(document, {"kind": kind}, path, declared)
    return facts


def _sections(document: Document) -> Iterator[tuple[Document, Map, Path_]]:
    """The parts of a document that may declare facts, each with its path."""
    data = document.data
    if not isinstance(data, Map):
        return
    if _kind(document) in ("vocabulary", "framework"):
        yield document, data, ()
    house = data.get("rules") if _kind(document) == "deployment" else None
    for i, rules in enumerate(house if isinstance(house, list) else ()):
        if isinstance(rules, Map):
            yield document, rules, ("rules", i)


def _mapping(raw: Map, key: str) -> list[tuple[str, Any]]:
    found = raw.get(key)
    return list(found.items()) if isinstance(found, Map) else []


def _quietly(model: type[Any], raw: Any) -> Any:
    """The model, or None where it is wrong: the whole document is checked later, and reports it."""
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None


def _digest(documents: Iterable[Document]) -> str:
    digests = sorted(document.digest for document in documents)
    return hashlib.sha256("".join(digests).encode()).hexdigest()
