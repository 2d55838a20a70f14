"""Policies: frameworks, clauses and deployments, read into one immutable `PolicySet`.

A policy file is recognized by its first key: `vocabulary`, `framework`, `clauses` or `deployment`. All files are read
before any rule is built, so a framework may read facts that another one declares, whatever the order of the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from engine.conditions import All, Builder, Condition
from engine.documents import (
    Day,
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
from engine.facts import Declared, Fact, Statement, Vocabulary, read_facts

Kebab = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
Snake = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
ClauseId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*\.clause\.[a-z0-9.-]+$")]
Text = Annotated[str, StringConstraints(min_length=1)]
Checked = Literal["text", "summary", "interpretation", "unverified"]
Due = Literal[
    "before_agreement", "before_transfer", "before_delivery", "before_publication", "on_completion", "continuing"
]
ROLES = ("provider", "sender", "receiver", "hub")
Role = Literal["provider", "sender", "receiver", "hub"]
Ends = Annotated[tuple[Role, ...], Field(min_length=1, max_length=2)]
"""The parties of an instrument; with one named, the other may be anybody."""


def _build_condition(raw: Any, info: ValidationInfo) -> Condition:
    if not isinstance(raw, dict | list):
        raise ValueError("should be a condition: a mapping or a list")
    builder: Builder | None = (info.context or {}).get("builder")
    return builder.build(raw, ()) if builder else All(())


When = Annotated[Any, BeforeValidator(_build_condition), WithJsonSchema({"x-condition": True})]


class InForce(Model):
    """The days on which a rule is law, both included."""

    from_: Day | None = Field(None, alias="from")
    until: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> InForce:
        if self.from_ and self.until and self.until < self.from_:
            raise ValueError("ends before it begins")
        return self

    def on(self, day: date) -> bool:
        """Whether the rule is law on that day."""
        return (self.from_ is None or self.from_ <= day) and (self.until is None or day <= self.until)


class DeploymentFact(Model):
    """A time that the deployment sets."""

    fact: str


def _read_within(raw: Any) -> str | DeploymentFact:
    if isinstance(raw, dict) and isinstance(raw.get("fact"), str) and len(raw) == 1:
        return DeploymentFact(fact=raw["fact"])
    if not isinstance(raw, str):
        raise ValueError("should be a time in words, or a fact of the deployment")
    return raw


Within = Annotated[
    Any,
    BeforeValidator(_read_within),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "object", "properties": {"fact": {"type": "string"}}, "required": ["fact"]},
            ]
        }
    ),
]


class Rule(Model):
    """What every rule carries: its words, its paragraph, how far the source was verified, and its dates."""

    says: str = ""
    cite: Text
    checked: Checked
    note: str = ""
    in_force: InForce = InForce()
    when: When = All(())
    _id: str = PrivateAttr("")

    @property
    def id(self) -> str:
        """The rule's name, made from its place: `ferpa.bar.debarred`."""
        return self._id


class Applies(Rule):
    """When a framework reaches a disclosure."""

    says: Text


class Bar(Rule):
    """What forbids a disclosure whatever basis is claimed."""

    says: Text


class Definition(Rule):
    """A condition with a name."""

    says: Text
    when: When


class Penalty(Rule):
    """What follows a breach."""

    says: Text


class Requirement(Model):
    """A clause, instrument, step, or named set of them, that a rule demands."""

    clause: str | None = None
    instrument: str | None = None
    step: str | None = None
    set: str | None = None
    says: str = ""
    cite: str = ""
    checked: Checked | None = None
    note: str = ""
    in_force: InForce = InForce()
    when: When = All(())
    by: str | None = None
    between: Ends | None = None
    due: Due | None = None
    within: Within | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Requirement:
        if sum(x is not None for x in (self.clause, self.instrument, self.step, self.set)) != 1:
            raise ValueError('needs exactly one of "clause", "instrument", "step" and "set"')
        return self


