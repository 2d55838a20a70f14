"""Every rule of a policy set as one list of steps: each condition once, however many rules use it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from engine.conditions import All, AtLeast, Condition, Either, Not, Test, Use, facts_in, is_list, label, parts_of
from engine.facts import TRAVELLING
from engine.policies import Bar, Basis, Framework, Owed, PolicySet
from engine.rows import requirement_key


class Step(NamedTuple):
    """One condition: a test, or a combination of earlier steps."""

    form: Literal["test", "all", "any", "not", "at_least"]
    parts: tuple[int, ...] = ()
    least: int = 0
    test: Test | None = None


class Part(NamedTuple):
    """A condition that a rule holds or fails by, as results name it."""

    name: int
    step: int


@dataclass(frozen=True, slots=True)
class Demand:
    """A requirement: when it is owed, and under which key a row says how far it is."""

    owed: Owed
    key: str
    when: int
    name: int


@dataclass(frozen=True, slots=True)
class BarCode:
    """A bar: its condition, and the number of its name."""

    rule: Bar
    when: int
    name: int


@dataclass(frozen=True, slots=True)
class BasisCode:
    """A basis: its condition with the parts it names, what it demands, and the number of its name."""

    rule: Basis
    when: int
    parts: tuple[Part, ...]
    demands: tuple[Demand, ...]
    name: int


@dataclass(frozen=True, slots=True)
class Law:
    """One framework; `deployment` is the only one in which house rules apply."""

    framework: Framework
    deployment: str | None
    applies: int
    bars: tuple[BarCode, ...]
    bases: tuple[BasisCode, ...]
    demands: tuple[Demand, ...]

    def steps(self) -> Iterator[int]:
        """The conditions of all its rules."""
        yield self.applies
        yield from (bar.when for bar in self.bars)
        yield from (demand.when for demand in self.demands)
        for basis in self.bases:
            yield basis.when
            yield from (demand.when for demand in basis.demands)


@dataclass(slots=True)
class Program:
    """The steps, in an order in which parts come first, and the frameworks that use them.

    `names` are what results call bars, bases and conditions: `ferpa.bar.debarred`, `ferpa.basis.directory: opted-out`.
    """

    policies: PolicySet
    steps: list[Step] = field(default_factory=list)
    travels: list[bool] = field(default_factory=list)
    """For each step, whether it depends on what earlier rows decide."""
    laws: list[Law] = field(default_factory=list)
    exclusive: list[tuple[int, ...]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    _known: dict[Step, int] = field(default_factory=dict)
    _of: dict[int, int] = field(default_factory=dict)
    _named: dict[str, int] = field(default_factory=dict)

    def add(self, condition: Condition) -> int:
        """The step of a condition."""
        found = self._of.get(id(condition))
        if found is None:
            found = self._of[id(condition)] = self._add(condition)
        return found

    def _add(self, condition: Condition) -> int:
        match condition:
            case Test(fact=fact, operator=operator, operands=operands):
                return self._step(Step("test", test=Test(fact, operator, operands)), travels=_travels(condition))
            case Use(part=part):
                return self.add(part)
            case Not(part=part):
                return self._step(Step("not", (self.add(part),)))
            case All() | Either() | AtLeast():
                return self._joined(condition, tuple(self.add(part) for part in parts_of(condition)))

    def _joined(self, condition: All | Either | AtLeast, parts: tuple[int, ...]) -> int:
        if len(parts) == 1:
            return parts[0]
        if isinstance(condition, AtLeast):
            return self._step(Step("at_least", parts, condition.count))
        return self._step(Step("all" if isinstance(condition, All) else "any", tuple(dict.fromkeys(parts))))

    def _step(self, step: Step, *, travels: bool = False) -> int:
        if step not in self._known:
            self._known[step] = len(self.steps)
            self.steps.append(step)
            self.travels.append(travels or any(self.travels[part] for part in step.parts))
        return self._known[step]

    def name(self, text: str) -> int:
        """The number of a name in results."""
        if text not in self._named:
            self._named[text] = len(self.names)
            self.names.append(text)
        return self._named[text]

    def tests(self) -> Iterator[Test]:
        """Every test of every rule, once."""
        return (step.test for step in self.steps if step.test is not None)


def compiled(policies: PolicySet) -> Program:
    """The program of a policy set."""
    program = Program(policies)
    program.exclusive = [tuple(program.add(condition) for condition in group) for group in policies.exclusive]
    for framework in policies.frameworks:
        program.laws.append(_law(program, framework, None))
    for name, deployment in policies.deployments.items():
        for framework in deployment.rules:
            program.laws.append(_law(program, framework, name))
    return program


def _law(program: Program, framework: Framework, deployment: str | None) -> Law:
    return Law(
        framework=framework,
        deployment=deployment,
        applies=program.add(framework.applies.when),
        bars=tuple(BarCode(bar, program.add(bar.when), program.name(bar.id)) for bar in framework.bars.values()),
        bases=tuple(
            BasisCode(
                rule=basis,
                when=program.add(basis.when),
                parts=tuple(_parts(program, basis)),
                demands=_demands(program, basis.id, framework.owed(key)),
                name=program.name(basis.id),
            )
            for key, basis in framework.bases.items()
        ),
        demands=_demands(program, framework.applies.id, framework.owed()),
    )


def _parts(program: Program, basis: Basis) -> Iterator[Part]:
    conditions = parts_of(basis.when) if is_list(basis.when) else (basis.when,)
    for condition in conditions:
        yield Part(program.name(f"{basis.id}: {label(condition)}"), program.add(condition))


def _demands(program: Program, rule: str, owed: Iterable[Owed]) -> tuple[Demand, ...]:
    return tuple(
        Demand(item, requirement_key(item), program.add(item.when), program.name(f"{rule}: {item.name}"))
        for item in owed
    )


def _travels(test: Test) -> bool:
    return any(name in TRAVELLING for name in facts_in(test))
