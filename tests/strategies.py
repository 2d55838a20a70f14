"""Hypothesis strategies for everything the engine reads. Every feature draws from these; extend them, do not copy them.

Policies and requests are drawn as the data of their documents, over the vocabulary of `tests.writing`: a few facts of
each type, small conditions, small graphs. A `World` is one policy set and one request, with every fact that the request
leaves open and the values of it that the policies can tell apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from math import prod
from typing import Any

import yaml
from hypothesis import strategies as st

from engine.decisions import Decision, decide
from engine.documents import Document, DocumentProblems, parse
from engine.policies import PolicySet, compile_policies
from engine.requests import Request, check_request
from tests.writing import VOCABULARY, written

Data = dict[str, Any]
Path = tuple[str | int, ...]

# Junk -----------------------------------------------------------------------------------------------------------------

PIECES = (
    "a", "b: ", "- ", "? ", ": ", ", ", "[", "]", "{", "}", "&x ", "*x", "!!python/object:os.system ", "!t ", "|\n",
    ">\n ", "'", '"', "#", "%YAML 1.2\n", "---\n", "...\n", "<<: ", "@", "`", "\t", "\n", "\n  ", "\r\n", "\x00",
    "\ufeff", "\u2028", "no", "true", "null", "012", "1e9", "2026-02-30", "0.1", "é", "\\ud83d", "\ud800",
)  # fmt: skip
"""What YAML gives a meaning to, or computers have stumbled over."""


def junk_text() -> st.SearchStrategy[str]:
    """Text that is almost YAML, or anything at all."""
    return st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(st.characters())


def junk_bytes() -> st.SearchStrategy[bytes]:
    """Contents of a file."""
    return st.binary() | junk_text().map(lambda text: text.encode("utf-8", "surrogatepass"))


def junk_data() -> st.SearchStrategy[Any]:
    """Any data that a document may hold."""
    scalars = st.sampled_from([None, True, -1, 1.5, date(2026, 1, 1), "", "a", "unknown", "not_applicable", "x" * 99])
    keys = st.sampled_from(["a", "all", "not", "when", "fact", "request.approved", ""])
    return st.recursive(
        scalars, lambda part: st.lists(part, max_size=3) | st.dictionaries(keys, part, max_size=3), max_leaves=5
    )


@st.composite
def spoiled(draw: st.DrawFn, data: Any) -> Any:
    """Data with one part replaced by junk, left out, or stated under another name."""
    data = deepcopy(data)
    holder, key = draw(st.sampled_from(list(_places(data))))
    how = draw(st.sampled_from(["junk", "junk", "junk", "none", "rename"]))
    if how == "junk" or isinstance(holder, list):
        holder[key] = draw(junk_data())
    else:
        value = holder.pop(key)
        if how == "rename":
            holder[draw(st.sampled_from([f"{key}s", "nonsense", ""]))] = value
    return data


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield data, key
        yield from _places(value)


@st.composite
def shuffled(draw: st.DrawFn, data: Any) -> Any:
    """The same data with the keys of every mapping and the items of every list in another order."""
    if isinstance(data, dict):
        return {key: draw(shuffled(data[key])) for key in draw(st.permutations(list(data)))}
    if isinstance(data, list):
        return [draw(shuffled(item)) for item in draw(st.permutations(data))]
    return data


# Facts ----------------------------------------------------------------------------------------------------------------

JUNE, TODAY = date(2026, 6, 1), date(2026, 11, 23)
"""The days that rules name; requests are decided as of the second."""

DAYS = [date(2026, 5, 29), date(2026, 5, 30), date(2026, 5, 31), JUNE, date(2026, 6, 30), date(2026, 7, 1),
        date(2026, 7, 2), TODAY, date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)]  # fmt: skip
"""Enough days to put an unknown day in any order with those that rules name and one that a request states."""

STATED_DAYS = [date(2026, 5, 30), JUNE, date(2026, 7, 1), TODAY, date(2026, 11, 25)]
"""The days that a request states: others lie on either side of each."""

TOMORROW = date(2026, 11, 24)
SPANS: list[Data] = [{"from": TODAY}, {"until": TODAY}, {"from": TOMORROW}, {"until": date(2026, 11, 22)}]
"""Rules, and papers, in force on the day of the request for the last or the first time, not yet, or no more."""

RESTRICTIONS = ("sealed", "notice")
BASES = ("law.basis.one", "law.basis.two")
CLAUSE = "law.clause.use"

VALUES: dict[str, list[Any]] = {
    "request.purpose": ["study", "audit", "marketing"],
    "request.approved": [True, False],
    "request.ethics": ["approved", "waived", "not_applicable"],
    "request.signed_on": [*DAYS],
    "request.expires_on": [*DAYS, "not_applicable"],
    "party.kind": ["agency", "lab", "public"],
    "party.trusted": [True, False],
    "party.barred_until": [date(2026, 5, 31), JUNE, date(2026, 7, 1), TODAY, date(2026, 11, 24), "not_applicable"],
    "data.categories": [["school"], ["wage"], ["school", "wage"], ["health"], ["school", "health"], ["wage", "health"],
                        ["school", "wage", "health"], []],
    "data.sensitive": [True, False],
    "flow.form": ["identified", "coded", "aggregate"],
    "flow.smallest_cell": [0, 9, 10, 11, "not_applicable"],
    "flow.kept_for": ["29 days", "30 days", "31 days", "1 business day", "0 months", "1 month", "2 months"],
}  # fmt: skip
"""For every fact that a request may state: values that between them answer every drawn test in every way."""

TOWARDS = {"party.barred_until": "provider"}

DERIVED: dict[str, list[Any]] = {
    "flow.leg": ["provider_to_hub", "hub_to_recipient", "direct", "onward"],
    "flow.redisclosure": [True, False],
    "flow.linked": [True, False],
    "flow.purpose_as_received": [True, False],
    "receiver.is_hub": [True, False],
    "data.received_under": [*BASES],
    "data.restrictions": [*RESTRICTIONS],
    "flow.instruments": ["pact"],
}
"""For facts that the graph computes: what rules may test."""


def readable(fact: str) -> list[str]:
    """The names under which rules read a fact."""
    scope, _, key = fact.partition(".")
    return [f"{role}.{key}" for role in ("provider", "sender", "receiver")] if scope == "party" else [fact]


def stated_as(name: str) -> str:
    """The fact behind a name that rules read."""
    scope, _, key = name.partition(".")
    return f"party.{key}" if scope in ("provider", "sender", "receiver") and f"party.{key}" in VALUES else name


# Conditions -----------------------------------------------------------------------------------------------------------


@st.composite
def tests(draw: st.DrawFn, names: Sequence[str], bases: Sequence[str]) -> Data:
    """One test of one of these facts; data may have been received under these bases."""
    name = draw(st.sampled_from(names))
    fact = stated_as(name)
    if fact == "flow.instruments":  # of the other instrument nothing is ever reported
        return {name: {draw(st.sampled_from(["includes", "excludes"])): "pact"}}
    if fact in ("data.categories", "data.received_under", "data.restrictions"):
        known_codes = {"data.categories": VALUES["data.categories"][-2], "data.received_under": bases}
        codes = known_codes.get(fact, RESTRICTIONS)
        some = draw(st.lists(st.sampled_from(codes), min_size=1, max_size=2, unique=True))
        one = st.sampled_from(["includes", "excludes"]).map(lambda operator: {operator: some[0]})
        several = st.sampled_from(["includes_any", "includes_all", "excludes", "within", "within", "any_of"])
        return {name: draw(one | several.map(lambda operator: {operator: some}))}
    if fact.endswith(("_on", "_until")):
        operator = draw(st.sampled_from(["before", "after", "on_or_before", "on_or_after"]))
        other = [n for n in ("request.signed_on", "request.expires_on") if n in names and n != name]
        days: list[Any] = [JUNE, TODAY, {"fact": "request.date"}]
        if name in ("request.signed_on", "request.expires_on"):
            days += [{"fact": n} for n in other] * 3
        return {name: {operator: draw(st.sampled_from(days))}}
    if fact == "flow.smallest_cell":
        other_number = {"at_least": {"fact": "request.provider_count"}}
        return {name: draw(st.sampled_from([{"at_least": 10}, {"at_most": 10}, 10, {"known": True}, other_number]))}
    if fact == "flow.kept_for":
        length = draw(st.sampled_from(["30 days", "1 month", "1 month"]))
        return {name: draw(st.sampled_from([{"at_least": length}, {"at_most": length}, length]))}
    known: dict[str, list[Any]] = VALUES | DERIVED
    values = [value for value in known[fact] if value != "not_applicable"]
    value = draw(st.sampled_from(values))
    forms: list[Any] = [value, value, {"not": value}]
    if not isinstance(value, bool):
        forms += [{"any_of": draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))}]
        forms += [{"fact": n} for n in names if n != name and stated_as(n) == fact]
    return {name: draw(st.sampled_from(forms))}


@st.composite
def conditions(draw: st.DrawFn, atoms: Sequence[Data], depth: int = 2, definitions: Sequence[str] = ()) -> Data:
    """A small condition made of these tests. Few tests, often used, make rules that overlap and exclude each other."""
    forms = ["test", "all", "any", "not", "at_least"] if depth else ["test"]
    form = draw(st.sampled_from([*forms, *(["definition"] if definitions else [])]))
    below = conditions(atoms, depth - 1, definitions)
    if form == "test":
        return draw(st.sampled_from(atoms))
    if form == "definition":
        return {"definition": draw(st.sampled_from(definitions))}
    if form == "not":
        return {"not": draw(below)}
    parts = draw(st.lists(below, min_size=1, max_size=3))
    if form == "at_least":
        return {"at_least": {"count": draw(st.integers(1, len(parts))), "of": parts}}
    return {form: parts}


# Policies -------------------------------------------------------------------------------------------------------------

_RULE: Data = {"cite": "s. 1", "checked": "text"}


def in_force() -> st.SearchStrategy[Data]:
    """Mostly nothing, sometimes the days on which a rule is law."""
    return st.sampled_from([{}] * 14 + [{"in_force": span} for span in SPANS])


_DEMANDS: list[Data] = [
    {"step": "approval", "says": "Approve", "by": "provider", "due": "before_transfer"},
    {"step": "approval", "says": "Approve", "by": "hub", "due": "before_agreement"},
    {"step": "approval", "says": "Approve", "by": "receiver", "due": "on_completion"},
    {"instrument": "pact", "between": ["provider", "receiver"], "due": "before_transfer"},
    {"instrument": "pact", "between": ["sender", "receiver"], "due": "continuing"},
    {"clause": CLAUSE},
    {"clause": CLAUSE, "says": "Say so"},
]


@st.composite
def requirements(draw: st.DrawFn, atoms: Sequence[Data]) -> Data:
    """Something to be done, perhaps only under a condition. Requests report it as done, refused or not at all."""
    item: Data = {**draw(st.sampled_from(_DEMANDS)), **draw(in_force())}
    return {**item, "when": draw(conditions(atoms, 1))} if draw(st.booleans()) else item


@st.composite
def frameworks(
    draw: st.DrawFn, atoms: Sequence[Data], framework: str = "law", opened: Sequence[str] = BASES
) -> Data:  # fmt: skip
    """A framework that reads these tests, and what earlier legs attached."""
    travels = draw(st.lists(tests(["data.received_under", "data.restrictions"], opened), min_size=1, max_size=2))
    whole: Data = {"says": "Defined", **_RULE, "when": draw(conditions(atoms, 1))}
    defined = {"whole": whole}
    if draw(st.booleans()):
        defined["wider"] = {"says": "Defined", **_RULE, "when": draw(conditions(atoms, 1, ["whole"]))}
    condition = conditions([*atoms, *travels, {"flow.redisclosure": True}], 2, list(defined))
    applies = draw(st.just({}) | st.just({}) | condition.map(lambda when: {"when": when}))
    bars = draw(st.lists(condition | st.sampled_from(travels), max_size=2))
    bases = []
    for _ in range(draw(st.integers(2, 3)) if framework == "law" else 1):
        basis: Data = {"title": "Basis", **_RULE, **draw(in_force())}
        if draw(st.integers(0, 7)):
            basis["when"] = draw(condition)
        basis["attaches"] = draw(st.lists(st.sampled_from(RESTRICTIONS), max_size=2, unique=True))
        basis["requires"] = draw(st.lists(requirements(atoms), max_size=1))
        bases.append(basis)
    return {
        "framework": framework,
        "title": "A framework",
        "authority": "1 Law 1",
        **draw(in_force()),
        "definitions": defined,
        "applies": {"says": "Applies", **_RULE, **applies, **draw(in_force())},
        "bars": {
            f"bar-{i}": {"says": "Bar", **_RULE, "when": when, **draw(in_force())} for i, when in enumerate(bars, 1)
        },
        "bases": dict(zip(("one", "two", "three"), bases, strict=False)),
        "requires": draw(st.lists(requirements(atoms), max_size=1)),
    }


@st.composite
def exclusive_groups(draw: st.DrawFn, atoms: Sequence[Data]) -> list[list[Data]]:
    """Groups of tests, of different facts, of which at most one can be true."""
    stated = [atom for atom in atoms if stated_as(fact_in(atom)) in VALUES]
    if len({stated_as(fact_in(atom)) for atom in stated}) < 2:
        return []
    group = st.lists(st.sampled_from(stated), min_size=2, max_size=3, unique_by=lambda atom: stated_as(fact_in(atom)))
    return draw(st.lists(group, max_size=2))


def fact_in(atom: Data) -> str:
    """The name that a test reads."""
    return next(iter(atom))


_VOCABULARY: Data = yaml.safe_load(written(VOCABULARY))

_HOUSE: Data = yaml.safe_load("""
    deployment: house
    title: A deployment
    hub: B
    agencies: {A: {name: The agency A, kind: agency}, B: {name: The hub, kind: lab}}
    catalogue: [{agency: A, program: P, category: Known, is: [school], because: It says so}]
