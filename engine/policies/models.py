"""The models of policy files: the vocabulary, frameworks, the clause library and deployments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from engine.conditions import All, Builder, Condition
from engine.documents import CLAUSE_ID, KEBAB, SNAKE, Day, Document, Flag, Map, Model, Path_, nearest
from engine.facts import Fact, Statement, Vocabulary
from engine.policies.agreement import AgreementForm, Exhibit

Kebab = Annotated[str, StringConstraints(pattern=KEBAB)]
Snake = Annotated[str, StringConstraints(pattern=SNAKE)]
ClauseId = Annotated[str, StringConstraints(pattern=CLAUSE_ID)]
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


class DayOf(Model):
    """The day of an event: what is due by the date that the parties set."""

    event: str


Time = str | DeploymentFact | DayOf


def _read_within(raw: Any) -> Time:
    if isinstance(raw, dict) and len(raw) == 1:
        (key, name), *_ = raw.items()
        if isinstance(name, str) and key in ("fact", "event"):
            return DeploymentFact(fact=name) if key == "fact" else DayOf(event=name)
    if not isinstance(raw, str):
        raise ValueError("should be a time in words, a fact of the deployment or an event")
    return raw


Within = Annotated[
    Any,
    BeforeValidator(_read_within),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "object", "properties": {"fact": {"type": "string"}}, "required": ["fact"]},
                {"type": "object", "properties": {"event": {"type": "string"}}, "required": ["event"]},
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


class Demand(Model):
    """What requirements and steps have in common: who owes it, when, under which paragraph."""

    says: str = ""
    cite: str = ""
    checked: Checked | None = None
    note: str = ""
    in_force: InForce = InForce()
    when: When = All(())
    by: str | None = None
    due: Due | None = None
    within: Within | None = None
    for_: Within | None = Field(None, alias="for")
    after: str | None = None
    approval: Flag = False

    @model_validator(mode="after")
    def _one_time(self) -> Demand:
        if self.within is not None and self.for_ is not None:
            raise ValueError('is either done "within" a time or goes on "for" one')
        if self.after is not None and isinstance(self.within or self.for_, DayOf):
            raise ValueError("is due on the day of an event, and so after no other")
        return self


class Requirement(Demand):
    """A clause, instrument, step, or named set of them, that a rule demands."""

    clause: str | None = None
    instrument: str | None = None
    step: str | None = None
    set: str | None = None
    between: Ends | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Requirement:
        if sum(x is not None for x in (self.clause, self.instrument, self.step, self.set)) != 1:
            raise ValueError('needs exactly one of "clause", "instrument", "step" and "set"')
        return self


class Step(Demand):
    """A step named once for several rules."""

    says: Text


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
    within: Time | None
    after: str
    """The event that starts the clock; empty where no paragraph names one."""
    lasting: bool
    """Whether `within` says how long it goes on, rather than until when it is done."""
    approval: bool
    """Whether somebody with the power to refuse it votes, approves or decides."""

    @property
    def limit(self) -> str:
        """The time as written: words, or the name of a setting or an event."""
        match self.within:
            case DeploymentFact(fact=name) | DayOf(event=name):
                return name
            case words:
                return f"for {words}" if self.lasting else words or ""


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
    events: dict[Snake, Text] = Field(default_factory=dict)
    exclusive: tuple[tuple[When, ...], ...] = ()
    definitions: dict[Kebab, Definition] = Field(default_factory=dict)
    steps: dict[Kebab, Step] = Field(default_factory=dict)
    sets: dict[Kebab, tuple[Requirement, ...]] = Field(default_factory=dict)
    applies: Applies
    bars: dict[Kebab, Bar] = Field(default_factory=dict)
    bases: dict[Kebab, Basis]
    requires: tuple[Requirement, ...] = ()
    penalties: dict[Kebab, Penalty] = Field(default_factory=dict)
    exhibits: tuple[Exhibit, ...] = ()
    _owed: dict[str, tuple[Owed, ...]] = PrivateAttr(default_factory=dict)
    _document: Document | None = PrivateAttr(None)
    _path: Path_ = PrivateAttr(())

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
        self._owed = self._all_owed()
        return self

    def _all_owed(self) -> dict[str, tuple[Owed, ...]]:
        """By basis, and under "" for the framework as a whole."""
        demanding = {"": (self.requires, self.applies), **{k: (b.requires, b) for k, b in self.bases.items()}}
        return {
            key: tuple(self._resolve(requires, rule.cite, rule.checked)) for key, (requires, rule) in demanding.items()
        }

    def _tables(self) -> list[tuple[str, Mapping[str, Rule]]]:
        return [
            ("definition", self.definitions),
            ("bar", self.bars),
            ("basis", self.bases),
            ("penalty", self.penalties),
        ]

    @property
    def document(self) -> Document:
        """The document that holds the framework; the paths of its conditions lead into it."""
        assert self._document is not None, "a framework that no compiler has placed"
        return self._document

    @property
    def path_of_exhibits(self) -> Path_:
        """Where its exhibits stand in the document."""
        return (*self._path, "exhibits")

    def path_of(self, rule: Rule) -> Path_:
        """Where a rule stands in the document: `("bases", "audit-evaluation")`."""
        if rule is self.applies:
            return (*self._path, "applies")
        section = {"definition": "definitions", "bar": "bars", "basis": "bases", "penalty": "penalties"}
        _, kind, key = rule.id.split(".", 2)
        return (*self._path, section[kind], key)

    def rules(self) -> Iterator[Rule]:
        """Every rule of the framework, in file order of its sections."""
        yield self.applies
        for _, rules in self._tables():
            yield from rules.values()

    def changed(self, **parts: Any) -> Framework:
        """A copy with some of its parts replaced: `changed(bars={})` has no bars."""
        copy = self.model_copy(update=parts)
        copy._owed = copy._all_owed()
        return copy

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
        timed = item if item.within or item.for_ or item.after else step
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
            within=timed.within or timed.for_,
            after=timed.after or "",
            lasting=timed.for_ is not None,
            approval=item.approval or step.approval,
        )


_ALWAYS = All(())


def _both(first: Condition, second: Condition) -> Condition:
    """Both conditions; one that always holds adds nothing, and the other stays the same object."""
    if first == _ALWAYS:
        return _ALWAYS if second == _ALWAYS else second
    return first if second == _ALWAYS else All((first, second))


class VocabularyFile(Model):
    """The facts, instruments, restrictions and definitions that several frameworks share."""

    vocabulary: Snake
    facts: dict[str, Fact]
    instruments: dict[Snake, Instrument] = Field(default_factory=dict)
    restrictions: dict[Snake, Restriction] = Field(default_factory=dict)
    events: dict[Snake, Text] = Field(default_factory=dict)
    persons: tuple[Snake, ...] = ()
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


def _check_time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValueError(f'"{name}" is no time zone; {nearest(name, available_timezones())}') from None


class Body(Model):
    """A board or officer of the deployment."""

    name: Text


class CatalogueRow(Model):
    """Which kinds of record a program's data are: the most specific row decides."""

    agency: Text
    program: Text
    category: str | None = None
    element: str | None = None
    is_: tuple[str, ...] = Field(alias="is", min_length=1)
    because: Text

    def words(self) -> tuple[str, ...]:
        """Everything the row says, for searching."""
        return (self.agency, self.program, self.category or "", self.element or "", *self.is_, self.because)


