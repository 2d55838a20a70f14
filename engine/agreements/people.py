"""How an agreement names its parties, their parts, and what passes between them."""

from __future__ import annotations

from engine.agreements.wording import is_recipient
from engine.decisions import Decision
from engine.facts import printable, unknown
from engine.requests import PUBLIC, Flow


def roles(decision: Decision, party: str) -> list[str]:
    """What a party is in the agreement; nothing for one that takes no part, and for the public."""
    if party == PUBLIC:
        return []
    found = ["provider"] if any(finding.disclosure.provider == party for finding in decision.findings) else []
    if party in decision.request.hubs:
        found.append("data integration hub")
    if is_recipient(decision, party):
        found.append("recipient")
    return found


def parties_with(decision: Decision, role: str) -> list[str]:
    """The parties in a role, in the request's order."""
    word = {"hub": "data integration hub"}.get(role, role)
    return [party for party in decision.request.names if word in roles(decision, party)]


def party_name(decision: Decision, party: str) -> str:
    """The name of a party, or of a board or officer of the deployment."""
    request = decision.request
    bodies = request.deployment.bodies if request.deployment else {}
    return bodies[party].name if party in bodies else request.names.get(party, party.replace("_", " "))


def transfer_words(decision: Decision, flow: Flow) -> str:
    """From whom a flow goes to whom, by their names."""
    names = decision.request.names
    if flow.from_ == flow.to:
        return f"Within {names[flow.from_]}"
    to = "the public" if flow.to == PUBLIC else names[flow.to]
    return f"From {names[flow.from_]} to {to}"


def data_of(decision: Decision, flow: Flow) -> str:
    """What a flow carries, in which form and for what."""
    request = decision.request
    what = "; ".join(dataset_words(decision, name) for name in flow.carries)
    disclosure = next(f.disclosure for f in decision.findings if f.disclosure.flow.id == flow.id)
    form = disclosure["flow.form"].value
    purposes = request.purposes[flow.id]
    parts = [f"Data: {what}."]
    if not unknown(form):
        parts.append(f"Form: {str(printable(form)).replace('_', ' ')}.")
    if purposes and not any(unknown(purpose) for purpose in purposes):
        parts.append(f"Purpose: {' and '.join(str(printable(p)).replace('_', ' ') for p in purposes)}.")
    return " ".join(parts)


def dataset_words(decision: Decision, name: str) -> str:
    """A dataset with its description, or with what it is made of."""
    dataset = decision.request.file.datasets[name]
    made_from = f"made from {', '.join(dataset.from_)}" if dataset.from_ else ""
    about = "; ".join(part for part in (dataset.description, made_from) if part)
    return f"{name} ({about})" if about else name


def many(count: int, one: str, several: str) -> str:
    """A number with its noun."""
    return f"{count} {one if count == 1 else several}"
