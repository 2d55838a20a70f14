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
from engine.requests import check_request
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

RESTRICTIONS = ("sealed", "notice")
BASES = ("law.basis.one", "law.basis.two")

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
    "flow.smallest_cell": [9, 10, 11, "not_applicable"],
    "flow.kept_for": ["29 days", "30 days", "31 days", "1 business day"],
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
def tests(draw: st.DrawFn, names: Sequence[str]) -> Data:
    """One test of one of these facts."""
    name = draw(st.sampled_from(names))
    fact = stated_as(name)
    if fact == "flow.instruments":  # of the other instrument nothing is ever reported
        return {name: {draw(st.sampled_from(["includes", "excludes"])): "pact"}}
    if fact in ("data.categories", "data.received_under", "data.restrictions"):
        codes = VALUES[fact][-2] if fact in VALUES else DERIVED[fact]
        some = draw(st.lists(st.sampled_from(codes), min_size=1, max_size=2, unique=True))
        one = st.sampled_from(["includes", "excludes"]).map(lambda operator: {operator: some[0]})
        several = st.sampled_from(["includes_any", "includes_all", "excludes", "within", "any_of"])
        return {name: draw(one | several.map(lambda operator: {operator: some}))}
    if fact.endswith(("_on", "_until")):
        operator = draw(st.sampled_from(["before", "after", "on_or_before", "on_or_after"]))
        other = [n for n in ("request.signed_on", "request.expires_on") if n in names and n != name]
        days: list[Any] = [JUNE, TODAY, {"fact": "request.date"}]
        if name in ("request.signed_on", "request.expires_on"):
            days += [{"fact": n} for n in other] * 3
        return {name: {operator: draw(st.sampled_from(days))}}
    if fact == "flow.smallest_cell":
        return {name: draw(st.sampled_from([{"at_least": 10}, {"at_most": 10}, 10, {"known": True}]))}
    if fact == "flow.kept_for":
        return {name: draw(st.sampled_from([{"at_least": "30 days"}, {"at_most": "30 days"}, "30 days"]))}
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


@st.composite
def requirements(draw: st.DrawFn, atoms: Sequence[Data]) -> Data:
    """Something to be done, perhaps only under a condition. Requests report it as done, refused or not at all."""
    item: Data = draw(
        st.sampled_from(
            [
                {"step": "approval", "says": "Approve", "by": "provider", "due": "before_transfer"},
                {"instrument": "pact", "between": ["provider", "receiver"], "due": "before_transfer"},
            ]
        )
    )
    return {**item, "when": draw(conditions(atoms, 1))} if draw(st.booleans()) else item


