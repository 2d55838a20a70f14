"""The picture of a request: who gives which data to whom, and whether each flow is allowed.

Parties stand in the order in which data move, from left to right; each flow is a box of its own between its sender and
its receiver. A flow's status is in its words, in a sign and in the style of its lines: solid, dashed, or double and
crossed. A body that gets data back is drawn again, so that no line turns round. A long way is drawn from top to bottom.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx

from engine.backends.english import named
from engine.reports.flows import FlowRow, form_words
from engine.reports.layers import Layout, Line, Place, lay_out
from engine.reports.svg import INK, PALE, PAPER, drawing, path, text, wrapped
from engine.requests import PUBLIC

_SIZE, _LEADING, _PAD = 13.0, 15.0, 6.0
_PARTY, _FLOW = 114.0, 102.0
_BETWEEN, _APART, _MARGIN, _PORT = 22.0, 8.0, 3.0, 11.0
_WIDEST = 1000.0
_DASHES = {"allow": "", "undetermined": "6 4", "deny": ""}
_SIGN = {"allow": "M-4 0 L-1 3.5 L5 -4", "deny": "M-4 -4 L4 4 M4 -4 L-4 4"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and the text that says the same."""

    svg: str
    alternative: str


def picture(
    flows: Sequence[FlowRow],
    names: Mapping[str, str],
    owners: Collection[str],
    hubs: Collection[str],
    name: str = "flows",
) -> Picture:
    """The picture of some flows between parties of these names; `name` tells it from others on the same page."""
    drawn = Drawing(flows, names, owners, hubs)
    alternative = in_words(flows, names)
    return Picture(drawn.svg(name, alternative), alternative)


