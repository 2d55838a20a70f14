"""The wording of a clause with its placeholders shown as such: a fold over the template's own tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from jinja2 import Environment, nodes

from engine.backends.english import named


class Piece(NamedTuple):
    """A stretch of a clause: its text; `blank` says that an agreement puts something else in its place."""

    text: str
    blank: bool


def wording(text: str) -> list[Piece]:
    """The clause's text in pieces; a text that repeats or chooses says so in a blank."""
    tree = Environment(autoescape=True).parse(text)
    return list(_pieces(tree.body))


def _pieces(body: Iterable[nodes.Node]) -> Iterator[Piece]:
    for node in body:
        match node:
            case nodes.Output(nodes=parts):
                yield from _pieces(parts)
            case nodes.TemplateData(data=data):
                yield Piece(data, blank=False)
            case nodes.For(target=target, iter=over, body=inner):
                yield Piece(f"for each of the {_name(over)}:", blank=True)
                yield from _pieces(inner)
                yield Piece(f"next {_name(target)}", blank=True)
            case nodes.If(test=test, body=inner, else_=otherwise):
                yield from _choice(test, inner, otherwise)
            case _:
                yield Piece(_name(node), blank=True)


def _choice(test: nodes.Node, inner: list[nodes.Node], otherwise: list[nodes.Node]) -> Iterator[Piece]:
    negated = isinstance(test, nodes.Not)
    asked = _name(test.node if isinstance(test, nodes.Not) else test)
    if asked == "last":  # what stands between repetitions
        yield from _pieces(inner)
        return
    yield Piece(f"if there is {'no ' if negated else ''}{asked}:", blank=True)
    yield from _pieces(inner)
    if otherwise:
        yield Piece("otherwise:", blank=True)
        yield from _pieces(otherwise)
    yield Piece("end", blank=True)


def _name(node: nodes.Node) -> str:
    match node:
        case nodes.Getattr(node=nodes.Name(name="text" | "settings" | "loop"), attr=attribute):
            return named(attribute)
        case nodes.Getattr(node=nodes.Name(name="term"), attr=attribute):
            return {"from": "first day of the term", "until": "last day of the term"}.get(attribute, attribute)
        case nodes.Getattr(node=owner, attr=attribute):
            return f"{named(attribute)} of the {_name(owner)}"
        case nodes.Filter(node=inner) if inner is not None:
            return _name(inner)
        case nodes.Name(name=name):
            return named(name)
        case _:
            return "value"