@st.composite
def frameworks(draw: st.DrawFn, atoms: Sequence[Data], framework: str = "law") -> Data:
    """A framework that reads these tests, and what earlier legs attached."""
    travels = draw(st.lists(tests(["data.received_under", "data.restrictions"]), min_size=1, max_size=2))
    defined = {"whole": {"says": "Defined", **_RULE, "when": draw(conditions(atoms, 1))}}
    condition = conditions([*atoms, *travels, {"flow.redisclosure": True}], 2, list(defined))
    applies = draw(st.just({}) | st.just({}) | condition.map(lambda when: {"when": when}))
    bars = draw(st.lists(condition | st.sampled_from(travels), max_size=2))
    bases = []
    for _ in range(draw(st.integers(2, 3)) if framework == "law" else 1):
        basis: Data = {"title": "Basis", **_RULE}
        if draw(st.integers(0, 7)):
            basis["when"] = draw(condition)
        basis["attaches"] = draw(st.lists(st.sampled_from(RESTRICTIONS), max_size=2, unique=True))
        basis["requires"] = draw(st.lists(requirements(atoms), max_size=1))
        bases.append(basis)
    return {
        "framework": framework,
        "title": "A framework",
        "authority": "1 Law 1",
        "definitions": defined,
        "applies": {"says": "Applies", **_RULE, **applies},
        "bars": {f"bar-{i}": {"says": "Bar", **_RULE, "when": when} for i, when in enumerate(bars, 1)},
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


@st.composite
def policy_files(draw: st.DrawFn, names: Sequence[str]) -> list[Data]:
    """A vocabulary with exclusions, one framework or two, and a deployment."""
    atoms = draw(st.lists(tests(names), min_size=3, max_size=5, unique_by=json_text))
    vocabulary = {**_VOCABULARY, "exclusive": draw(exclusive_groups(atoms))}
    law = draw(frameworks(atoms))
    law["restrictions"] = {name: {"says": "Travels", "cite": "s. 1"} for name in RESTRICTIONS}
    second = [draw(frameworks(atoms, "other"))] if draw(st.booleans()) else []
    return [vocabulary, law, *second, _HOUSE]


# Requests -------------------------------------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn) -> Data:
    """Parties, datasets and flows: every sender has what it sends, and nothing goes in a circle."""
    parties = draw(st.sampled_from([["A", "B"], ["A", "B", "C"], ["A", "B", "C"]]))
    datasets: Data = {"a": {"owner": "A"}}
    if draw(st.booleans()):
        datasets["b"] = {"owner": draw(st.sampled_from(parties))}
    has = {party: {name for name, d in datasets.items() if d["owner"] == party} for party in parties}
    if len(datasets) > 1 and draw(st.booleans()):
        datasets["linked"] = {"from": ["a", "b"]}
    flows: list[Data] = []
    for i in range(draw(st.integers(1, 3))):
        for party in parties:
            if "linked" in datasets and {"a", "b"} <= has[party]:
                has[party].add("linked")
        ways = [(one, two) for k, one in enumerate(parties) for two in parties[k + 1 :] if has[one]]
        sender, receiver = draw(st.sampled_from(ways))
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
    """For every flow: whether a pact is in force between receiver and sender, or an owner of its data."""
    for flow in graph["flows"]:
        sources = {source for name in flow["carries"] for source in graph["datasets"][name].get("from", [name])}
        owners = {graph["datasets"][source]["owner"] for source in sources}
        for one in sorted({flow["from"], *owners}):
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
        return decide(self.policies, check_request(Document("request", self.request), self.policies))

    def stating(self, choice: Sequence[tuple[Open, Any]]) -> World:
        """The same with some open facts stated."""
        request = deepcopy(self.request)
        for fact, value in choice:
            put(request, fact.path, value)
        stated = [fact.fact for fact, _ in choice]
        world = replace(self, request=request, open=tuple(f for f in self.open if f.fact not in stated))
        world.__dict__["policies"] = self.policies
        return world

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """A failing example is shown as the documents that a person would write."""
        files = [{"exclusive": self.files[0]["exclusive"]}, *self.files[1:], self.request]
        printer.text("\n" + "---\n".join(map(as_yaml, files)))


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def as_yaml(data: Any) -> str:
    """Data as a YAML document."""
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None))


def json_text(data: Any) -> str:
    """Data as text, to tell equal from unequal."""
    return json.dumps(data, sort_keys=True, default=str)


@st.composite
def worlds(draw: st.DrawFn, completions: int = 144) -> World:
    """Small policies and a small request that has at most so many completions."""
    pool = [*VALUES, *VALUES, *DERIVED]
    chosen = draw(st.lists(st.sampled_from(pool), min_size=2, max_size=4, unique=True))
    names = [name for fact in chosen for name in (readable(fact) if fact in VALUES else [fact])]
    files = draw(policy_files(names))
    request = draw(graphs())
    house = draw(st.booleans())
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
    request |= draw(reports(approval='"step": "approval"' in json_text(files[1]), parties=list(request["parties"])))
    if "flow.instruments" in names and "instruments" not in request:
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
def reports(draw: st.DrawFn, *, approval: bool, parties: list[str]) -> Data:
    """What the parties report of steps and papers, and the basis they claim."""
    done, status = st.sampled_from(["done", "refused"]), st.sampled_from(["signed", "draft", "refused"])
    found: Data = {}
    if approval and draw(st.booleans()):
        found["steps"] = [{"step": "law.step.approval", "status": draw(done)}]
    if draw(st.booleans()):
        found["instruments"] = [{"instrument": "pact", "between": parties, "status": draw(status)}]
    if draw(st.booleans()):
        found["claims"] = [{"basis": "law.basis.one"}]
    return found


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