""")
"""A deployment that settles the kinds of A and B, and catalogues one element of A's."""


_CLAUSES: Data = {
    "clauses": {CLAUSE: {"title": "Use", "element": "use", "text": "For the purpose alone."}},
    "elements": {"use": {"title": "Use of the data", "party": "receiver"}},
}


@st.composite
def policy_files(draw: st.DrawFn, names: Sequence[str]) -> list[Data]:
    """A vocabulary with exclusions, one framework or two, a deployment that may have house rules, and a clause."""
    others = draw(st.sampled_from([[], [], ["other"], ["other"], ["house-rules"], ["other", "house-rules"]]))
    opened = [*BASES, *(f"{name}.basis.one" for name in others)]
    atoms = draw(st.lists(tests(names, opened), min_size=3, max_size=5, unique_by=json_text))
    vocabulary = {**_VOCABULARY, "exclusive": draw(exclusive_groups(atoms))}
    law = draw(frameworks(atoms, "law", opened))
    law["restrictions"] = {name: {"says": "Travels", "cite": "s. 1"} for name in RESTRICTIONS}
    second = [draw(frameworks(atoms, "other", opened))] if "other" in others else []
    rules = [draw(frameworks(atoms, "house-rules", opened))] if "house-rules" in others else []
    return [vocabulary, law, *second, {**_HOUSE, "rules": rules}, _CLAUSES]