class Home(Model):
    """Where the deployment is at home: whose holidays its business days follow, and what its clocks show."""

    country: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
    subdivision: str | None = None
    time_zone: Annotated[str, AfterValidator(_check_time_zone)]


class Deployment(Model):
    """Who takes part, and under which house rules."""

    deployment: Kebab
    title: Text
    hub: str | None = None
    home: Home | None = None
    elements: dict[str, Element] = Field(default_factory=dict)
    bodies: dict[Snake, Body] = Field(default_factory=dict)
    agencies: dict[str, Agency] = Field(default_factory=dict)
    facts: dict[str, Any] = Field(default_factory=dict)
    catalogue: tuple[CatalogueRow, ...] = ()
    rules: tuple[Framework, ...] = ()
    agreement: AgreementForm | None = None
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
    restrictions: Mapping[str, Restriction]
    events: Mapping[str, str]
    """What may start a clock, by name: a phrase that reads after "after"."""
    persons: frozenset[str]
    """The kinds of party that are natural persons, whom nothing public names."""
    exclusive: tuple[tuple[Condition, ...], ...]
    digest: str

    def frameworks_for(self, deployment: str | None) -> tuple[Framework, ...]:
        """The frameworks that judge a request: all law, and the house rules of its deployment."""
        house = self.deployments[deployment].rules if deployment else ()
        return (*self.frameworks, *house)

    def all_frameworks(self) -> tuple[Framework, ...]:
        """All law, and the house rules of every deployment."""
        return (*self.frameworks, *(f for d in self.deployments.values() for f in d.rules))

    def rules(self) -> dict[str, Rule]:
        """Every rule by its id."""
        return {rule.id: rule for framework in self.all_frameworks() for rule in framework.rules()}

    def steps(self) -> dict[str, str]:
        """Every step that a rule may demand: id -> what it says."""
        return {
            owed.name: owed.says
            for framework in self.all_frameworks()
            for basis in ("", *framework.bases)
            for owed in framework.owed(basis)
            if owed.kind == "step"
        }

    def bases(self) -> dict[str, Basis]:
        """Every basis by its id."""
        return {basis.id: basis for framework in self.all_frameworks() for basis in framework.bases.values()}
