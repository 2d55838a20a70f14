"""Where in a request a fact is stated, and the change that states it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from engine.completions import FactKey
from engine.documents import Path_
from engine.edits import Add, Change, Set
from engine.requests import Request

THE_REQUEST = "the request"
_BEHIND_FACTS = ("parties", "hubs", "datasets", "flows", "outputs", "users", "term", "instruments", "steps", "claims")
_PAPERS = re.compile(r"papers of (\S+) and (\S+) on flow (\S+)")
_OF_USERS = {"users_acknowledged": "acknowledged", "users_public_employees": "public_employee"}


def place_of(request: Request, fact: FactKey) -> Path_ | None:
    """The path of a fact's value; None where the request does not state the fact as a value of its own."""
    about, name = fact
    key = name.rpartition(".")[2]
    whose, _, which = about.partition(" ")
    if about == THE_REQUEST:
        return ("purpose",) if name == "request.purpose" else ("facts", key)
    if whose == "flow":
        flow = next(flow for flow in request.flows if flow.id == which)
        here = request.place(flow)
        if name.startswith("request."):
            return (*here, "purpose") if key == "purpose" else (*here, "request", key)
        return (*here, key) if key == "form" and key not in flow.facts else (*here, "facts", key)
    if whose == "dataset":
        own = key == "categories" and key not in request.file.datasets[which].facts
        return ("datasets", which, *(() if own else ("facts",)), key)
    if whose == "party" and key != "users_named" and key not in _OF_USERS:
        party, _, other = which.partition(" towards ")
        declared = request.file.parties.get(party)
        own = key == "kind" and (declared is None or key not in declared.facts)
        return ("parties", party, *(() if own else ("facts",)), key, *((other,) if other else ()))
    return None


def stating(request: Request, fact: FactKey, value: Any, comment: str = "") -> Change:
    """The change that states a value of a fact that has a place."""
    path = place_of(request, fact)
    assert path is not None, "asked only of facts with a place"
    if " towards " in fact[0]:  # what is unknown towards everybody stays so towards the others
        *here, other = path
        stated = request.parties[str(path[1])].get(fact[1])
        if stated is not None and not stated.statement.towards:
            owners = {dataset.owner for dataset in request.file.datasets.values() if dataset.owner} - {other}
            return Set(tuple(here), {other: value, **dict.fromkeys(sorted(owners), "unknown")}, comment)
    return Set(path, value, comment, before=_BEHIND_FACTS)


# Papers and users -----------------------------------------------------------------------------------------------------


def paper_ends(about: str) -> tuple[str, str, str] | None:
    """The two parties of the papers that a fact is about, and the flow."""
    found = _PAPERS.fullmatch(about)
    return (found[1], found[2], found[3]) if found else None


def paper(about: str, instrument: str, status: str) -> Change:
    """The change that reports an instrument between two parties."""
    one, other, flow = paper_ends(about) or ("", "", "")
    between = list(dict.fromkeys((one, other)))
    return Add(("instruments",), {"instrument": instrument, "between": between, "status": status, "flows": [flow]})


def open_users(request: Request, fact: FactKey) -> Iterator[tuple[str, Path_]]:
    """The users of a party of whom the request does not say what a fact of all users asks: name and place."""
    party, key = fact[0].removeprefix("party "), _OF_USERS.get(fact[1], "")
    for i, user in enumerate(request.file.users):
        if key and user.party == party and getattr(user, key) is None:
            yield user.name, ("users", i, key)


def naming(fact: FactKey, name: str) -> Change:
    """The change that names a user of the party that a fact is about."""
    return Add(("users",), {"name": name, "party": fact[0].removeprefix("party ")})
