"""From a decision to the draft of the data sharing agreement.

Clause texts come from policy files, which nobody vouches for: a template may print and repeat what it is given, and do
nothing else. What a requester wrote is escaped before it stands in the draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import ChainableUndefined, TemplateError, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.decisions import Decision, Duty, Finding
from engine.documents import CannotDo, nearest, visible
from engine.facts import printable
from engine.policies import Clause
from engine.records import DecisionRecord, ObligationRecord, record

_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const, nodes.Filter,
    nodes.For, nodes.If, nodes.Not,
)  # fmt: skip
_MARKS = {
    "text": "",
    "summary": "read in an official summary",
    "interpretation": "our interpretation",
    "unverified": "not verified",
}


class _Blank(ChainableUndefined):
    """What is not yet known stands in the draft as a blank that cannot be missed."""

    def __str__(self) -> str:
        return f"[to be completed: {str(self._undefined_name).replace('_', ' ')}]"


def _escape(value: Any) -> str:
    """Text as it reads in Markdown: no markup of its own, on one line."""
    if isinstance(value, _Blank) or not isinstance(value, str | int | float):
        return f"**{value if isinstance(value, _Blank) else '[to be completed]'}**"
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", visible(" ".join(str(value).split())))


class _Environment(ImmutableSandboxedEnvironment):
    """Names stand for what the draft knows, never for methods of Python objects."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The value under a name; a blank where there is none."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return getattr(obj, attribute) if isinstance(obj, LoopContext) else self.undefined(obj=obj, name=attribute)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = _Environment(undefined=_Blank, finalize=_escape, autoescape=False)
    environment.globals.clear()
    return environment


_KNOWN: Mapping[str, frozenset[str] | None] = {
    "request": frozenset({"id", "title"}),
    "provider": frozenset({"name"}),
    "sender": frozenset({"name"}),
    "receiver": frozenset({"name"}),
    "hub": frozenset({"name"}),
    "term": frozenset({"from", "until"}),
    "purpose": frozenset(),
    "datasets": frozenset(),
    "users": frozenset(),
    "settings": None,
    "loop": None,
}
"""The names a clause may print, and what they have; nothing is said of `settings`, which the deployment declares."""


def template_problem(clause: Clause) -> str:
    """What is wrong with a clause's text, or nothing."""
    try:
        tree = _environment().parse(clause.text)
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
    return _unknown_name(clause, found)


def _unknown_name(clause: Clause, found: list[nodes.Node]) -> str:
    known = {**_KNOWN, "text": frozenset(clause.asks)}
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


def draft(decision: Decision) -> str:
    """The agreement in Markdown, in order of the common elements, each clause with the rules that demand it.

    Raises `CannotDo` for a denied request.
    """
    if decision.outcome == "deny":
        raise CannotDo(
            f"{decision.request.file.request} is denied; there is nothing to agree. See why with: assent check"
        )
    document = record(decision)
    lines = [*_head(decision, document), *_elements(decision, document), *_schedules(decision, document)]
    return "\n".join(lines).rstrip() + "\n"


def _head(decision: Decision, document: DecisionRecord) -> Iterator[str]:
    request = decision.request
    yield f"# Data Sharing Agreement: {_escape(document.title)}"
    yield ""
    yield f"Draft for request `{document.decision}`, under the law in force on {document.as_of.isoformat()}."
    if document.outcome == "undetermined":
        yield ""
        yield "**This request is not yet allowed: facts are missing. The draft shows what is known to be required.**"
    yield ""
    yield "## Parties"
    yield ""
    for acronym, name in request.names.items():
        roles = _roles(decision, acronym)
        if roles:
            yield f"- **{_escape(name)}** ({_escape(acronym)}): {', '.join(roles)}"
    yield ""
    yield "## Legal basis of each disclosure"
    yield ""
    yield "| disclosure | from | to | framework | basis | citation |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for finding in decision.findings:
        if finding.outcome != "not_applicable" and finding.used is not None:
            basis, d = finding.used.basis, finding.disclosure
            title = f"{_escape(basis.title)}{_mark(basis.checked)}"
            yield (
                f"| {_escape(d.id)} | {_escape(d.sender)} | {_escape(d.receiver)} | {finding.framework.framework} "
                f"| {title} | {_escape(basis.cite)} |"
            )
    yield ""


def _roles(decision: Decision, acronym: str) -> list[str]:
    request = decision.request
    disclosures = [finding.disclosure for finding in decision.findings]
    roles = ["provider"] if any(d.provider == acronym for d in disclosures) else []
    if acronym in request.hubs:
        roles.append("data integration hub")
    if acronym != "public" and any(d.receiver == acronym and acronym not in request.hubs for d in disclosures):
        roles.append("recipient")
    return roles


def _elements(decision: Decision, document: DecisionRecord) -> Iterator[str]:
    library, elements = decision.policies.clauses, decision.policies.elements
    clauses = [o for o in document.obligations if o.kind == "clause"]
    for number, element in elements.items():
        yield f"## {number}. {_escape(element.title)} ({_escape(element.party)})"
        yield ""
        count = 0
        for name in dict.fromkeys(o.name for o in clauses if library[o.name].element == number):
            count += 1
            wanted = [o for o in clauses if o.name == name]
            yield from _clause(decision, f"{number}.{count}", library[name], wanted)
        if not count:
            yield "No framework or house rule demands a clause under this element for this request."
            yield ""


