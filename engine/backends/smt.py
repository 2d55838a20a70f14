"""Formulas for the solver Z3 (of L. de Moura and N. Bjørner), over all values that the facts can have.

`engine.completions` settles requests with one value for each region that the rules tell apart. Here a fact ranges over
all its values, so that a model is a situation somebody could write down. The two must agree; tests hold them to it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar

from engine.completions.formulas import FactKey, Formula, Link, Node, free, key_of
from engine.completions.variables import Scope, Variable, possible_codes
from engine.conditions import All, AtLeast, Not, Proof, Reading, Test, holds
from engine.documents import CannotDo
from engine.facts import Absence, CodeSet, Declared, Duration, Value, Vocabulary, unknown

try:
    import z3
except ModuleNotFoundError:
    raise CannotDo('this needs the solver Z3, which is not installed\n  help: pip install "assent[analysis]"') from None

TIME_LIMIT = 60_000
"""Milliseconds for one question to the solver."""

PLAIN_DATES = (date(1990, 1, 1), date(2060, 12, 31))
"""Between which days examples lie where they can."""

K = TypeVar("K", bound=Hashable)

UNITS = ("hours", "business days", "months")
"""The classes of durations, each a world of its own."""


Found = Value | dict[str, bool]
"""The value of a fact; of a set, whether each code that matters is in it."""


class Encoding:
    """Formulas as Z3 expressions over shared variables, and the way back from a model to the values of facts.

    `link` gives the formula behind a derived fact, as in `engine.completions`.
    """

    def __init__(self, vocabulary: Vocabulary, link: Link = free) -> None:
        self.vocabulary = vocabulary
        self.scope = Scope(vocabulary, link)
        self.context = z3.Context()
        self.codes: dict[str, int] = {}
        self.constants = {truth: z3.BoolVal(truth, ctx=self.context) for truth in (True, False)}
        self.terms: dict[Variable, Term] = {}
        self.known: dict[int, z3.BoolRef] = {}

    def formula(self, node: Node) -> z3.BoolRef:
        """The expression that is true in a completion if and only if the formula is."""
        if node.truth is not None:
            return self._constant(node.truth)
        key = id(node)
        if key not in self.known:
            self.scope.reads(node)  # keeps it alive, so that no other takes its identity
            self.known[key] = self._formula(node) if isinstance(node, Formula) else self._proof(node)
        return self.known[key]

    def possible(self, wanted: Mapping[K, Node], limits: Sequence[Node]) -> set[K]:
        """Those of some formulas that can be true, each for itself, within the limits.

        Raises `CannotDo` where the solver gives up.
        """
        pending = {key: self.formula(node) for key, node in wanted.items()}
        return self._shown(self._solver([*wanted.values()], limits), pending)

    def turning(self, facts: Mapping[K, FactKey], watched: Sequence[Node], limits: Sequence[Node]) -> set[K]:
        """Those of some facts that alone can change a formula, from values within the limits.

        The changed values need not keep the limits, so that no fact is missed that others would have to follow.
        Raises `CannotDo` where the solver gives up.
        """
        pairs: dict[K, z3.BoolRef] = {}
        copies: list[z3.BoolRef] = []
        for key, fact in facts.items():
            own = [variable for variable in self.read_by(watched) if variable.fact == fact]
            mask = sum(map(self.scope.bit, own))
            swaps: list[tuple[z3.ExprRef, z3.ExprRef]] = []
            for variable in own:
                other = self._new_term(variable, "|changed")
                swaps += zip(self._term(variable).parts, other.parts, strict=True)
                copies += other.domain
            held = [self.formula(node) for node in watched if self.scope.reads(node) & mask]
            pairs[key] = self._some([one != z3.substitute(one, *swaps) for one in held])
        solver = self._solver(watched, limits)
        solver.add(*copies)
        return self._shown(solver, pairs)

    def model(self, wanted: Node, limits: Sequence[Node]) -> z3.ModelRef | None:
        """Values under which a formula is true within the limits, or None if there are none.

        They are as people would state them where such values will do. Raises `CannotDo` where the solver gives up.
        """
        solver = self._solver([wanted], limits)
        solver.add(self.formula(wanted))
        flags = []
        for i, liked in enumerate(self._liked(self.read_by([wanted]))):
            flags.append(z3.Bool(f"liked|{i}", ctx=self.context))
            solver.add(z3.Implies(flags[-1], liked))
        while not _satisfied(solver, flags):
            core = {flag.get_id() for flag in solver.unsat_core()}
            if not core:
                return None
            flags = [flag for flag in flags if flag.get_id() not in core]
        return solver.model()

    def needed(self, wanted: Node, limits: Sequence[Node], model: z3.ModelRef) -> list[Variable]:
        """Variables whose values in a model suffice for the formula to be true whatever the others are."""
        solver = self._solver([wanted], limits)
        solver.set("smt.core.minimize", True)
        solver.add(z3.Not(self.formula(wanted)))
        stated = {}
        for i, variable in enumerate(self.read_by([wanted])):
            flag = z3.Bool(f"stated|{i}", ctx=self.context)
            stated[flag.get_id()] = flag, variable
            solver.add(z3.Implies(flag, self._term(variable).as_in(model)))
        found = _satisfied(solver, [flag for flag, _ in stated.values()])
        assert not found, "a formula is true in its model"
        return [stated[flag.get_id()][1] for flag in solver.unsat_core()]

    def values(self, model: z3.ModelRef, variables: Iterable[Variable]) -> dict[FactKey, tuple[Reading, Found]]:
        """The values that a model gives to some variables, by fact, each as first read."""
        found: dict[FactKey, tuple[Reading, Found]] = {}
        for variable in sorted(variables, key=self.scope.index.__getitem__):
            reading, value = self.scope.readings[variable.fact], self._term(variable).value(model)
            if variable.code:
                codes = found.setdefault(variable.fact, (reading, dict.fromkeys(_sure(reading).has, True)))[1]
                assert isinstance(codes, dict)
                codes[variable.code] = value is True
            else:
                found[variable.fact] = reading, value
        return found

    def read_by(self, nodes: Iterable[Node]) -> list[Variable]:
        """The variables that some formulas read, in order of first use."""
        mask = 0
        for node in nodes:
            mask |= self.scope.reads(node)
        return self.scope.chosen(mask)

    def _solver(self, nodes: Iterable[Node], limits: Sequence[Node]) -> z3.Solver:
        """A solver that knows the limits, and what bounds the variables of the formulas whatever the rules say."""
        solver = z3.Solver(ctx=self.context)
        solver.set(timeout=TIME_LIMIT, random_seed=0)
        solver.add(*map(self.formula, limits))
        for variable in self.read_by([*nodes, *limits]):
            solver.add(*self._term(variable).domain)
        return solver

    def _shown(self, solver: z3.Solver, pending: dict[K, z3.BoolRef]) -> set[K]:
        """Those of some expressions that can be true; each solution shows as many as it can."""
        found: set[K] = set()
        while pending:
            solver.add(self._some([*pending.values()]))  # narrower each time
            if not _satisfied(solver, []):
                break
            model = solver.model()
            shown = {key for key, held in pending.items() if z3.is_true(model.eval(held, model_completion=True))}
            found |= shown
            pending = {key: held for key, held in pending.items() if key not in shown}
        return found

    def _liked(self, variables: Iterable[Variable]) -> Iterator[z3.BoolRef]:
        """What makes an example easy to read: facts that apply, dates of our time, records of some kind."""
        kinds: dict[FactKey, list[z3.BoolRef]] = {}
        for variable in variables:
            term = self._term(variable)
            if term.plain is not None:
                yield term.plain
            if not z3.is_true(term.side.applies):
                yield term.side.applies
            if self.scope.readings[variable.fact].name == "data.categories":
                kinds.setdefault(variable.fact, []).append(term.side.term)
        for members in kinds.values():
            yield self._some(members)

    # The fold ---------------------------------------------------------------------------------------------------------

    def _formula(self, formula: Formula) -> z3.BoolRef:
        if formula.proof is not None:
            return self.formula(formula.proof)
        parts = [self.formula(part) for part in formula.parts]
        if formula.form == "not":
            return z3.Not(parts[0])
        return self._every(parts) if formula.form == "all" else self._some(parts)

    def _proof(self, proof: Proof) -> z3.BoolRef:
        condition = proof.condition
        if isinstance(condition, Test):
            return self._test(condition, proof.readings)
        parts = [self.formula(part) for part in proof.parts]
        if isinstance(condition, Not):
            return z3.Not(parts[0])
        if isinstance(condition, AtLeast):
            return z3.AtLeast(*parts, condition.count)
        return self._every(parts) if isinstance(condition, All) or len(parts) == 1 else self._some(parts)

    def _test(self, test: Test, readings: tuple[Reading, ...]) -> z3.BoolRef:
        reading = readings[0]
        declared = self.vocabulary[reading.name]
        if declared.fact.type == "codes":
            return self._set_test(test, reading)
        if (linked := self.scope.linked(reading)) is not None:
            held, yes, no = self.formula(linked), *(holds(test.operator, v, test.operands) for v in (True, False))
            return self._constant(bool(yes)) if yes is no else held if yes else z3.Not(held)
        left, *others = [self._side(reading) for reading in readings]
        rights = others or [self._stated(declared, operand) for operand in test.operands]
        compare = _TESTS[test.operator]
        return self._every([left.applies, *(right.applies for right in rights), compare(left, rights)])

    def _side(self, reading: Reading) -> Side:
        """One side of a test: an unknown fact, or what was stated of it."""
        if unknown(reading.value):
            return self._term(Variable(key_of(reading))).side
        return self._stated(self.vocabulary[reading.name], reading.value)

    def _stated(self, declared: Declared, value: Any) -> Side:
        yes = self._constant(True)
        if value is Absence.DOES_NOT_APPLY:
            return self._term_of(declared, "").side._replace(applies=self._constant(False))
        if isinstance(value, bool):
            return Side(self._constant(value), None, yes)
        if isinstance(value, Duration):
            unit = z3.IntVal(UNITS.index(value.unit), ctx=self.context)
            return Side(z3.IntVal(value.amount, ctx=self.context), unit, yes)
        if isinstance(value, date):
            return Side(z3.IntVal(value.toordinal(), ctx=self.context), None, yes)
        if isinstance(value, str):
            return Side(self._code(value), None, yes)
        return Side(z3.RealVal(value, ctx=self.context), None, yes)

    def _set_test(self, test: Test, reading: Reading) -> z3.BoolRef:
        may = possible_codes(reading, self.vocabulary)
        has = _sure(reading).has
        wanted = [str(operand) for operand in test.operands]

        def member(code: str) -> z3.BoolRef:
            if code in has or code not in may:
                return self._constant(code in has)
            linked = self.scope.linked(reading, code)
            if linked is not None:
                return self.formula(linked)
            return self._term(Variable(key_of(reading), code)).side.term

        if test.operator == "within":
            others = [z3.Not(member(code)) for code in sorted((may | has) - set(wanted))]
            return self._every([self._some([member(code) for code in wanted]), *others])
        members = [member(code) for code in wanted]
        if test.operator == "includes_all":
            return self._every(members)
        return z3.Not(self._some(members)) if test.operator == "excludes" else self._some(members)

    def _term(self, variable: Variable) -> Term:
        if variable not in self.terms:
            self.terms[variable] = self._new_term(variable)
        return self.terms[variable]

    def _new_term(self, variable: Variable, suffix: str = "") -> Term:
        declared = self.scope.declared(variable.fact)
        name = "|".join((*variable.fact, variable.code)) + suffix
        return self._term_of(declared, name, member=bool(variable.code))

    def _term_of(self, declared: Declared, name: str, *, member: bool = False) -> Term:
        """The variable of a fact, or of whether a code is in it, with what bounds it and how its values read."""
        context, kind = self.context, "boolean" if member else declared.fact.type
        optional = declared.optional and not member
        applies = z3.Bool(f"{name}|applies", ctx=context) if optional else self._constant(True)
        if kind == "boolean":
            return Term(Side(z3.Bool(name, ctx=context), None, applies), (), None, z3.is_true)
        if kind == "number":
            real = z3.Real(name, ctx=context)
            return Term(Side(real, None, applies), (), z3.And(real >= 0, z3.IsInt(real)), _number)
        whole = z3.Int(name, ctx=context)
        if kind == "code":
            codes = {self._code(code): code for code in sorted(declared.codes)}
            limit = z3.Or([whole == number for number in codes])
            return Term(Side(whole, None, applies), (limit,), None, lambda v: codes[v])
        if kind == "date":
            bounds = (date.min.toordinal() <= whole, whole <= date.max.toordinal())
            plain = z3.And(PLAIN_DATES[0].toordinal() <= whole, whole <= PLAIN_DATES[1].toordinal())
            return Term(Side(whole, None, applies), bounds, plain, lambda v: date.fromordinal(v.as_long()))
        if kind == "duration":
            unit = z3.Int(f"{name}|unit", ctx=context)
            lengths = (whole >= 0, whole < 1_000_000, unit >= 0, unit < len(UNITS))
            return Term(Side(whole, unit, applies), lengths, None, lambda v: v.as_long())
        return Term(Side(whole, None, applies), (), None, lambda v: "text")

    def _code(self, code: str) -> z3.IntNumRef:
        """The number that stands for a code, the same for all facts."""
        return z3.IntVal(self.codes.setdefault(code, len(self.codes)), ctx=self.context)

    def _constant(self, truth: bool) -> z3.BoolRef:
        return self.constants[truth]

    def _every(self, parts: Iterable[z3.BoolRef]) -> z3.BoolRef:
        return self._joined(z3.And, parts, neutral=True)

    def _some(self, parts: Iterable[z3.BoolRef]) -> z3.BoolRef:
        return self._joined(z3.Or, parts, neutral=False)

    def _joined(self, join: Callable[..., z3.BoolRef], parts: Iterable[z3.BoolRef], *, neutral: bool) -> z3.BoolRef:
        """The parts joined, without those that change nothing: building expressions takes longer than solving them."""
        telling = [part for part in parts if part is not self.constants[neutral]]
        if any(part is self.constants[not neutral] for part in telling):
            return self.constants[not neutral]
        if len(telling) < 2:
            return telling[0] if telling else self.constants[neutral]
        return join(*telling)


class Side(NamedTuple):
    """One side of a test: a boolean, whole or real term; the unit of a duration; whether the fact applies at all."""

    term: Any
    unit: Any
    applies: z3.BoolRef


class Term(NamedTuple):
    """A variable: its side in tests, its bounds, how a plain value of it looks, and how to read a value."""

    side: Side
    domain: tuple[z3.BoolRef, ...]
    plain: z3.BoolRef | None
    read: Callable[[Any], Value]

    @property
    def parts(self) -> list[z3.ExprRef]:
        """The variables of the solver that it is made of."""
        return [part for part in self.side if part is not None and not z3.is_true(part)]

    def as_in(self, model: z3.ModelRef) -> z3.BoolRef:
        """That it has the value it has in a model; of a fact that does not apply nothing else matters."""
        applies = z3.is_true(model.eval(self.side.applies, model_completion=True))
        parts = self.parts if applies else [self.side.applies]
        return z3.And([part == model.eval(part, model_completion=True) for part in parts])

    def value(self, model: z3.ModelRef) -> Value:
        """The value in a model."""

        def of(term: Any) -> Any:
            return model.eval(term, model_completion=True)

        if not z3.is_true(of(self.side.applies)):
            return Absence.DOES_NOT_APPLY
        value = self.read(of(self.side.term))
        if self.side.unit is None:
            return value
        assert isinstance(value, int)
        return Duration(value, UNITS[of(self.side.unit).as_long()])


def _satisfied(solver: z3.Solver, assumptions: list[z3.BoolRef]) -> bool:
    """Whether there is a solution. Raises `CannotDo` where the solver gives up."""
    answer = solver.check(*assumptions)
    if answer == z3.unknown:
        raise CannotDo("the solver gave up on a question; ask it of one framework at a time")
    return bool(answer == z3.sat)


def _sure(reading: Reading) -> CodeSet:
    """The codes that a set has for sure."""
    return CodeSet(reading.value.has) if isinstance(reading.value, CodeSet) else CodeSet(frozenset())


def _number(value: Any) -> float:
    exact = value.as_fraction()
    return int(exact) if exact.denominator == 1 else float(exact)


def _same(left: Side, right: Side) -> z3.BoolRef:
    equal = left.term == right.term
    return equal if left.unit is None else z3.And(equal, left.unit == right.unit)


def _comparable(left: Side, right: Side) -> z3.BoolRef:
    return left.applies if left.unit is None else left.unit == right.unit


_TESTS: Mapping[str, Callable[[Side, list[Side]], Any]] = {
    "is": lambda left, rights: _same(left, rights[0]),
    "any_of": lambda left, rights: z3.Or([_same(left, right) for right in rights]),
    "not": lambda left, rights: z3.Not(z3.Or([_same(left, right) for right in rights])),
    "before": lambda left, rights: left.term < rights[0].term,
    "after": lambda left, rights: left.term > rights[0].term,
    "on_or_before": lambda left, rights: left.term <= rights[0].term,
    "on_or_after": lambda left, rights: left.term >= rights[0].term,
    "at_least": lambda left, rights: z3.And(_comparable(left, rights[0]), left.term >= rights[0].term),
    "at_most": lambda left, rights: z3.And(_comparable(left, rights[0]), left.term <= rights[0].term),
    "known": lambda left, rights: left.applies,
}