# Requests -------------------------------------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn) -> Data:
    """Parties, datasets and flows: every sender has what it sends, and nothing goes in a circle."""
    parties = draw(st.sampled_from([["A", "B"], *[["A", "B", "C"]] * 3]))
    datasets: Data = {"a": {"owner": "A"}}
    if draw(st.booleans()):
        datasets["b"] = {"owner": draw(st.sampled_from(parties))}
    has = {party: {name for name, d in datasets.items() if d["owner"] == party} for party in parties}
    if len(datasets) > 1 and draw(st.booleans()):
        datasets["linked"] = {"from": ["a", "b"]}
    flows: list[Data] = []
    for i in range(draw(st.sampled_from([1, 2, 2, 3, 3, 3]))):
        for party in parties:
            if "linked" in datasets and {"a", "b"} <= has[party]:
                has[party].add("linked")
        ways = [(one, two) for k, one in enumerate(parties) for two in parties[k + 1 :] if has[one]]
        onward = [way for way in ways if any(flow["to"] == way[0] for flow in flows)]
        sender, receiver = draw(st.sampled_from([*ways, *onward * 3] if flows else [*ways, *ways[:1] * 2]))
        carries = draw(st.lists(st.sampled_from(sorted(has[sender])), min_size=1, max_size=2, unique=True))
        has[receiver].update(carries)
        flows.append({"id": f"f{i + 1}", "from": sender, "to": receiver, "carries": carries})
    return {
        "request": "example",
        "title": "An example",
        "date": TODAY,
        "parties": {party: {} for party in parties},
        "hubs": draw(st.sampled_from([[], ["B"]])),
        "datasets": datasets,
        "flows": flows,
    }