def _clause(decision: Decision, number: str, clause: Clause, wanted: list[ObligationRecord]) -> Iterator[str]:
    yield f"### {number} {_escape(clause.title)}"
    yield ""
    texts = [_text(decision, clause, finding) for finding, duty in decision.duties() if _same_clause(duty, wanted[0])]
    for text in dict.fromkeys(texts):
        yield text
        yield ""
    if all(o.conditional for o in wanted):
        yield "*Needed only if a fact that is still unknown turns out so.*"
        yield ""
    demands = {(d.rule, d.cite, d.checked): None for o in wanted for d in o.required_by}
    shown = "; ".join(f"`{rule}` ({_escape(cite)}){_mark(checked)}" for rule, cite, checked in demands)
    yield f"<sub>Required by {shown}</sub>"
    yield ""


def _same_clause(duty: Duty, obligation: ObligationRecord) -> bool:
    return duty.requirement.kind == "clause" and duty.requirement.name == obligation.name


def _text(decision: Decision, clause: Clause, finding: Finding) -> str:
    problem = template_problem(clause)
    if problem:
        raise CannotDo(f'the text of the clause "{clause.title}" {problem}')
    rendered = _environment().from_string(clause.text).render(_context(decision, finding))
    return " ".join(rendered.split())


def _context(decision: Decision, finding: Finding) -> Mapping[str, Any]:
    request, disclosure = decision.request, finding.disclosure
    hub = disclosure.party("hub")
    term = request.file.term
    return {
        "request": {"id": request.file.request, "title": request.file.title},
        **{
            role: {"name": request.names[party]}
            for role in ("provider", "sender", "receiver")
            if (party := disclosure.party(role))
        },
        "hub": {"name": request.names[hub]} if hub else {},
        "purpose": str(printable(disclosure.purpose)).replace("_", " "),
        "datasets": [_dataset(decision, name) for name in sorted(request.sources(disclosure.dataset))],
        "users": [
            {"name": user.name, "party": request.names[user.party]}
            for user in request.file.users
            if user.party == disclosure.receiver
        ],
        "term": {key: day.isoformat() for key, day in (("from", term.from_), ("until", term.until)) if day},
        "settings": _settings(decision),
        "text": dict(request.file.agreement),
    }


def _settings(decision: Decision) -> dict[str, Any]:
    deployment = decision.request.deployment
    settings = deployment.settings if deployment else {}
    return {key: printable(statement.value) for key, statement in settings.items()}


def _dataset(decision: Decision, name: str) -> dict[str, Any]:
    dataset = decision.request.file.datasets[name]
    stated = decision.request.data[name].get("categories")
    categories = printable(stated.statement.value) if stated else []
    return {
        "name": name,
        "description": dataset.description,
        "elements": list(dataset.elements),
        "categories": categories if isinstance(categories, list) else [],
    }


def _schedules(decision: Decision, document: DecisionRecord) -> Iterator[str]:
    yield "## Schedule of data"
    yield ""
    for name, dataset in sorted(decision.request.file.datasets.items()):
        if dataset.owner is None:
            yield f"- **{_escape(name)}**: made from {_escape(', '.join(dataset.from_ or ()))}"
            continue
        known = _dataset(decision, name)
        what = "; ".join(known["elements"]) or ", ".join(known["categories"]) or "[to be completed: data elements]"
        yield f"- **{_escape(name)}** ({_escape(dataset.owner)}): {_escape(what)}"
    yield ""
    for kind, heading in (("instrument", "Schedule of instruments"), ("step", "Schedule of steps")):
        yield f"## {heading}"
        yield ""
        yield "| what | who | when | status | required by |"
        yield "| --- | --- | --- | --- | --- |"
        for o in (o for o in document.obligations if o.kind == kind):
            what = o.says or decision.policies.instruments[o.name].title
            when = "; ".join(part for part in (o.due.replace("_", " "), o.within) if part)
            cites = "; ".join(dict.fromkeys(f"{_escape(d.cite)}{_mark(d.checked)}" for d in o.required_by))
            who = _escape(", ".join(_party_names(decision, o)))
            yield f"| {_escape(what)} | {who} | {_escape(when)} | {o.status} | {cites} |"
        yield ""
    yield "## Signatures"
    yield ""
    for acronym, name in decision.request.names.items():
        if _roles(decision, acronym):
            yield f"- {_escape(name)}: ______________________ date: ____________"


def _party_names(decision: Decision, obligation: ObligationRecord) -> list[str]:
    bodies = decision.request.deployment.bodies if decision.request.deployment else {}
    return [bodies[party].name if party in bodies else party for party in obligation.parties]


def _mark(checked: str) -> str:
    return f" [{_MARKS[checked]}]" if _MARKS.get(checked) else ""
