"""Boxes in layers: which stands above which, and where, so that few lines cross and none runs through a box.

A line between layers that are not neighbours gets a place of its own in each layer it passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

_LANE = 8.0
_SWEEPS = 12

Line = tuple[str, str]


class Place(NamedTuple):
    """A box in its layer: how much room it takes along the layer."""

    layer: int
    size: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The middle of every box along its layer, and where each line passes the layers between its ends."""

    middles: Mapping[str, float]
    passes: Mapping[Line, tuple[float, ...]]
    extent: float


def lay_out(places: Mapping[str, Place], lines: Sequence[Line], gap: float) -> Layout:
    """Arrange boxes; every line leads from a layer to a later one."""
    arranger = _Arranger(places, lines, gap)
    arranger.order()
    return arranger.layout()


class _Arranger:
    def __init__(self, places: Mapping[str, Place], lines: Sequence[Line], gap: float) -> None:
        self.lines, self.gap = list(dict.fromkeys(lines)), gap
        self.sizes = {name: place.size for name, place in places.items()}
        self.layers: list[list[str]] = [[] for _ in range(1 + max(place.layer for place in places.values()))]
        for name, place in places.items():
            self.layers[place.layer].append(name)
        self.lanes: dict[Line, list[str]] = {}
        self.before: dict[str, list[str]] = {}
        self.after: dict[str, list[str]] = {}
        for line in self.lines:
            self.lanes[line] = self.lane(line, places[line[0]].layer, places[line[1]].layer)
            for one, next_ in pairwise([line[0], *self.lanes[line], line[1]]):
                self.after.setdefault(one, []).append(next_)
                self.before.setdefault(next_, []).append(one)

    def lane(self, line: Line, first: int, last: int) -> list[str]:
        """Places for a line in the layers it passes."""
        lane = [f"{line[0]}\n{line[1]}\n{layer}" for layer in range(first + 1, last)]
        for layer, name in enumerate(lane, first + 1):
            self.layers[layer].append(name)
            self.sizes[name] = _LANE
        return lane

    # Order ------------------------------------------------------------------------------------------------------------

    def order(self) -> None:
        """Sort each layer by the middle of its neighbours, to and fro; the order with the fewest crossings stays."""
        best, fewest = self.layers, self.crossings()
        for sweep in range(_SWEEPS):
            onward = sweep % 2 == 0
            layers = range(1, len(self.layers)) if onward else range(len(self.layers) - 2, -1, -1)
            self.layers = [list(layer) for layer in self.layers]
            for at in layers:
                self.sort(at, at - 1 if onward else at + 1, self.before if onward else self.after)
            if (crossings := self.crossings()) < fewest:
                best, fewest = self.layers, crossings
        self.layers = best

    def sort(self, at: int, fixed: int, neighbours: Mapping[str, list[str]]) -> None:
        """Sort one layer by a fixed one; what has no neighbour there keeps its rank."""
        ranks = {name: rank / max(1, len(self.layers[fixed]) - 1) for rank, name in enumerate(self.layers[fixed])}
        own = {name: rank / max(1, len(self.layers[at]) - 1) for rank, name in enumerate(self.layers[at])}
        self.layers[at].sort(key=lambda name: _mean([ranks[n] for n in neighbours.get(name, ())], own[name]))

    def crossings(self) -> int:
        """How many pairs of lines cross."""
        count = 0
        for layer, following in pairwise(self.layers):
            ranks = {name: rank for rank, name in enumerate(following)}
            ends = [sorted(ranks[n] for n in self.after.get(name, ())) for name in layer]
            flat = [rank for found in ends for rank in found]
            count += sum(one > other for i, one in enumerate(flat) for other in flat[i + 1 :])
        return count

    # Places -----------------------------------------------------------------------------------------------------------

    def layout(self) -> Layout:
        """Each box as near to the middle of its neighbours as the others allow."""
        middles: dict[str, float] = {}
        for layer in self.layers:
            middles |= zip(layer, self.spread(layer, [0.0] * len(layer)), strict=True)
        for sweep in range(_SWEEPS):
            for layer in self.layers if sweep % 2 else self.layers[::-1]:
                near = [self.before, self.after] if sweep else [self.after]
                wanted = [
                    _mean([middles[n] for found in near for n in found.get(name, ())], middles[name]) for name in layer
                ]
                middles |= zip(layer, self.spread(layer, wanted), strict=True)
        first = min(middle - self.sizes[name] / 2 for name, middle in middles.items())
        last = max(middle + self.sizes[name] / 2 for name, middle in middles.items())
        return Layout(
            middles={name: middles[name] - first for layer in self.layers for name in layer},
            passes={line: tuple(middles[name] - first for name in lane) for line, lane in self.lanes.items()},
            extent=last - first,
        )

    def spread(self, layer: Sequence[str], wanted: Sequence[float]) -> list[float]:
        """Middles with the least squared distance from those wanted, in this order and without overlap.

        What remains once the room between neighbours is taken away is a monotone regression: pool what is out of order.
        """
        offsets, offset = [], 0.0
        for i, name in enumerate(layer):
            offset += (self.sizes[layer[i - 1]] + self.sizes[name]) / 2 + self.gap if i else 0.0
            offsets.append(offset)
        pools: list[tuple[float, int]] = []
        for target, taken in zip(wanted, offsets, strict=True):
            total, count = target - taken, 1
            while pools and pools[-1][0] / pools[-1][1] > total / count:
                before, members = pools.pop()
                total, count = total + before, count + members
            pools.append((total, count))
        spread = [total / count for total, count in pools for _ in range(count)]
        return [place + taken for place, taken in zip(spread, offsets, strict=True)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