@dataclass(frozen=True)
class Open:
    """A fact that a request leaves open: where it is stated, what it is about, and its possible values."""

    path: Path
    about: str
    key: str
    values: tuple[Any, ...]

    @property
    def to_state(self) -> tuple[Any, ...]:
        """The values that leave room for every order with other facts."""
        compared = all(day in self.values for day in DAYS)
        return tuple(v for v in self.values if not compared or v in STATED_DAYS or v not in DAYS)

    @property
    def fact(self) -> tuple[str, str]:
        """The fact, in whatever role it is read."""
        return self.about, self.key


def facts_of(graph: Data, names: Sequence[str], *, house: bool) -> Iterator[Open]:
    """Every fact of the request that rules over these names can read, where it would be stated."""
    for fact in sorted({stated_as(name) for name in names} & set(VALUES)):
        scope, _, key = fact.partition(".")
        values = tuple(VALUES[fact])
        if fact == "request.purpose":
            yield Open(("purpose",), "the request", fact, values)
        elif scope == "request":
            yield Open(("facts", key), "the request", fact, values)
        elif scope == "flow":
            for i, flow in enumerate(graph["flows"]):
                yield Open(("flows", i, "facts", key), f"flow {flow['id']}", fact, values)
        elif scope == "data":
            for name, dataset in graph["datasets"].items():
                if "owner" in dataset:
                    yield Open(("datasets", name, "facts", key), f"dataset {name}", fact, values)
        else:
            for party in graph["parties"]:
                if fact in TOWARDS:
                    for owner in sorted({d["owner"] for d in graph["datasets"].values() if "owner" in d}):
                        about = f"party {party} towards {owner}"
                        yield Open(("parties", party, "facts", key, owner), about, key, values)
                elif not (house and key == "kind" and party in ("A", "B")):
                    yield Open(("parties", party, "facts", key), f"party {party}", key, values)


