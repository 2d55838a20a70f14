"""The pages of the handbook, and what each is made from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from engine.backends.english import named
from engine.documents import visible
from engine.facts import Declared
from engine.policies import PolicySet
from engine.policies.models import InForce
from engine.workbench.frameworks import framework_rows
from engine.workbench.handbook import examples as told
from engine.workbench.handbook.book import Book, Place, in_force, title
from engine.workbench.handbook.examples import Example
from engine.workbench.handbook.wording import wording

_HERE = Path(__file__).parent
VERIFIED = {
    "text": "read in the text of the law",
    "summary": "read in an official summary",
    "interpretation": "our interpretation",
    "unverified": "not verified",
}
"""How far the source of a rule was verified, in words."""


def handbook(policies: PolicySet, examples: Sequence[Example]) -> dict[str, str]:
    """The files of the handbook by their path; the same policies and cases give the same text."""
    book = Book(policies, tuple(examples))
    files = {name: (_HERE / name).read_text(encoding="utf-8") for name in ("style.css", "search.js")}
    files["search-index.js"] = _search_index(book)
    environment = _environment(book)
    for path, template, values in _pages(book):
        root = "../" * path.count("/")
        files[path] = environment.get_template(template).render(root=root, path=path, **values)
    return files


def _pages(book: Book) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every page: its path, its template, and what the template is given beside the book."""
    policies = book.policies
    rows = {row["framework"]: row for row in framework_rows(policies)}
    yield "index.html", "index.html", {"rows": rows}
    for framework in policies.all_frameworks():
        yield (
            f"frameworks/{framework.framework}.html",
            "framework.html",
            {"f": framework, "row": rows[framework.framework]},
        )
    yield "clauses.html", "clauses.html", {}
    for owner, clauses in groupby(sorted(policies.clauses), key=_owner):
        yield f"clauses/{owner}.html", "clause.html", {"owner": owner, "clauses": list(clauses)}
    yield "facts.html", "facts.html", {"scopes": _scopes(book)}
    for scope, facts in _scopes(book).items():
        yield f"facts/{scope}.html", "fact.html", {"scope": scope, "facts": facts}
    yield "citations.html", "citations.html", {}
    yield "cases.html", "cases.html", {"folders": _folders(book)}
    for folder, files in _folders(book).items():
        yield f"cases/{folder}.html", "case.html", {"folder": folder, "files": files}
    yield "dates.html", "dates.html", {"years": _years(book)}
    yield "search.html", "search.html", {}


def _owner(clause: str) -> str:
    return clause.partition(".")[0]


def _scopes(book: Book) -> dict[str, list[Declared]]:
    return {s: list(facts) for s, facts in groupby(book.facts(), key=lambda d: d.shown.partition(".")[0])}


def _folders(book: Book) -> dict[str, dict[str, list[Example]]]:
    """The cases by folder and file."""
    found: dict[str, dict[str, list[Example]]] = {}
    for example in book.examples:
        found.setdefault(example.folder, {}).setdefault(example.file, []).append(example)
    return dict(sorted(found.items()))


def _years(book: Book) -> list[tuple[int, list[Any]]]:
    return [(year, list(changes)) for year, changes in groupby(book.changes(), key=lambda c: c.day.year)]


# Links ----------------------------------------------------------------------------------------------------------------


def anchor(name: str) -> str:
    """A name as the id of an element: what stands in no id becomes a hyphen."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)


def _link(page: str, name: str) -> str:
    return f"{page}.html#{quote(anchor(name))}"


def place_link(place: Place) -> str:
    """Where a rule stands."""
    return _link(f"frameworks/{place.framework.framework}", place.id)


def fact_link(declared: Declared) -> str:
    """Where a fact is explained."""
    return _link(f"facts/{declared.shown.partition('.')[0]}", declared.shown)


def clause_link(clause: str) -> str:
    """Where a clause's wording stands."""
    return _link(f"clauses/{_owner(clause)}", clause)


def case_link(example: Example) -> str:
    """Where a case is told."""
    return _link(f"cases/{example.folder}", example.case.id)


# Words ----------------------------------------------------------------------------------------------------------------


def day_in_words(day: date) -> str:
    """A day as American law writes it: January 3, 2012."""
    return f"{day:%B} {day.day}, {day.year}"


def period_in_words(period: InForce) -> str:
    """The days on which a rule is law; nothing where there is no limit."""
    start, end = period.from_, period.until
    if start and end:
        return f"in force from {day_in_words(start)} to {day_in_words(end)}"
    return f"in force from {day_in_words(start)}" if start else f"in force until {day_in_words(end)}" if end else ""


def web_address(url: str | None) -> str:
    """An address that a page may link to, or nothing."""
    return url if url and url.startswith(("https://", "http://")) else ""


def _plain(value: Any) -> Any:
    """Text of a document on its way into a page: one line, and no characters that turn the line round."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(re.sub(r"\s+", " ", value))
    return value


def _environment(book: Book) -> Environment:
    """Templates that escape everything they are given."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_plain,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "book": book,
        "policies": book.policies,
        "verified": VERIFIED,
        "wording": wording,
        "told": told,
        "in_force": in_force,
    }
    environment.filters |= {
        "anchor": anchor,
        "named": named,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "combined": lambda first, second: {**first, **second},
        "title_of": title,
        "place_link": place_link,
        "fact_link": fact_link,
        "clause_link": clause_link,
        "case_link": case_link,
        "day": day_in_words,
        "period": period_in_words,
        "web": web_address,
    }
    return environment


# Searching ------------------------------------------------------------------------------------------------------------


def _search_index(book: Book) -> str:
    """The index as a script, since a page opened as a file reads no other data: [kind, title, address, name, more]."""
    entries = json.dumps(list(_entries(book)), ensure_ascii=True, separators=(",", ":")).replace("],[", "],\n[")
    return f"const handbookIndex = {entries};\n"


def _entries(book: Book) -> Iterator[tuple[str, str, str, str, str]]:
    policies = book.policies
    for framework in policies.all_frameworks():
        page = f"frameworks/{framework.framework}.html"
        yield "framework", framework.title, page, framework.framework, framework.authority
    for name, rule in policies.rules().items():
        place = book.place(name)
        if place is not None:
            kind = name.split(".")[1]
            yield kind, place.title, place_link(place), name, f"{rule.cite} {rule.says}"
    for name, clause in policies.clauses.items():
        yield "clause", clause.title, clause_link(name), name, " ".join(p.text for p in wording(clause.text))
    for declared in book.facts():
        words = " ".join((declared.fact.cite, *declared.codes.values()))
        yield "fact", declared.fact.question or declared.shown, fact_link(declared), declared.shown, words
    for law, sections in book.citations.items():
        for section in sections:
            yield "citation", f"{law} {section}", _link("citations", f"{law} {section}"), "", ""
    for example in book.examples:
        case = example.case
        yield "case", case.title, case_link(example), case.id, f"{case.source.citation} {case.pins or ''}"
