"""Small requests in which nothing is stated yet: a question about a rule is asked of all their completions.

Each is one way in which data travel. What the graph computes (legs, redisclosure, what earlier legs attach) is as in
any other request, so that an example found here is a request that `assent check` decides in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml

from engine.completions.formulas import Node
from engine.conditions import Reading
from engine.decisions import Decision, Finding, Judge, decide, examine
from engine.documents import Document, DocumentProblems
from engine.facts import Absence, Value, printable
from engine.policies import Deployment, Framework, PolicySet
from engine.requests import check_request

if TYPE_CHECKING:
    import z3

    from engine.backends.smt import Encoding, Found

_RECORDS = {"records": {"owner": "OWNER"}}
_LINKED = {**_RECORDS, "others": {"owner": "OTHER"}, "linked": {"from": ["records", "others"]}}
_WAYS: dict[str, tuple[str, dict[str, Any], list[tuple[str, str, str]]]] = {
    "direct": ("An owner sends records to a recipient", _RECORDS, [("OWNER", "RECIPIENT", "records")]),
    "internal": ("An owner uses its records itself", _RECORDS, [("OWNER", "OWNER", "records")]),
    "publication": ("An owner publishes", _RECORDS, [("OWNER", "public", "records")]),
    "to-hub": ("An owner sends records to a hub", _RECORDS, [("OWNER", "HUB", "records")]),
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
    "linked": (
        "A hub links the records of two owners for a recipient",
        _LINKED,
        [("OWNER", "HUB", "records"), ("OTHER", "HUB", "others"), ("HUB", "RECIPIENT", "linked")],
    ),
    "linked-for-owner": (
        "A hub links the records of two owners for one of them",
        _LINKED,
        [("OWNER", "HUB", "records"), ("OTHER", "HUB", "others"), ("HUB", "OTHER", "linked")],
    ),
    "linked-published": (
        "A hub links the records of two owners and publishes",
        _LINKED,
        [("OWNER", "HUB", "records"), ("OTHER", "HUB", "others"), ("HUB", "public", "linked")],
    ),
}
"""By name: what happens, the datasets, and who sends which to whom."""


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

    def findings(self, framework: Framework) -> list[Finding]:
        """The findings of a framework on the last flow, one for each owner behind what it carries."""
        last = self.judge.findings[-1].disclosure.flow.id
        own = [f for f in self.judge.findings if f.framework is framework]
        return [f for f in own if f.disclosure.flow.id == last]

    @cached_property
    def encoding(self) -> Encoding:
        """The solver's variables for all facts of the situation."""
        from engine.backends.smt import Encoding

        return Encoding(self.policies.vocabulary, self.judge.link)

    def example(self, wanted: Iterable[z3.BoolRef], about: Iterable[Node]) -> Example | None:
        """A request in which all expressions are true, stating the facts that some formulas read; None if none is.

        Raises `CannotDo` where the solver gives up.
        """
        limits = [self.encoding.formula(limit) for limit in self.judge.constraints]
        model = self.encoding.model([*wanted, *limits])
        if model is None:
            return None
        data = deepcopy(self.data)
        for reading, value in self.encoding.values(model, about).values():
            state(data, reading, value)
        return Example(self, data)


@dataclass(frozen=True, eq=False)
class Example:
    """A request that shows what an analysis found."""

    situation: Situation
    data: dict[str, Any]

    @cached_property
    def decision(self) -> Decision | None:
        """What the ordinary engine decides; None where the facts cannot be stated together."""
        policies = self.situation.policies
        try:
            return decide(policies, check_request(Document("example", self.data), policies), self.situation.day)
        except DocumentProblems:
            return None

    def finding(self, framework: str, disclosure: str) -> Finding | None:
        """What the ordinary engine finds of a framework on a disclosure."""
        found = self.decision.findings if self.decision else ()
        return next((f for f in found if (f.framework.framework, f.disclosure.id) == (framework, disclosure)), None)

    @property
    def text(self) -> str:
        """The request as YAML, to feed to `assent check`."""
        return yaml.safe_dump(self.data, sort_keys=False, allow_unicode=True, width=120)


def situations(policies: PolicySet, day: date, deployment: Deployment | None = None) -> list[Situation]:
    """Every way in which data travel, under the law of a day and the house rules of a deployment, if one is given."""
    return [
        Situation(name, says, _request(name, says, datasets, ways, day, deployment), policies, day)
        for name, (says, datasets, ways) in _WAYS.items()
    ]


def _request(
    name: str,
    says: str,
    datasets: dict[str, Any],
    ways: list[tuple[str, str, str]],
    day: date,
    deployment: Deployment | None,
) -> dict[str, Any]:
    hub = deployment.hub if deployment and deployment.hub else "HUB"
    named = [(hub if one == "HUB" else one, hub if other == "HUB" else other, what) for one, other, what in ways]
    parties = dict.fromkeys(party for one, other, _ in named for party in (one, other) if party != "public")
    flows = [
        {"id": f"flow-{i}", "from": one, "to": to, "carries": [what]} for i, (one, to, what) in enumerate(named, 1)
    ]
    outputs = [{key: value for key, value in flow.items() if key != "to"} for flow in flows if flow["to"] == "public"]
    return {
        "request": name,
        "title": says,
        **({"deployment": deployment.deployment} if deployment else {}),
        "date": day,
        "parties": {party: {"facts": {}} for party in parties},
        "hubs": [hub] if hub in parties else [],
        "datasets": deepcopy(datasets),
        "flows": [flow for flow in flows if flow["to"] != "public"],
        **({"outputs": outputs} if outputs else {}),
    }


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
    elif reading.name == "request.purpose":
        data["purpose"] = written
    elif kind == "the":
        data.setdefault("facts", {})[key] = written
    elif kind == "party":
        party, _, towards = about.partition(" towards ")
        facts = data["parties"].setdefault(party, {}).setdefault("facts", {})
        facts[key] = {**facts.get(key, {}), towards: written} if towards else written
    elif kind == "dataset":
        data["datasets"][about].setdefault("facts", {})[key] = written
    else:
        flow = next(f for f in (*data["flows"], *data.get("outputs", ())) if f["id"] == about)
        flow.setdefault("facts", {})[key] = written


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