def in_words(flows: Sequence[FlowRow], names: Mapping[str, str]) -> str:
    """Every flow as a sentence."""
    return " ".join(
        f"{flow.number}. {names[flow.sender]} sends {' and '.join(map(named, flow.carries))} ({form_words(flow)}) "
        f"to {names[flow.receiver]}: {flow.status.lower()}."
        for flow in flows
    )


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the picture; `key` names the party or the flow it stands for."""

    key: str
    x: float
    y: float
    width: float
    height: float


class Drawing:
    """Everything of a picture and where it stands."""

    def __init__(
        self, flows: Sequence[FlowRow], names: Mapping[str, str], owners: Collection[str], hubs: Collection[str]
    ) -> None:
        self.flows, self.names, self.owners, self.hubs = flows, names, owners, hubs
        self.ends = stations(flows)
        self.lines: list[Line] = []
        for flow in flows:
            sender, receiver = self.ends[flow.id]
            self.lines += [(sender, f"flow {flow.id}"), (f"flow {flow.id}", receiver)]
        self.layers = _layers(self.ends)
        self.by_key = {f"flow {flow.id}": flow for flow in flows}
        self.label = {key: self.words(key) for key in self.layers}
        across = self.size(upright=False)
        self.upright = across > _WIDEST and self.layout(upright=True).extent < across
        self.boxes, self.placed = self.place()

    # What stands in a box ---------------------------------------------------------------------------------------------

    def words(self, key: str) -> list[tuple[str, bool]]:
        """The lines of a box, each with whether it is bold."""
        if key in self.by_key:
            flow, room = self.by_key[key], _FLOW - 2 * _PAD
            head = [(f"{flow.number} {flow.status}", True)]
            carried = wrapped(", ".join(map(named, flow.carries)), room, _SIZE)
            return head + [(line, False) for line in (*carried, *wrapped(form_words(flow), room, _SIZE, most=2))]
        party, again, _ = key.removeprefix("party ").partition("\n")
        room = _PARTY - 2 * _PAD
        name = wrapped(self.names[party], room, _SIZE, bold=True)
        role = "receives" if again else self.role(party)
        short = party if party not in (PUBLIC, self.names[party]) else ""
        small = wrapped(", ".join(part for part in (short, role) if part), room, _SIZE)
        return [(line, True) for line in name] + [(line, False) for line in small]

    def role(self, party: str) -> str:
        """What a party does with the data."""
        gives, gets = party in self.owners, any(flow.receiver == party for flow in self.flows)
        words = ["owner"] if gives else []
        if party in self.hubs:
            words.append("hub")
        elif gets and not gives:
            words.append("receives")
        return ", ".join(words)

    def height(self, key: str) -> float:
        """How high the words of a box are with the room around them."""
        return len(self.label[key]) * _LEADING + 2 * _PAD

    # Where it stands --------------------------------------------------------------------------------------------------

    def size(self, *, upright: bool) -> float:
        """How far the picture reaches in the direction in which data move."""
        layers = range(1 + max(self.layers.values()))
        return sum(self.depth(at, upright=upright) for at in layers) + _BETWEEN * (len(layers) - 1)

    def depth(self, layer: int, *, upright: bool) -> float:
        """How much of that a layer takes."""
        if not upright:
            return _width(layer)
        return max(self.height(key) for key, at in self.layers.items() if at == layer)

    def layout(self, *, upright: bool) -> Layout:
        """The boxes along their layers; a box has room for every line that ends at it."""
        places = {}
        for key, layer in self.layers.items():
            own = _width(layer) if upright else self.height(key)
            places[key] = Place(layer, max(own, self.room(key)))
        return lay_out(places, self.lines, _APART)

    def room(self, key: str) -> float:
        """How much room the lines need that meet a box on its busier side."""
        return max(sum(line[side] == key for line in self.lines) for side in (0, 1)) * _PORT + _PAD

    def place(self) -> tuple[dict[str, Box], Layout]:
        """Every box in the picture."""
        layout = self.layout(upright=self.upright)
        starts, at = [], _MARGIN
        for layer in range(1 + max(self.layers.values())):
            starts.append(at)
            at += self.depth(layer, upright=self.upright) + _BETWEEN
        boxes = {}
        for key, layer in self.layers.items():
            middle = layout.middles[key] + _MARGIN
            width, height = _width(layer), self.height(key)
            if self.upright:
                width = max(width, self.room(key))
                boxes[key] = Box(key, middle - width / 2, starts[layer], width, height)
            else:
                height = max(height, self.room(key))
                boxes[key] = Box(key, starts[layer], middle - height / 2, width, height)
        return boxes, layout

    # Ink --------------------------------------------------------------------------------------------------------------

    def svg(self, name: str, description: str) -> str:
        """The picture."""
        boxes = self.boxes.values()
        width = max(box.x + box.width for box in boxes) + _MARGIN
        height = max(box.y + box.height for box in boxes) + _MARGIN
        parts = [part for route in self.routes() for part in route]
        parts += [part for box in boxes for part in self.box(box)]
        return drawing(name, width, height, "Who gives which data to whom", description, parts)

    def box(self, box: Box) -> Iterable[str]:
        """One box."""
        flow = self.by_key.get(box.key)
        x, y, middle = box.x, box.y, box.y + box.height / 2
        shape = f'x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
        if flow is None:
            yield f'<rect {shape} rx="3" fill="{PALE}" stroke="{INK}" stroke-width="1.5"/>'
        else:
            yield from _frame(box, flow)
        first = middle - (len(self.label[box.key]) * _LEADING) / 2 + _LEADING * 0.78
        for i, (words, bold) in enumerate(self.label[box.key]):
            if flow is None:
                yield text(x + box.width / 2, first + i * _LEADING, words, _SIZE, bold=bold, anchor="middle")
            else:
                yield text(x + _PAD, first + i * _LEADING, words, _SIZE, bold=bold)
        if flow is not None:
            yield _sign(x + box.width - 13, first - 4.5, flow)

    def routes(self) -> Iterable[list[str]]:
        """Every line, from the edge of one box to the edge of another, through the places it passes."""
        ports = self.ports()
        for line in self.lines:
            flow = self.by_key[line[0] if line[0] in self.by_key else line[1]]
            points = self.points(line, ports)
            yield _route(points, flow, arrow=line[0] in self.by_key, upright=self.upright)

    def points(self, line: Line, ports: Mapping[tuple[Line, int], float]) -> list[tuple[float, float]]:
        """Where a line begins, bends and ends, as (along, across)."""
        one, other = self.boxes[line[0]], self.boxes[line[1]]
        start = one.y + one.height if self.upright else one.x + one.width
        end = other.y if self.upright else other.x
        points = [(start, ports[line, 0])]
        first = self.layers[line[0]] + 1
        for layer, across in enumerate(self.placed.passes[line], first):
            inside = [box for key, box in self.boxes.items() if self.layers[key] == layer]
            front = min(box.y if self.upright else box.x for box in inside)
            back = front + self.depth(layer, upright=self.upright)
            points += [(front, across + _MARGIN), (back, across + _MARGIN)]
        return [*points, (end, ports[line, 1])]

    def ports(self) -> dict[tuple[Line, int], float]:
        """Where lines meet their boxes, spread along the side in the order of where they lead."""
        found = {}
        for key, box in self.boxes.items():
            low, length = (box.x, box.width) if self.upright else (box.y, box.height)
            for side in (0, 1):
                lines = [line for line in self.lines if line[side] == key]
                lines.sort(key=lambda line: self.next_middle(line, side))
                for i, line in enumerate(lines, 1):
                    found[line, side] = low + length * i / (len(lines) + 1)
        return found

    def next_middle(self, line: Line, side: int) -> float:
        """Where a line goes from one of its ends."""
        passes = self.placed.passes[line]
        if passes:
            return passes[0 if side == 0 else -1]
        return self.placed.middles[line[1 - side]]


def stations(flows: Sequence[FlowRow]) -> dict[str, tuple[str, str]]:
    """Sender and receiver of each flow, by its id; a party that would close a circle stands in the picture once more.

    Data that a flow goes on from leave where they arrived.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    ends: dict[str, tuple[str, str]] = {}
    for flow in flows:
        arrived = [ends[name][1] for name in flow.brought if name in ends]
        sender = max((a for a in arrived if _party(a) == flow.sender), key=len, default=f"party {flow.sender}")
        receiver = f"party {flow.receiver}"
        graph.add_nodes_from([sender, receiver])
        while receiver in graph and nx.has_path(graph, receiver, sender):
            receiver += "\n"
        graph.add_edge(sender, receiver)
        ends[flow.id] = (sender, receiver)
    return ends