def papers_of(graph: Data) -> Iterator[Open]:
    """For every flow: whether a pact is in force between receiver and sender, or an owner, where none is reported."""
    reports = [({*p["between"]}, p.get("flows")) for p in graph.get("instruments", ())]
    for flow in graph["flows"]:
        sources = {source for name in flow["carries"] for source in graph["datasets"][name].get("from", [name])}
        owners = {graph["datasets"][source]["owner"] for source in sources}
        for one in sorted({flow["from"], *owners}):
            if any({one, flow["to"]} <= ends and (not flows or flow["id"] in flows) for ends, flows in reports):
                continue
            about = f"papers of {one} and {flow['to']} on flow {flow['id']}"
            yield Open(("papers", flow["id"], one, flow["to"]), about, "flow.instruments", ("signed", "draft"))


def put(data: Data, path: Path, value: Any) -> None:
    """State a value in a request."""
    if path[0] == "papers":
        _, flow, *parties = path
        paper = {"instrument": "pact", "between": parties, "status": value, "flows": [flow]}
        data["instruments"] = [*data.get("instruments", ()), paper]
        return
    here: Any = data
    for step in path[:-1]:
        here = here.setdefault(step, {}) if isinstance(here, dict) else here[step]
    here[path[-1]] = value


@dataclass(frozen=True)
class World:
    """A policy set and a request, with the facts that the request leaves open."""

    files: list[Data]
    request: Data
    open: tuple[Open, ...]

    @cached_property
    def policies(self) -> PolicySet:
        """The policies as the engine reads them."""
        return compile_policies([parse(as_yaml(data), f"file-{i}.yaml") for i, data in enumerate(self.files)])

    def decide(self) -> Decision:
        """The engine's decision on the request as it stands."""
        return decide(self.policies, self.asked)

    def stating(self, choice: Sequence[tuple[Open, Any]]) -> World:
        """The same with some open facts stated."""
        request = deepcopy(self.request)
        for fact, value in choice:
            put(request, fact.path, value)
        stated = [fact.fact for fact, _ in choice]
        return self.asking(request, tuple(f for f in self.open if f.fact not in stated))

    def asking(self, request: Data, open_: tuple[Open, ...] = ()) -> World:
        """Another request under the same policies, which are read only once."""
        world = replace(self, request=request, open=open_)
        world.__dict__["policies"] = self.policies
        return world

    @cached_property
    def asked(self) -> Request:
        """The request as the engine reads it."""
        return check_request(Document("request", self.request), self.policies)

    @property
    def text(self) -> str:
        """The world as the documents that a person would write; `read_worlds` reads them."""
        return "---\n".join(map(as_yaml, [{"exclusive": self.files[0]["exclusive"]}, *self.files[1:], self.request]))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """A failing example is shown as its documents."""
        printer.text(f"\n{self.text}")


