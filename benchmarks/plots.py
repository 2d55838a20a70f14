"""The measurements drawn as SVG, on scales of powers of ten."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import NamedTuple

from engine.reports.svg import GREY, INK, PALE, PAPER, drawing, text

_WIDTH, _LABEL, _RIGHT, _ROW, _SIZE = 720.0, 270.0, 44.0, 26.0, 13.0


class Span(NamedTuple):
    """One row: from the median (a filled dot) to the 99th percentile (an empty one)."""

    label: str
    median: float
    p99: float
    ours: bool


def spans(name: str, title: str, unit: str, rows: Sequence[Span]) -> str:
    """A row for each of some engines."""
    scale = _Scale([value for row in rows for value in (row.median, row.p99)], _LABEL, _WIDTH - _RIGHT)
    height = len(rows) * _ROW + 52
    parts = [scale.grid(8, height - 40, unit)]
    for i, row in enumerate(rows):
        y = 8 + _ROW * (i + 0.5)
        first, last = scale.at(row.median), scale.at(row.p99)
        parts += [
            text(_LABEL - 10, y + 4.5, row.label, _SIZE, bold=row.ours, anchor="end"),
            f'<path d="M{first:.1f} {y:.1f}H{last:.1f}" stroke="{INK}" stroke-width="{3 if row.ours else 1.5}"/>',
            f'<circle cx="{last:.1f}" cy="{y:.1f}" r="4.5" fill="{PAPER}" stroke="{INK}" stroke-width="1.5"/>',
            f'<circle cx="{first:.1f}" cy="{y:.1f}" r="5" fill="{INK}"/>',
        ]
    told = "; ".join(f"{row.label}: {row.median:,.0f} to {row.p99:,.0f}" for row in rows)
    return drawing(name, _WIDTH, height, title, f"{title}, {unit}: {told}.", parts)


class Line(NamedTuple):
    """One line through points; `dashes` tells it from others."""

    label: str
    points: Sequence[tuple[float, float]]
    dashes: str = ""


def curves(name: str, title: str, across: str, up: str, rows: Sequence[Line]) -> str:
    """Lines on two scales of powers of ten, each with its label at its end."""
    left, top, bottom, right = 84.0, 14.0, 300.0, _WIDTH - 170
    x = _Scale([point[0] for row in rows for point in row.points], left, right)
    y = _Scale([point[1] for row in rows for point in row.points], bottom, top)
    parts = [x.grid(top, bottom, across)]
    for power in y.powers:
        at = y.at(10.0**power)
        parts.append(f'<path d="M{left:.1f} {at:.1f}H{right:.1f}" stroke="{PALE}" stroke-width="1.5"/>')
        parts.append(text(left - 8, at + 4.5, _number(10.0**power), _SIZE, anchor="end"))
    for row in rows:
        points = [(x.at(one), y.at(other)) for one, other in row.points]
        path = "L".join(f"{one:.1f} {other:.1f}" for one, other in points)
        dashes = f' stroke-dasharray="{row.dashes}"' if row.dashes else ""
        parts.append(f'<path d="M{path}" fill="none" stroke="{INK}" stroke-width="2"{dashes}/>')
        parts += [f'<circle cx="{one:.1f}" cy="{other:.1f}" r="3.5" fill="{INK}"/>' for one, other in points]
        parts.append(text(points[-1][0] + 9, points[-1][1] + 4.5, row.label, _SIZE))
    parts.append(text(left, bottom + 52, f"Upwards: {up}", _SIZE))
    told = "; ".join(f"{r.label}: {', '.join(f'{a:,.0f}: {b:,.0f}' for a, b in r.points)}" for r in rows)
    return drawing(name, _WIDTH, bottom + 62, title, f"{title}, {up} by {across}: {told}.", parts)


class _Scale:
    """Whole powers of ten that hold some values, between two places."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.first, self.last = floor(log10(min(values))), ceil(log10(max(values)))
        self.last = max(self.last, self.first + 1)
        self.start, self.end = start, end
        self.powers = range(self.first, self.last + 1)

    def at(self, value: float) -> float:
        """The place of a value."""
        return self.start + (self.end - self.start) * (log10(value) - self.first) / (self.last - self.first)

    def grid(self, top: float, bottom: float, unit: str) -> str:
        """Upright lines at the powers of ten, with their values and what they count below."""
        lines = [f'<path d="M{self.at(10.0**p):.1f} {top:.1f}V{bottom:.1f}" stroke="{PALE}" stroke-width="1.5"/>'
                 for p in self.powers]  # fmt: skip
        lines += [text(self.at(10.0**p), bottom + 17, _number(10.0**p), _SIZE, anchor="middle") for p in self.powers]
        lines.append(f'<path d="M{self.start:.1f} {bottom:.1f}H{self.end:.1f}" stroke="{GREY}"/>')
        lines.append(text((self.start + self.end) / 2, bottom + 34, unit, _SIZE, anchor="middle"))
        return "".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"
