"""Wording from policy files, filled with what a request says.

Nobody vouches for policy files: a template may print, repeat, choose and join what it is given, and do nothing else.
What a requester wrote is never read as a template. What nobody has said yet becomes a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import ChainableUndefined, Template, TemplateError, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.decisions import Decision, Finding
from engine.documents import CannotDo, nearest, visible
from engine.facts import CodeSet, Value, printable, unknown
from engine.papers.tree import Blank, Inline, Line, Text
from engine.policies import Clause

_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const, nodes.Filter,
    nodes.For, nodes.If, nodes.Not,
)  # fmt: skip

Names = Mapping[str, frozenset[str] | None]

_REQUEST: Names = {
    "request": frozenset({"id", "title", "date"}),
    "hub": frozenset({"name"}),
    "term": frozenset({"from", "until"}),
    "purpose": frozenset(),
    "datasets": frozenset(),
    "users": frozenset(),
    "settings": None,
    "loop": None,
}
_DISCLOSURE: Names = {role: frozenset({"name"}) for role in ("provider", "sender", "receiver")}
CLAUSE_NAMES: Names = {**_REQUEST, **_DISCLOSURE}
"""The names a clause may print, and what they have; nothing is said of `settings`, which the deployment declares."""

FORM_NAMES: Names = {
    **_REQUEST,
    "memorandum": frozenset({"name", "short", "article"}),
    "providers": frozenset(),
    "recipients": frozenset(),
    "text": None,
}
"""What stands around the clauses speaks of the request as a whole."""

DISCLOSURE_FORM_NAMES: Names = {**FORM_NAMES, **_DISCLOSURE}
USER_FORM_NAMES: Names = {**FORM_NAMES, "user": frozenset({"name", "party"})}
RECIPIENT_FORM_NAMES: Names = {**FORM_NAMES, "recipient": frozenset({"name"})}

_LABELS = {
    "term.from": "first day of the term",
    "term.until": "last day of the term",
    "hub.name": "name of the hub",
    "user.name": "name of the user",
    "user.party": "the user's employer",
    "text": "text",
}
_BLANK = re.compile("\x02([^\x03\x04]*)\x04([^\x03\x04]*)\x03")


class _Undefined(ChainableUndefined):
    """What is not yet known: printed as the mark of a blank, which `_line` turns into one."""

    def __str__(self) -> str:
        owner = self._undefined_obj.of if isinstance(self._undefined_obj, Part) else ""
        name = f"{owner}.{self._undefined_name}" if owner else str(self._undefined_name)
        return _mark(name, _LABELS.get(name, str(self._undefined_name).replace("_", " ")))


class Part(dict[str, Any]):
    """Values under a name of their own, so that one that is missing can be named."""

    def __init__(self, of: str, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.of = of


def _mark(name: str, label: str) -> str:
    return f"\x02{visible(name)}\x04{visible(label)}\x03"


def _printed(value: Any) -> str:
    """A value as text on one line; what is no plain value is a blank."""
    if isinstance(value, _Undefined):
        return str(value)
    if not isinstance(value, str | int | float):
        return _mark("", "")
    return visible(" ".join(str(value).split()))


class _Environment(ImmutableSandboxedEnvironment):
    """Names stand for what the draft knows, never for methods of Python objects."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The value under a name; a blank where there is none."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return getattr(obj, attribute) if isinstance(obj, LoopContext) else self.undefined(obj=obj, name=attribute)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = _Environment(undefined=_Undefined, finalize=_printed, autoescape=False)
    environment.globals.clear()
    return environment


@cache
def _template(text: str) -> Template:
    return _environment().from_string(text)


# What a template may do -----------------------------------------------------------------------------------------------


def template_problem(clause: Clause) -> str:
    """What is wrong with a clause's text, or nothing."""
    return text_problem(clause.text, {**CLAUSE_NAMES, "text": frozenset(clause.asks)})


def text_problem(text: str, known: Names) -> str:
    """What is wrong with a template that may print these names, or nothing."""
    try:
        tree = _environment().parse(text)
        found = list(tree.find_all(nodes.Node))
    except TemplateError as error:
        return f"is not a template: {error.message}"
    except RecursionError:
        return "is nested too deeply"
    for node in found:
        if not isinstance(node, _PLAIN) or (isinstance(node, nodes.Filter) and node.name != "join"):
            return "may only print, repeat, choose and join what it is given"
        if isinstance(node, nodes.For) and any(inner is not node for inner in node.find_all(nodes.For)):
            return "may not repeat inside a repetition"
    return _unknown_name(found, known)


def _unknown_name(found: list[nodes.Node], known: Names) -> str:
    repeated = {
        node.target.name for node in found if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name)
    }
    parts = {id(node.node): f"{node.node.name}.{node.attr}" for node in found
             if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name)}  # fmt: skip
    for node in found:
        if isinstance(node, nodes.Name) and node.name not in known and node.name not in repeated:
            whole = parts.get(id(node), node.name)
            return f'prints "{whole}", which no agreement has; {nearest(node.name, known)}'
        if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name in known:
            has = known[node.node.name]
            if has is not None and node.attr not in has:
                missing = "it does not ask for" if node.node.name == "text" else "no agreement has"
                return f'prints "{node.node.name}.{node.attr}", which {missing}; {nearest(node.attr, has)}'
    return ""


# What a template says -------------------------------------------------------------------------------------------------