def read_worlds(text: str) -> list[World]:
    """The requests in some documents, under the policies there: what excludes what, policy files, requests."""
    first, *others = yaml.safe_load_all(text)
    files = [{**_VOCABULARY, **first}, *(data for data in others if "request" not in data)]
    return [World(files, data, ()) for data in others if "request" in data]


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def as_yaml(data: Any) -> str:
    """Data as a YAML document."""
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None))


def json_text(data: Any) -> str:
    """Data as text, to tell equal from unequal."""
    return json.dumps(data, sort_keys=True, default=str)


def worlds(completions: int = 144) -> st.SearchStrategy[World]:
    """Small policies and a small request that has at most so many completions."""
    return families(1, completions).map(lambda family: family[0])


@st.composite
def families(draw: st.DrawFn, size: int, completions: int) -> list[World]:
    """Some requests under the same small policies."""
    pool = [*VALUES, *VALUES, *DERIVED]
    chosen = draw(st.lists(st.sampled_from(pool), min_size=2, max_size=4, unique=True))
    names = [name for fact in chosen for name in (readable(fact) if fact in VALUES else [fact])]
    files = draw(policy_files(names))
    first, *others = [draw(_requests(files, names, completions)) for _ in range(size)]
    return [first, *(first.asking(other.request, other.open) for other in others)]


