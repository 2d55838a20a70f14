"""Small requests in which nothing is stated yet: a question about a rule is asked of all their completions.

Each is one way in which data travel. What the graph computes (legs, redisclosure, what earlier legs attach) is as in
any other request, so that an example found here is a request that `assent check` decides in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from engine.completions import Formula, Settler, proven
from engine.conditions import Reading, Test, evaluate
from engine.decisions import Decision, Finding, Judge, decide, examine
from engine.documents import AssentError, Document, DocumentProblems
from engine.facts import Absence, Value, printable
from engine.graph import Disclosure
from engine.policies import Deployment, Framework, PolicySet
from engine.requests import Request, RequestFile, check_request
from engine.workbench.outcomes import Outcomes

if TYPE_CHECKING:
    from engine.backends.smt import Encoding, Found

K = TypeVar("K", bound=Hashable)

_RECORDS = {"records": {"owner": "OWNER"}}
_OWN = {"records": {"owner": "HUB"}}
_LINKED = {**_RECORDS, "others": {"owner": "OTHER"}, "linked": {"from": ["records", "others"]}}
_TO_LINK = [("OWNER", "HUB", "records"), ("OTHER", "HUB", "others")]
_WAYS: dict[str, tuple[str, dict[str, Any], list[tuple[str, str, str]]]] = {
    "direct": ("An owner sends records to a recipient", _RECORDS, [("OWNER", "RECIPIENT", "records")]),
    "internal": ("An owner uses its records itself", _RECORDS, [("OWNER", "OWNER", "records")]),
    "publication": ("An owner publishes", _RECORDS, [("OWNER", "public", "records")]),
    "to-hub": ("An owner sends records to a hub", _RECORDS, [("OWNER", "HUB", "records")]),
    "from-hub": ("A hub sends records of its own to a recipient", _OWN, [("HUB", "RECIPIENT", "records")]),
    "through-hub": (
        "A hub passes an owner's records on to a recipient",
        _RECORDS,
        [("OWNER", "HUB", "records"), ("HUB", "RECIPIENT", "records")],
    ),
    "onward": (
        "A recipient passes an owner's records on",
        _RECORDS,
        [("OWNER", "RECIPIENT", "records"), ("RECIPIENT", "THIRD", "records")],
    ),
    "returned": (
        "A recipient sends an owner's records back",
        _RECORDS,
        [("OWNER", "RECIPIENT", "records"), ("RECIPIENT", "OWNER", "records")],
    ),
    "used": (
        "A recipient uses an owner's records for a purpose of its own",
        _RECORDS,
        [("OWNER", "RECIPIENT", "records"), ("RECIPIENT", "RECIPIENT", "records")],
    ),
    "used-by-hub": (
        "A hub uses an owner's records for a purpose of its own",
        _RECORDS,
        [("OWNER", "HUB", "records"), ("HUB", "HUB", "records")],
    ),
    "republished": (
        "A recipient publishes an owner's records",
        _RECORDS,
        [("OWNER", "RECIPIENT", "records"), ("RECIPIENT", "public", "records")],
    ),
    "linked": (
        "A hub links the records of two owners for a recipient",
        _LINKED,
        [*_TO_LINK, ("HUB", "RECIPIENT", "linked")],
    ),
    "linked-onward": (
        "A recipient passes on what a hub linked for it",
        _LINKED,
        [*_TO_LINK, ("HUB", "RECIPIENT", "linked"), ("RECIPIENT", "THIRD", "linked")],
    ),
    "linked-used": (
        "A recipient uses what a hub linked for it for a purpose of its own",
        _LINKED,
        [*_TO_LINK, ("HUB", "RECIPIENT", "linked"), ("RECIPIENT", "RECIPIENT", "linked")],
    ),
    "linked-for-owner": (
        "A hub links the records of two owners for one of them",
        _LINKED,
        [*_TO_LINK, ("HUB", "OTHER", "linked")],
    ),
    "linked-for-itself": (
        "A hub links the records of two owners and uses them itself",
        _LINKED,
        [*_TO_LINK, ("HUB", "HUB", "linked")],
    ),
    "linked-published": (
        "A hub links the records of two owners and publishes",
        _LINKED,
        [*_TO_LINK, ("HUB", "public", "linked")],
    ),
}
"""By name: what happens, the datasets, and who sends which to whom."""

WAYS = {name: says for name, (says, _, _) in _WAYS.items()}
"""The ways in which data travel that questions are asked of, by name."""


Question = Callable[[Outcomes], Formula]
"""What is asked of a request: the formula that would have to be true."""


class DisagreementError(AssentError):
    """The solver found a request that the engine decides otherwise: a fault of this program, never of a rule."""

    def __init__(self, request: str) -> None:
        super().__init__(f"the solver and the engine disagree on this request; please report it\n\n{request}")


@dataclass(frozen=True, eq=False)
class Situation:
    """One way in which data travel, under the law of a day, with no fact stated."""

    name: str
    says: str
    data: dict[str, Any]
    policies: PolicySet
    day: date

    @cached_property
    def judge(self) -> Judge:
        """Every framework on every disclosure."""
        return examine(self.policies, check_request(Document(self.name, self.data), self.policies), self.day)

    @cached_property
    def outcomes(self) -> Outcomes:
        """What comes of every disclosure."""
        return Outcomes(self.judge)

    @cached_property
    def last(self) -> list[str]:
        """The disclosures on the last flow, one for each owner behind what it carries."""
        return [disclosure.id for disclosure in self.disclosures if disclosure.flow is self.disclosures[-1].flow]

    @cached_property
    def disclosures(self) -> tuple[Disclosure, ...]:
        """Every disclosure, each after those that brought its data."""
        return tuple(dict.fromkeys(self.judge.disclosures.values()))

    def findings(self, framework: Framework) -> list[Finding]:
        """The findings of a framework, those on the last flow first."""
        own = [finding for finding in self.judge.findings if finding.framework is framework]
        return sorted(own, key=lambda finding: finding.disclosure.id not in self.last)

    @cached_property
    def encoding(self) -> Encoding:
        """The solver's variables for all facts of the situation."""
        from engine.backends.smt import Encoding

        return Encoding(self.policies.vocabulary, self.outcomes.link)

    @cached_property
    def limits(self) -> list[Formula]:
        """What holds of every completion: facts that exclude one another."""
        return [limit for limit in self.judge.constraints if limit.truth is None]

    @cached_property
    def writable(self) -> list[Formula]:
        """What holds of every request that can be written: it names users or leaves them open, never denies them."""
        named = [proven(evaluate(_SOMEBODY, disclosure)) for disclosure in self.disclosures]
        return [*self.limits, *(somebody for somebody in named if somebody.truth is None)]

    def possible(self, questions: Mapping[K, Question]) -> set[K]:
        """Those of some questions that some completion answers with yes. Raises `CannotDo` if the solver gives up."""
        return self.encoding.possible(
            {key: question(self.outcomes) for key, question in questions.items()}, self.limits
        )

    def example(self, question: Question) -> Example | None:
        """A request that answers a question with yes, whatever it leaves open; None if none can be written.

        Raises `CannotDo` where the solver gives up.
        """
        wanted, encoding = question(self.outcomes), self.encoding
        model = encoding.model(wanted, self.writable)
        if model is None:
            return None
        few = self.stating(encoding.values(model, encoding.needed(wanted, self.writable, model)).values())
        if (example := Example(self, few)).shows(question):
            return example
        every = encoding.values(model, encoding.read_by([wanted, *self.writable]))  # few codes of a set may clash
        if (example := Example(self, self.stating(every.values()))).shows(question):
            return example
        raise DisagreementError(example.text)

    def stating(self, facts: Iterable[tuple[Reading, Found]]) -> dict[str, Any]:
        """The request that states the values of some facts."""
        data = deepcopy(self.data)
        for reading, value in facts:
            state(data, reading, value)
        return _in_order(data)