class Wording:
    """The texts of one decision's agreement."""

    def __init__(self, decision: Decision) -> None:
        self.decision, self.request = decision, decision.request
        self._whole = self._of_request()
        self._disclosures: dict[str, Mapping[str, Any]] = {}
        self._sound: set[str] = set()

    def clause(self, clause: Clause, finding: Finding, text: Part | None = None) -> Line:
        """A clause as it reads for one disclosure; with `text` it prints that instead of what the request gives."""
        if clause.text not in self._sound and (problem := template_problem(clause)):
            raise CannotDo(f'the text of the clause "{clause.title}" {problem}')
        self._sound.add(clause.text)
        names = self.of_disclosure(finding)
        return _line(clause.text, names if text is None else {**names, "text": text})

    def form(self, text: str, more: Mapping[str, Any] | None = None) -> Line:
        """A text that stands around the clauses; `more` are the names that only some of them have."""
        if problem := text_problem(text, {**DISCLOSURE_FORM_NAMES, **dict.fromkeys(more or ())}):
            raise CannotDo(f'the text "{" ".join(text.split())[:60]}" of the agreement {problem}')
        return _line(text, {**self._whole, **(more or {})})

    def of_disclosure(self, finding: Finding) -> Mapping[str, Any]:
        """The names that a clause may print, for the disclosure of a finding."""
        disclosure = finding.disclosure
        if disclosure.id not in self._disclosures:
            names, hub = self.request.names, disclosure.party("hub")
            self._disclosures[disclosure.id] = {
                **self._whole,
                **{
                    role: Part(role, {"name": names[party]})
                    for role in ("provider", "sender", "receiver")
                    if (party := disclosure.bound(role))
                },
                "hub": Part("hub", {"name": names[hub]} if hub else {}),
                **self._purpose((disclosure.purpose,)),
                "datasets": [self.dataset(name) for name in sorted(self.request.sources(disclosure.dataset))],
                "users": self._users(disclosure.bound("receiver")),
            }
        return self._disclosures[disclosure.id]

    def _of_request(self) -> dict[str, Any]:
        request, names = self.request, self.request.names
        file, hubs = request.file, sorted(request.hubs)
        disclosures = {finding.disclosure.id: finding.disclosure for finding in self.decision.findings}.values()
        recipients = {d.receiver for d in disclosures if is_recipient(self.decision, d.receiver)}
        form = request.deployment.agreement if request.deployment else None
        memorandum = form.memorandum.model_dump() if form and form.memorandum and request.through_hub else {}
        days = (("from", file.term.from_), ("until", file.term.until))
        return {
            "request": Part(
                "request", {"id": file.request, "title": file.title, "date": self.decision.as_of.isoformat()}
            ),
            "hub": Part("hub", {"name": ", ".join(names[hub] for hub in hubs)} if hubs else {}),
            "term": Part("term", {key: day.isoformat() for key, day in days if day}),
            **self._purpose(tuple(dict.fromkeys(d.purpose for d in disclosures))),
            "datasets": [self.dataset(name) for name, dataset in file.datasets.items() if dataset.owner is not None],
            "users": self._users(),
            "providers": [names[p] for p in names if any(d.provider == p for d in disclosures)],
            "recipients": [names[p] for p in names if p in recipients],
            "memorandum": Part("memorandum", memorandum),
            "settings": Part("settings", self._settings()),
            "text": Part("text", dict(file.agreement)),
        }

    def _purpose(self, purposes: tuple[Value, ...]) -> Mapping[str, str]:
        if any(unknown(purpose) for purpose in purposes):
            return {}
        return {"purpose": " and ".join(str(printable(purpose)).replace("_", " ") for purpose in purposes)}

    def _users(self, party: str | None = None) -> list[Part]:
        return [self.user(user.name, user.party) for user in self.request.file.users if party in (None, user.party)]

    def user(self, name: str, party: str) -> Part:
        """A named user, as templates know one."""
        return Part("user", {"name": name, "party": self.request.names[party]})

    def _settings(self) -> dict[str, Any]:
        deployment = self.request.deployment
        settings = deployment.settings if deployment else {}
        return {key: printable(statement.value) for key, statement in settings.items()}

    def dataset(self, name: str) -> Part:
        """An owned dataset, as templates know one."""
        dataset = self.request.file.datasets[name]
        known = {
            "name": name,
            "description": dataset.description,
            "elements": list(dataset.elements),
            "categories": kinds_of_record(self.decision, name),
        }
        return Part("dataset", known)


def is_recipient(decision: Decision, party: str) -> bool:
    """Whether a party receives data for use: no hub, and not the public."""
    request = decision.request
    return any(flow.to == party for flow in request.file.flows) and party not in request.hubs


def kinds_of_record(decision: Decision, dataset: str) -> list[str]:
    """What the records of a dataset are, as the vocabulary says it; nothing where that is derived or not stated."""
    stated = decision.request.data[dataset].get("categories")
    value = stated.statement.value if stated else None
    if not isinstance(value, CodeSet):
        return []
    meanings = decision.policies.vocabulary["data.categories"].codes
    return [*(meanings[code] for code in sorted(value.has)), *(["possibly others"] if value.may else [])]


def _line(text: str, names: Mapping[str, Any]) -> Line:
    return tuple(_pieces(" ".join(_template(text).render(names).split())))


def _pieces(text: str) -> Iterator[Inline]:
    at = 0
    for found in _BLANK.finditer(text):
        if found.start() > at:
            yield Text(text[at : found.start()])
        yield Blank(found[2], found[1])
        at = found.end()
    if at < len(text):
        yield Text(text[at:])