def _width(layer: int) -> float:
    return _FLOW if layer % 2 else _PARTY


def _party(station: str) -> str:
    return station.removeprefix("party ").rstrip("\n")


def _layers(ends: Mapping[str, tuple[str, str]]) -> dict[str, int]:
    """Even layers for parties, odd ones for flows; each as early as data can reach it, the public last."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for name, (sender, receiver) in ends.items():
        graph.add_edge(sender, f"flow {name}")
        graph.add_edge(f"flow {name}", receiver)
    layers = {key: at for at, keys in enumerate(nx.topological_generations(graph)) for key in keys}
    last = max(layers.values())
    return {key: last if key == f"party {PUBLIC}" else layers[key] for key in graph}


def _frame(box: Box, flow: FlowRow) -> Iterable[str]:
    shape = 'x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"'
    dashes = f' stroke-dasharray="{_DASHES[flow.outcome]}"' if _DASHES[flow.outcome] else ""
    outer = shape.format(box.x, box.y, box.width, box.height)
    yield f'<rect {outer} rx="8" fill="{PAPER}" stroke="{INK}" stroke-width="1.5"{dashes}/>'
    if flow.outcome == "deny":
        inner = shape.format(box.x + 3, box.y + 3, box.width - 6, box.height - 6)
        yield f'<rect {inner} rx="6" fill="none" stroke="{INK}" stroke-width="1.2"/>'


def _sign(x: float, y: float, flow: FlowRow) -> str:
    """A tick, a cross or a question mark: drawn, since fonts lack them."""
    if flow.outcome == "undetermined":
        return text(x, y + 5, "?", 15, bold=True, anchor="middle")
    return f'<g transform="translate({x:.1f} {y:.1f})">{path(_SIGN[flow.outcome], width=2.2)}</g>'


def _route(points: list[tuple[float, float]], flow: FlowRow, *, arrow: bool, upright: bool) -> list[str]:
    tip = points[-1]
    if arrow:
        points = [*points[:-1], (tip[0] - 7, tip[1])]
    turned = [(y, x) if upright else (x, y) for x, y in points]
    parts = [f"M{turned[0][0]:.1f} {turned[0][1]:.1f}"]
    for (along, across), (next_along, next_across) in pairwise(points):
        half = (along + next_along) / 2
        bend = [(half, across), (half, next_across), (next_along, next_across)]
        parts.append("C" + " ".join(f"{y:.1f} {x:.1f}" if upright else f"{x:.1f} {y:.1f}" for x, y in bend))
    d = "".join(parts)
    drawn = [path(d, dashes=_DASHES[flow.outcome])]
    if flow.outcome == "deny":
        drawn = [path(d, width=4.5), path(d, width=2, ink=PAPER)]
    if arrow:
        corners = [tip, (tip[0] - 8, tip[1] - 4), (tip[0] - 8, tip[1] + 4)]
        shape = " ".join(f"{y:.1f},{x:.1f}" if upright else f"{x:.1f},{y:.1f}" for x, y in corners)
        drawn.append(f'<polygon points="{shape}" fill="{INK}"/>')
    return drawn