@dataclass(frozen=True, eq=False)
class Example:
    """A request that shows what an analysis found."""

    situation: Situation
    data: dict[str, Any]

    @cached_property
    def request(self) -> Request:
        """The request as the engine reads it."""
        return check_request(Document("example", self.data), self.situation.policies)

    @cached_property
    def decision(self) -> Decision:
        """What the engine decides."""
        return decide(self.situation.policies, self.request, self.situation.day)

    def shows(self, question: Question) -> bool:
        """Whether the engine answers a question with yes, for every completion of what is left open."""
        try:
            judge = examine(self.situation.policies, self.request, self.situation.day)
        except DocumentProblems:
            return False
        outcomes = Outcomes(judge)
        wanted = question(outcomes)
        settler = Settler([wanted], judge.constraints, self.situation.policies.vocabulary, outcomes.link)
        return settler.answer([wanted]).truth is True

    @property
    def text(self) -> str:
        """The request as YAML, to feed to `assent check`."""
        return yaml.safe_dump(self.data, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


def situations(policies: PolicySet, day: date, deployment: Deployment | None = None) -> list[Situation]:
    """Every way in which data travel, under the law of a day and the house rules of a deployment, if one is given."""
    return [
        Situation(name, says, _request(policies, name, says, datasets, ways, day, deployment), policies, day)
        for name, (says, datasets, ways) in _WAYS.items()
    ]


def _request(
    policies: PolicySet,
    name: str,
    says: str,
    datasets: dict[str, Any],
    ways: list[tuple[str, str, str]],
    day: date,
    deployment: Deployment | None,
) -> dict[str, Any]:
    hub = deployment.hub if deployment and deployment.hub else "HUB"
    names = {"HUB": hub}
    named = [(names.get(one, one), names.get(other, other), what) for one, other, what in ways]
    owned = {
        name: {**dataset, "owner": names.get(dataset["owner"], dataset["owner"])} if "owner" in dataset else dataset
        for name, dataset in datasets.items()
    }
    parties = dict.fromkeys(party for one, other, _ in named for party in (one, other) if party != "public")
    asked = [key for key in policies.vocabulary.stated_under("request") if key != "purpose"]
    flows = [
        {"id": f"flow-{i}", "from": one, "to": to, "carries": [what], "purpose": "unknown",
         "request": dict.fromkeys(asked, "unknown")}  # each flow may be a request of its own
        for i, (one, to, what) in enumerate(named, 1)
    ]  # fmt: skip
    outputs = [{key: value for key, value in flow.items() if key != "to"} for flow in flows if flow["to"] == "public"]
    return {
        "request": name,
        "title": says,
        **({"deployment": deployment.deployment} if deployment else {}),
        "date": day,
        "parties": {party: {} for party in parties},
        "hubs": [hub] if hub in parties else [],
        "datasets": deepcopy(owned),
        "flows": [flow for flow in flows if flow["to"] != "public"],
        "outputs": outputs,
    }


def _in_order(data: dict[str, Any]) -> dict[str, Any]:
    """The request as a person would write it: once what all flows share, and nothing that is open or empty."""
    flows = [*data["flows"], *data["outputs"]]
    for flow in flows:
        flow["request"] = {key: value for key, value in flow["request"].items() if value != "unknown"}
    stated = [(key, value) for flow in flows for key, value in flow["request"].items()]
    shared = {key: value for key, value in stated if all(other == value for same, other in stated if same == key)}
    purposes = {flow["purpose"] for flow in flows} - {"unknown"}
    for flow in flows:
        flow["request"] = {key: value for key, value in flow["request"].items() if key not in shared}
        if len(purposes) < 2 or flow["purpose"] == "unknown":
            del flow["purpose"]
        if not flow["request"]:
            del flow["request"]
    data["facts"] = shared
    data["purpose"] = purposes.pop() if len(purposes) == 1 else None
    keys = [field.alias or name for name, field in RequestFile.model_fields.items()]
    return {key: data[key] for key in keys if data.get(key) not in (None, [], {})}


_SOMEBODY = Test("receiver.users_named", "is", (True,))
_OF_USERS = {
    "receiver.users_named": "name",
    "receiver.users_acknowledged": "acknowledged",
    "receiver.users_public_employees": "public_employee",
}
"""What the graph learns from the list of users."""


def state(data: dict[str, Any], reading: Reading, value: Found) -> None:
    """State the value of a fact in a request, where a person would."""
    kind, _, about = reading.about.partition(" ")
    key = reading.name.partition(".")[2]
    if kind == "papers":
        assert isinstance(value, dict)
        _state_papers(data, about, value)
        return
    written = sorted(code for code, inside in value.items() if inside) if isinstance(value, dict) else _written(value)
    if reading.name in _OF_USERS:
        _state_user(data, about, _OF_USERS[reading.name], written)
    elif kind == "the":
        _put(data, key, written, "purpose")
    elif kind == "party":
        party, _, towards = about.partition(" towards ")
        _put(data["parties"].setdefault(party, {}), key, {towards: written} if towards else written, "kind")
    elif kind == "dataset":
        _put(data["datasets"][about], key, written, "categories")
    else:
        flow = next(flow for flow in (*data["flows"], *data.get("outputs", ())) if flow["id"] == about)
        if reading.name.startswith("request.") and key != "purpose":
            flow.setdefault("request", {})[key] = written
        else:
            _put(flow, key, written, "form", "purpose")


def _put(holder: dict[str, Any], key: str, value: Any, *own: str) -> None:
    """State a fact of a party, dataset or flow; some have a place of their own beside `facts`.

    Values towards different parties stand together.
    """
    if key in own and value != []:
        holder[key] = value
        return
    facts = holder.setdefault("facts", {})
    facts[key] = {**facts.get(key, {}), **value} if isinstance(value, dict) else value


def _written(value: Value) -> Any:
    if value is Absence.DOES_NOT_APPLY:
        return "not_applicable"
    return value if isinstance(value, date) else printable(value)


def _state_papers(data: dict[str, Any], about: str, papers: Mapping[str, bool]) -> None:
    """Papers in force between two parties on a flow are signed; one that is not is still a draft."""
    parties, _, flow = about.removeprefix("of ").partition(" on flow ")
    for paper, in_force in sorted(papers.items()):
        status = "signed" if in_force else "draft"
        stated = {"instrument": paper, "between": parties.split(" and "), "status": status, "flows": [flow]}
        data.setdefault("instruments", []).append(stated)


def _state_user(data: dict[str, Any], party: str, field: str, value: Any) -> None:
    """One user answers for all; that users are named is stated by naming one."""
    users = data.setdefault("users", [])
    user = next((user for user in users if user["party"] == party), None)
    if user is None:
        user = {"name": "A. User", "party": party}
        users.append(user)
    if field != "name":
        user[field] = value