@st.composite
def _requests(draw: st.DrawFn, files: list[Data], names: Sequence[str], completions: int) -> World:
    """A request under these policies, whose rules read these facts."""
    request = draw(graphs())
    house = draw(st.booleans()) or bool(files[-2]["rules"] and draw(st.booleans()))
    if house:
        request["deployment"] = "house"
    still_open = []
    for fact in facts_of(request, [*names, "request.purpose"], house=house):
        how = draw(st.sampled_from(["omitted", "unknown", "stated", "stated"]))
        if how == "stated" and fact.key == "request.purpose":
            put(request, fact.path, draw(st.sampled_from([*fact.values, ["study", "audit"]])))
        elif how == "stated":
            put(request, fact.path, draw(st.sampled_from(fact.to_state)))
        else:
            if how == "unknown":
                put(request, fact.path, "unknown")
            still_open.append(fact)
    _restate(draw, request, names, still_open, house=house)
    request |= draw(reports(files, request))
    if "flow.instruments" in names:
        still_open += papers_of(request)
    while prod(len(fact.values) for fact in still_open) > completions:
        fact = still_open.pop(draw(st.integers(0, len(still_open) - 1)))
        put(request, fact.path, draw(st.sampled_from(fact.to_state)))
    return World(files, request, tuple(still_open))


def _restate(draw: st.DrawFn, request: Data, names: Sequence[str], still_open: list[Open], *, house: bool) -> None:
    """State facts anew for one flow or for linked data, and leave categories to a catalogue that has not all."""
    i = draw(st.integers(0, len(request["flows"]) - 1))
    if draw(st.booleans()):
        request["flows"][i]["purpose"] = draw(st.sampled_from(VALUES["request.purpose"]))
    again = [
        Open(("flows", i, "request", "approved"), f"flow f{i + 1}", "request.approved", (True, False)),
        Open(("datasets", "linked", "facts", "sensitive"), "dataset linked", "data.sensitive", (True, False)),
    ]
    for fact in again:
        if fact.key in names and fact.path[1] in (i, *request["datasets"]) and draw(st.booleans()):
            value = draw(st.sampled_from(["unknown", *fact.values]))
            put(request, fact.path, value)
            still_open += [fact] if value == "unknown" else []
    categories = next((f for f in still_open if f.fact == ("dataset a", "data.categories")), None)
    if house and categories is not None and draw(st.booleans()):
        request["datasets"]["a"].get("facts", {}).pop("categories", None)
        request["datasets"]["a"]["elements"] = ["P / Known", "P / Novel"]
        wider = tuple(value for value in categories.values if "school" in value)
        still_open[still_open.index(categories)] = replace(categories, values=wider)


