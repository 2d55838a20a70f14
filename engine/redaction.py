"""A request as the public may read it: nobody's name, address, telephone number or e-mail.

Users and parties that are natural persons get a number in place of their names, and so does a party of whose kind
nothing is known. In free text whatever looks like a contact is taken out. What was taken out is listed with its place,
so that a person can look for what no pattern finds.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.documents import CannotDo, Document, Map, Mark, Path_
from engine.policies import PolicySet
from engine.requests import PUBLIC, Request, check_request

CONTACT = "[contact removed]"
NAME = "[name removed]"

_CONTACTS = re.compile(
    r"""
    # name@example.org, name (at) example (dot) org
      (?:mailto:)? [\w.!#$%&*+/=?^`{|}~-]{1,64} \s? (?: @ | (?i:\(at\)|\[at\]) ) \s?
      [\w-]{1,63} (?: \s? (?: \. | (?i:\(dot\)|\[dot\]) ) \s? [\w-]{1,63} ){1,8}
    # +44 20 7946 0000
    | \+\d [\d\s().-]{6,24} \d
    # (860) 555-0100 x12
    | (?<![\w.-]) (?:1[\s.-])? (?:\(\d{3}\)|\d{3}) [\s.-]? \d{3} [\s.-]? \d{4}
      (?: \s? (?:x|ext\.?) \s? \d{1,6} )? (?![\w-])
    # call 555-0100
    | \b (?i:tel|telephone|phone|fax|cell|mobile|call|extension) \b [\s.:]{0,3} (?:at\s)? [+(]?\d [\d\s().-]{2,24} \d
    # 450 Capitol Avenue
    | \b \d{1,6}[A-Z]? \s{1,3} (?: (?:[NSEW]\.? | [A-Z][\w.'-]{0,30} | \d{1,4}(?:st|nd|rd|th)) \s{1,3} ){1,4}
      (?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Court|Ct|Place|Pl|Way|Parkway|Pkwy|Terrace|Circle
        |Square|Highway|Hwy|Plaza|Turnpike) \b \.?
    | \b P\.?\s?O\.?\s? Box \s{1,3} \d{1,6}
    # CT 06106
    | \b [A-Z]{2} \s{1,3} \d{5} (?:-\d{4})? \b
    """,
    re.VERBOSE,
)
"""What looks like an e-mail address, a telephone number or a street address. Every length is bounded, so that no text
takes long to search."""
_SHORTEST_NAME = 3


class Removal(NamedTuple):
    """What was taken out of a request, and where it stood (`agreement.activity`)."""

    where: str
    what: str


class Redacted(NamedTuple):
    """The public copy of a request, decided like the request itself, and what it lacks."""

    request: Request
    removals: tuple[Removal, ...]


def redact(request: Request, policies: PolicySet) -> Redacted:
    """The request as the public may read it.

    Raises `CannotDo` where a name that the request itself is written with looks like a contact.
    """
    data = copy.deepcopy(request.document.data)
    for place, name in _written_with(data, ()):
        if _CONTACTS.search(name) or _CONTACTS.search(re.sub("[_-]", " ", name)):
            raise CannotDo(f'{request.document.file}: the name "{name}" at {place} looks like a contact; give another')
    removals: list[Removal] = []
    names = [*_number_users(data, removals), *_number_persons(data, request, policies, removals)]
    _clean(data, (), _Cleaning(names, policies, removals))
    copied = Document(request.document.file, data, request.document.digest)
    return Redacted(check_request(copied, policies), tuple(removals))


# Names ----------------------------------------------------------------------------------------------------------------


def _number_users(data: Map, removals: list[Removal]) -> Iterator[str]:
    """Give every user a number; yields their names."""
    for number, user in enumerate(data.get("users") or (), 1):
        removals.append(Removal(f"users.{number - 1}.name", user["name"]))
        yield user["name"]
        user["name"] = f"User {number}"


def _number_persons(data: Map, request: Request, policies: PolicySet, removals: list[Removal]) -> Iterator[str]:
    """Give every party that is or may be a natural person a number; yields their names."""
    renamed: dict[str, str] = {}
    for party in _persons(request, policies):
        number = len(renamed) + 1
        renamed[party] = next(id for id in _ids(number) if id not in request.parties)
        removals.append(Removal(f"parties.{party}", request.names[party]))
        yield from {party, request.names[party]}
        stated = data["parties"][party] or Map(("parties", party))
        stated["name"] = f"Party {number} (not named here)"
        stated.keys_at["name"] = stated.values_at["name"] = Mark(0, 0)
        data["parties"][party] = stated
    _rename(data, request, renamed)


def _persons(request: Request, policies: PolicySet) -> Iterator[str]:
    for party, facts in request.parties.items():
        kind = facts.get("kind")
        if party != PUBLIC and (kind is None or kind.statement.value in policies.persons):
            yield party


def _ids(number: int) -> Iterator[str]:
    yield f"PERSON-{number}"
    yield from (f"PERSON-{number}-{again}" for again in range(2, 1000))


def _rename(data: Map, request: Request, renamed: dict[str, str]) -> None:
    """Call parties by other ids wherever the request names them."""
    for use, places in request.file.names_used().items():
        kind, _, name = use.partition(" ")
        if kind in ("party", "actor") and name in renamed:
            for *way, last in places:
                inside: Any = data
                for step in way:
                    inside = inside[step]
                inside[last] = renamed[name]
    for party in filter(None, data["parties"].values()):
        facts = party.get("facts") or {}
        for fact, value in facts.items():
            if isinstance(value, Map):  # a value for each other party
                facts[fact] = _with_keys(value, renamed)
    data["parties"] = _with_keys(data["parties"], renamed)


def _with_keys(old: Map, renamed: dict[str, str]) -> Map:
    new = Map(old.path)
    for key, value in old.items():
        name = renamed.get(key, key)
        new[name] = value
        new.keys_at[name], new.values_at[name] = old.keys_at[key], old.values_at[key]
    return new


# Free text ------------------------------------------------------------------------------------------------------------


def _written_with(data: Any, path: Path_) -> Iterator[tuple[str, str]]:
    """The names that a request is written with, which cannot be taken out: keys, ids and data elements."""
    if isinstance(data, Map):
        for key, value in data.items():
            here = ".".join(map(str, (*path, key)))
            yield here, key
            if key in ("id", "request") and isinstance(value, str):
                yield here, value
            yield from _written_with(value, (*path, key))
    elif isinstance(data, list):
        for i, item in enumerate(data):
            if isinstance(item, str) and path[-1:] == ("elements",):
                yield ".".join(map(str, (*path, i))), item
            yield from _written_with(item, (*path, i))


def _pattern(names: list[str]) -> re.Pattern[str] | None:
    long_enough = sorted({re.escape(name) for name in names if len(name) >= _SHORTEST_NAME}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(long_enough)})(?!\w)", re.IGNORECASE) if long_enough else None


def _clean(data: Any, path: Path_, cleaning: _Cleaning) -> None:
    """Take contacts and known names out of every text that is free."""
    steps: list[str | int] = list(data) if isinstance(data, Map) else list(range(len(data)))
    for key in steps:
        here, value = (*path, key), data[key]
        if isinstance(value, Map | list):
            _clean(value, here, cleaning)
        elif isinstance(value, str) and cleaning.free(here):
            data[key] = cleaning.cleaned(value, here)


class _Cleaning:
    def __init__(self, names: list[str], policies: PolicySet, removals: list[Removal]) -> None:
        self.removals = removals
        self.patterns = [(_CONTACTS, CONTACT)]
        if pattern := _pattern(names):
            self.patterns.append((pattern, NAME))
        self.texts = {declared.key for declared in policies.vocabulary if declared.fact.type == "text"}

    def free(self, path: Path_) -> bool:
        """Whether a person wrote what they liked at this place, and nothing is decided by it."""
        fact = any(step in ("facts", "request") for step in path) and not self.texts.isdisjoint(map(str, path))
        return fact or path[0] in ("title", "agreement") or path[-1] in ("name", "description")

    def cleaned(self, text: str, path: Path_) -> str:
        """The text without what was found in it."""
        for pattern, instead in self.patterns:
            where = ".".join(map(str, path))
            self.removals += [Removal(where, found[0].strip()) for found in pattern.finditer(text)]
            text = pattern.sub(instead, text)
        return text