class Step(Model):
    """A step named once for several rules."""

    says: Text
    cite: str = ""
    checked: Checked | None = None
    note: str = ""
    in_force: InForce = InForce()
    when: When = All(())
    by: str | None = None
    due: Due | None = None
    within: Within | None = None


class Basis(Rule):
    """What permits a disclosure, and what it then demands."""

    title: Text
    requires: tuple[Requirement, ...] = ()
    attaches: tuple[str, ...] = ()


class Instrument(Model):
    """A paper that parties sign."""

    title: Text
    cite: str = ""
    note: str = ""


class Restriction(Model):
    """What travels with data disclosed under a basis."""

    says: Text
    cite: Text
    checked: Checked = "text"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Owed:
    """One requirement with everything it inherits from the rule and the step it names."""

    kind: Literal["clause", "instrument", "step"]
    name: str
    says: str
    cite: str
    checked: str
    note: str
    in_force: tuple[InForce, ...]
    when: Condition
    by: str
    between: tuple[str, ...] | None
    due: str
    within: str | DeploymentFact | None


class Framework(Model):
    """One body of law, or one set of house rules."""

    framework: Kebab
    title: Text
    authority: Text
    note: str = ""
    in_force: InForce = InForce()
    codes: dict[str, dict[Snake, str]] = Field(default_factory=dict)
    facts: dict[str, Fact] = Field(default_factory=dict)
    instruments: dict[Snake, Instrument] = Field(default_factory=dict)
    restrictions: dict[Snake, Restriction] = Field(default_factory=dict)
    exclusive: tuple[tuple[When, ...], ...] = ()
    definitions: dict[Kebab, Definition] = Field(default_factory=dict)
    steps: dict[Kebab, Step] = Field(default_factory=dict)
    sets: dict[Kebab, tuple[Requirement, ...]] = Field(default_factory=dict)
    applies: Applies
    bars: dict[Kebab, Bar] = Field(default_factory=dict)
    bases: dict[Kebab, Basis]
    requires: tuple[Requirement, ...] = ()
    penalties: dict[Kebab, Penalty] = Field(default_factory=dict)
    _owed: dict[str, tuple[Owed, ...]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _prepare(cls, raw: Any, info: ValidationInfo) -> Any:
        """Conditions below are built with this framework's definitions."""
        if info.context and isinstance(raw, Map):
            info.context["builder"] = info.context["builder_for"](raw)
        return raw

    @model_validator(mode="after")
    def _name_rules(self) -> Framework:
        self.applies._id = f"{self.framework}.applies"
        for kind, rules in self._tables():
            for key, rule in rules.items():
                rule._id = f"{self.framework}.{kind}.{key}"
        self._owed[""] = tuple(self._resolve(self.requires, self.applies.cite, self.applies.checked))
        for key, basis in self.bases.items():
            self._owed[key] = tuple(self._resolve(basis.requires, basis.cite, basis.checked))
        return self

    def _tables(self) -> list[tuple[str, Mapping[str, Rule]]]:
        return [
            ("definition", self.definitions),
            ("bar", self.bars),
            ("basis", self.bases),
            ("penalty", self.penalties),
        ]

    def rules(self) -> Iterator[Rule]:
        """Every rule of the framework, in file order of its sections."""
        yield self.applies
        for _, rules in self._tables():
            yield from rules.values()

    def owed(self, basis: str = "") -> tuple[Owed, ...]:
        """What a basis demands, or what the framework demands under every basis."""
        return self._owed[basis]

    def _resolve(
        self, requirements: Iterable[Requirement], cite: str, checked: str, seen: tuple[str, ...] = ()
    ) -> Iterator[Owed]:
        for item in requirements:
            cite_here, checked_here = item.cite or cite, item.checked or checked
            if item.set is not None:
                named = (
                    () if item.set in seen else self.sets.get(item.set, ())
                )  # a wrong name is reported with its place
                for owed in self._resolve(named, cite_here, checked_here, (*seen, item.set)):
                    yield replace(owed, when=_both(item.when, owed.when), in_force=(item.in_force, *owed.in_force))
                continue
            yield self._owed_by(item, cite_here, checked_here)

    def _owed_by(self, item: Requirement, cite: str, checked: str) -> Owed:
        step = self.steps.get(item.step or "") or Step(says="-")
        says = item.says or (step.says if item.step else "")
        return Owed(
            kind="clause" if item.clause else "instrument" if item.instrument else "step",
            name=item.clause or item.instrument or f"{self.framework}.step.{item.step}",
            says=says,
            cite=item.cite or step.cite or cite,
            checked=item.checked or step.checked or checked,
            note=item.note or step.note,
            in_force=(item.in_force, step.in_force),
            when=_both(step.when, item.when),
            by=item.by or step.by or "provider",
            between=item.between,
            due=item.due or step.due or "before_transfer",
            within=item.within or step.within,
        )


_ALWAYS = All(())


def _both(first: Condition, second: Condition) -> Condition:
    """Both conditions; one that always holds adds nothing, and the other stays the same object."""
    if first == _ALWAYS:
        return _ALWAYS if second == _ALWAYS else second
    return first if second == _ALWAYS else All((first, second))


class VocabularyFile(Model):
    """The facts, instruments and definitions that all frameworks share."""

    vocabulary: Snake
    facts: dict[str, Fact]
    instruments: dict[Snake, Instrument] = Field(default_factory=dict)
    exclusive: tuple[tuple[When, ...], ...] = ()
    definitions: dict[Kebab, Definition] = Field(default_factory=dict)


class Clause(Model):
    """A clause of the agreement: its wording and the common element it belongs to."""

    title: Text
    element: Text
    text: Text
    asks: dict[Snake, str] = Field(default_factory=dict)


class Element(Model):
    """A common element of agreements."""

    title: Text
    party: Text


class ClauseFile(Model):
    """A part of the clause library. One file also names the common elements of agreements, in order."""

    clauses: dict[ClauseId, Clause]
    elements: dict[str, Element] = Field(default_factory=dict)


class Agency(Model):
    """A known party and the facts that are settled about it."""

    name: Text
    kind: str
    facts: dict[str, Any] = Field(default_factory=dict)


class Body(Model):
    """A board or officer of the deployment."""

    name: Text


class CatalogueRow(Model):
    """Which kinds of record a program's data are: the most specific row decides."""

    agency: Text
    program: Text
    category: str | None = None
    element: str | None = None
    is_: tuple[str, ...] = Field(alias="is")
    because: Text


class Deployment(Model):
    """Who takes part, and under which house rules."""

    deployment: Kebab
    title: Text
    hub: str | None = None
    elements: dict[str, Element] = Field(default_factory=dict)
    bodies: dict[Snake, Body] = Field(default_factory=dict)
    agencies: dict[str, Agency] = Field(default_factory=dict)
    facts: dict[str, Any] = Field(default_factory=dict)
    catalogue: tuple[CatalogueRow, ...] = ()
    rules: tuple[Framework, ...] = ()
    _settings: dict[str, Statement] = PrivateAttr(default_factory=dict)
    _agency_facts: dict[str, dict[str, Statement]] = PrivateAttr(default_factory=dict)

    @property
    def settings(self) -> Mapping[str, Statement]:
        """The facts of scope `deployment`, by key."""
        return self._settings

    def facts_of(self, agency: str) -> Mapping[str, Statement]:
        """What is settled about an agency, its kind included."""
        return self._agency_facts[agency]


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Everything the engine decides by. `digest` is the SHA-256 over all its files."""

    vocabulary: Vocabulary
    frameworks: tuple[Framework, ...]
    clauses: Mapping[str, Clause]
    elements: Mapping[str, Element]
    deployments: Mapping[str, Deployment]
    instruments: Mapping[str, Instrument]
    exclusive: tuple[tuple[Condition, ...], ...]
    digest: str

    def frameworks_for(self, deployment: str | None) -> tuple[Framework, ...]:
        """The frameworks that judge a request: all law, and the house rules of its deployment."""
        house = self.deployments[deployment].rules if deployment else ()
        return (*self.frameworks, *house)

    def steps(self) -> dict[str, str]:
        """Every step that a rule may demand: id -> what it says."""
        frameworks = [*self.frameworks, *(f for d in self.deployments.values() for f in d.rules)]
        return {
            owed.name: owed.says
            for framework in frameworks
            for basis in ("", *framework.bases)
            for owed in framework.owed(basis)
            if owed.kind == "step"
        }

    def bases(self) -> dict[str, Basis]:
        """Every basis by its id."""
        frameworks = [*self.frameworks, *(f for d in self.deployments.values() for f in d.rules)]
        return {basis.id: basis for framework in frameworks for basis in framework.bases.values()}


# Loading --------------------------------------------------------------------------------------------------------------

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
    documents = read_folder(folder) if folder else []
    if not any(_kind(d) == "vocabulary" for d in documents):
        documents = [*read_folder(shipped("policies")), *documents]
    return compile_policies(documents)


def read_folder(folder: Path) -> list[Document]:
    """Every YAML file below a folder, in order of path."""
    if not folder.is_dir():
        raise DocumentProblems([Problem(str(folder), _NOWHERE, "unreadable", "is not a folder of policies")])
    documents: list[Document] = []
    problems: list[Problem] = []
    for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        try:
            documents.append(read(path))
        except DocumentProblems as error:
            problems += error.problems
    if problems:
        raise DocumentProblems(problems)
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


@dataclass(slots=True)
class _Compiler:
    documents: list[Document]
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    restrictions: dict[str, str] = field(default_factory=dict)
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
        for document, model in models:
            _check_references(document, model, clauses, self, deployments)
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
            for name, item in _mapping(raw, "restrictions"):
                self.restrictions[name] = str(item.get("says", "")) if isinstance(item, Map) else ""
        bases = {
            f"{raw.get('framework')}.basis.{key}": str(item.get("title", "")) if isinstance(item, Map) else ""
            for _, raw, _ in sections
            for key, item in _mapping(raw, "bases")
        }
        self.vocabulary.add_codes("data.received_under", bases)
        self.vocabulary.add_codes("data.restrictions", self.restrictions)
        self.vocabulary.add_codes("flow.instruments", {name: i.title for name, i in self.instruments.items()})

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
            self.shared = {name: definition.when for name, definition in model.definitions.items()}
        if isinstance(model, Deployment):
            self.deployment_facts(document, model)
        return model

    def builder(self, document: Document, raw: Map) -> Builder:
        written = dict(_mapping(raw, "definitions"))
        built: dict[str, Condition | None] = {}

        def definition(name: str) -> Condition | None:
            if name in written and name not in built:
                built[name] = None  # a definition that uses itself finds nothing
                item = written[name]
                if isinstance(item, Map) and "when" in item:
                    whole = builder.build(item["when"], item.path)
                    notes = {key: item[key] for key in ("says", "cite", "checked") if isinstance(item.get(key), str)}
                    built[name] = replace(whole, **{k: v for k, v in notes.items() if not getattr(whole, k)})
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


def _check_references(
    document: Document,
    model: Model | None,
    clauses: Mapping[str, Clause],
    compiler: _Compiler,
    deployments: Mapping[str, Deployment],
) -> None:
    if isinstance(model, Framework):
        _check_framework(document, model, (), clauses, compiler, ())
    elif isinstance(model, Deployment):
        for i, rules in enumerate(model.rules):
            _check_framework(document, rules, ("rules", i), clauses, compiler, tuple(model.bodies))
    elif isinstance(model, ClauseFile):
        elements = {e for d in deployments.values() for e in d.elements}
        for name, clause in model.clauses.items():
            if elements and clause.element not in elements:
                path = ("clauses", name, "element")
                document.report(
                    "unknown-element", f'"{clause.element}" is no common element', path,
                    help=nearest(clause.element, elements),
                )  # fmt: skip


def _check_framework(
    document: Document,
    framework: Framework,
    path: Path_,
    clauses: Mapping[str, Clause],
    compiler: _Compiler,
    bodies: tuple[str, ...],
) -> None:
    lists: list[tuple[Path_, tuple[Requirement, ...]]] = [((*path, "requires"), framework.requires)]
    lists += [((*path, "bases", k, "requires"), b.requires) for k, b in framework.bases.items()]
    lists += [((*path, "sets", k), requirements) for k, requirements in framework.sets.items()]
    for at, requirements in lists:
        for i, item in enumerate(requirements):
            here = (*at, i)
            if item.clause and item.clause not in clauses:
                document.report(
                    "unknown-clause", f'"{item.clause}" is not in the clause library', (*here, "clause"),
                    help=nearest(item.clause, clauses),
                )  # fmt: skip
            if item.instrument and item.instrument not in compiler.instruments:
                document.report(
                    "unknown-instrument", f'"{item.instrument}" is not a known instrument', (*here, "instrument"),
                    help=nearest(item.instrument, compiler.instruments),
                )  # fmt: skip
            if item.set and item.set not in framework.sets:
                document.report(
                    "unknown-set", f'the set "{item.set}" is not defined', (*here, "set"),
                    help=nearest(item.set, framework.sets),
                )  # fmt: skip
            if item.set and at[-2] == "sets" and _reaches(framework, item.set, str(at[-1])):
                document.report("circle", f'the set "{at[-1]}" contains itself', (*here, "set"))
            if item.step and item.step not in framework.steps and not item.says:
                document.report(
                    "unknown-step", f'the step "{item.step}" is not defined, and says nothing here', (*here, "step"),
                    help=nearest(item.step, framework.steps),
                )  # fmt: skip
            _check_by(document, item.by, here, bodies)
            _check_within(document, item.within, here, compiler.vocabulary)
    for key, step in framework.steps.items():
        _check_by(document, step.by, (*path, "steps", key), bodies)
        _check_within(document, step.within, (*path, "steps", key), compiler.vocabulary)
    for key, basis in framework.bases.items():
        for i, name in enumerate(basis.attaches):
            if name not in compiler.restrictions:
                document.report(
                    "unknown-restriction", f'"{name}" is not a declared restriction',
                    (*path, "bases", key, "attaches", i), help=nearest(name, compiler.restrictions),
                )  # fmt: skip


def _reaches(framework: Framework, start: str, goal: str) -> bool:
    """Whether a set of requirements contains another, directly or through others."""
    seen, edge = set[str](), [start]
    while edge:
        name = edge.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            edge += [item.set for item in framework.sets.get(name, ()) if item.set]
    return False


def _check_by(document: Document, by: str | None, path: Path_, bodies: tuple[str, ...]) -> None:
    if by and by not in ROLES and by not in bodies:
        document.report(
            "unknown-party", f'"{by}" is neither a role nor a body', (*path, "by"), help=nearest(by, [*ROLES, *bodies])
        )


def _check_within(document: Document, within: Any, path: Path_, vocabulary: Vocabulary) -> None:
    if isinstance(within, DeploymentFact):
        declared: Declared | None = vocabulary.get(within.fact)
        if declared is None or declared.scope != "deployment":
            names = [n for n in vocabulary.names() if n.startswith("deployment.")]
            document.report(
                "unknown-fact", f'"{within.fact}" is no fact of the deployment', (*path, "within"),
                help=nearest(within.fact, names),
            )  # fmt: skip


def _digest(documents: Iterable[Document]) -> str:
    digests = sorted(document.digest for document in documents)
    return hashlib.sha256("".join(digests).encode()).hexdigest()