@st.composite
def reports(draw: st.DrawFn, files: Sequence[Data], request: Data) -> Data:
    """What the parties report of steps and papers, and the bases they claim."""
    laws = [law for file in files for law in (file, *file.get("rules", ())) if "framework" in law]
    steps = [f"{law['framework']}.step.approval" for law in laws if '"approval"' in json_text(law)]
    bases = [f"{law['framework']}.basis.{key}" for law in laws for key in law["bases"]]
    nowhere: Data = {}
    flow = st.sampled_from([nowhere, nowhere, nowhere, *({"flow": flow["id"]} for flow in request["flows"])])
    done: list[Data] = [{"status": "done"}, {"status": "refused"}, {"status": "done", "on": TOMORROW}]
    status = st.sampled_from(done)
    found: Data = {}
    if draw(st.booleans()) and steps:
        acts = range(draw(st.integers(1, 2)))
        found["steps"] = [{"step": draw(st.sampled_from(steps)), **draw(status), **draw(flow)} for _ in acts]
    if draw(st.booleans()):
        found["instruments"] = [draw(papers(request)) for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        found["claims"] = [
            {"basis": draw(st.sampled_from(bases)), **draw(flow)} for _ in range(draw(st.integers(1, 2)))
        ]
    return found


@st.composite
def papers(draw: st.DrawFn, request: Data) -> Data:
    """A paper between all parties or two of them, for all flows or one."""
    parties = list(request["parties"])
    days: list[Data] = [{}, {}, {}, *SPANS]
    says: list[Data] = [{}, {"contains": [CLAUSE]}, {"lacks": [CLAUSE]}]
    paper: Data = {
        "instrument": "pact",
        "between": draw(st.sampled_from([parties, parties, [parties[0], parties[1]], [parties[-2], parties[-1]]])),
        "status": draw(st.sampled_from(["signed", "draft", "refused"])),
        **draw(st.sampled_from(days)),
        **draw(st.sampled_from(says)),
    }
    if not draw(st.integers(0, 3)):
        paper["flows"] = [draw(st.sampled_from(request["flows"]))["id"]]
    return paper


TRAITS = (
    "claims for data that go on", "papers of different status", "lengths of different units",
    "restrictions of several laws", "house rules", "dates in force", "refused", "a clause that lacks",
    "definitions of definitions", "within", "two facts compared", "facts that exclude one another",
)  # fmt: skip
"""What engines stumble over; a fair share of all worlds should have each."""


def traits(world: World) -> Iterator[str]:
    """Those of `TRAITS` that a world has."""
    request, said = world.request, json_text(world.request)
    house = [law for file in world.files for law in file.get("rules", ()) if request.get("deployment") == "house"]
    laws = [*(file for file in world.files if "framework" in file), *house]
    written_law = json_text(laws)
    onward = any(one["to"] == other["from"] for one in request["flows"] for other in request["flows"])
    papers = request.get("instruments", ())
    attached = sum(any(basis["attaches"] for basis in law["bases"].values()) for law in laws)
    has = (
        onward and "claims" in request,
        any(a["between"] == b["between"] and a["status"] != b["status"] for a in papers for b in papers),
        '"1 month"' in written_law and "flow.kept_for" in written_law,
        onward and attached > 1 and ('"data.re' in written_law),
        bool(house),
        "in_force" in written_law,
        '"refused"' in said,
        '"lacks"' in said and f'"clause": "{CLAUSE}"' in written_law,
        any("wider" in law["definitions"] and '"whole"' in json_text(law["definitions"]["wider"]) for law in laws),
        '"within"' in written_law,
        '"fact": ' in written_law,
        bool(world.files[0]["exclusive"]),
    )
    return (trait for trait, found in zip(TRAITS, has, strict=True) if found)


# Texts and changes of them --------------------------------------------------------------------------------------------


@st.composite
def commented(draw: st.DrawFn, data: Any) -> str:
    """Data as a YAML text in one of many layouts, with comments where they change nothing."""
    style, indent = draw(st.sampled_from([None, False, True])), draw(st.integers(2, 4))
    width = draw(st.sampled_from([30, 80, 1000]))
    text = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=style, indent=indent, width=width
    )
    for i in draw(st.lists(st.integers(0, text.count("\n") - 1), max_size=6, unique=True)):
        lines = text.splitlines()
        margin = " " * draw(st.integers(0, 6))
        ways = [f"{lines[i]}  # beside {i}", f"{margin}# above {i}\n{lines[i]}", f"\n{lines[i]}"]
        lines[i] = draw(st.sampled_from(ways))
        other = "\n".join(lines) + "\n"
        with suppress(DocumentProblems):
            text = other if parse(other).data == data else text
    return draw(st.sampled_from([text, text, text.replace("\n", "\r\n"), text.rstrip("\n")]))


def statable() -> st.SearchStrategy[Any]:
    """Values that a person or the product may write into a document, awkward ones among them."""
    texts = st.sampled_from(
        ["yes", "012", "a: b", "# no comment", "-", "2026-13-01", "~", "x " * 90, "{", "a\nb", "é'\""]
    )
    scalars = texts | st.sampled_from([None, True, 0, -1.5, date(2026, 1, 1), "unknown", ""]) | st.text(max_size=9)
    keys = st.sampled_from(["name", "A", "no", "a key"])
    return scalars | st.lists(scalars, max_size=3) | st.dictionaries(keys, scalars | st.lists(scalars), max_size=2)
