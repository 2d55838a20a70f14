"""Bar charts as SVG of our own: a bar for each row, its value beside it, patterns that a black-and-white copy keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from engine.reports.svg import INK, PALE, PAPER, drawing, text, width_of, wrapped

Fill = Literal["plain", "hatched", "dotted", "full", "empty"]

_WIDTH, _LABEL, _SIZE, _LEADING, _BAR = 640.0, 250.0, 13.0, 15.0, 16.0


class Bar(NamedTuple):
    """One bar."""

    label: str
    value: int
    fill: Fill = "plain"


def bars(name: str, title: str, rows: Sequence[Bar]) -> tuple[str, str]:
    """The chart and the text that says the same; `name` tells it from others on the same page."""
    alternative = f"{title}: {'; '.join(f'{row.label}: {row.value}' for row in rows) or 'none'}."
    most = max([1, *(row.value for row in rows)])
    room = _WIDTH - _LABEL - max([0.0, *(width_of(str(row.value), _SIZE, bold=True) for row in rows)]) - 24
    parts, y = [_patterns(name)], 6.0
    for row in rows:
        label = wrapped(row.label, _LABEL - 12, _SIZE, most=3)
        height = max(_BAR, len(label) * _LEADING) + 8
        middle, length = y + height / 2, room * row.value / most
        first = middle - len(label) * _LEADING / 2 + _LEADING * 0.76
        parts += [text(_LABEL - 8, first + i * _LEADING, words, _SIZE, anchor="end") for i, words in enumerate(label)]
        if row.value:
            parts.append(
                f'<rect x="{_LABEL:.1f}" y="{middle - _BAR / 2:.1f}" width="{length:.1f}" height="{_BAR:.1f}" '
                f'fill="{_paint(name, row.fill)}" stroke="{INK}" stroke-width="1.2"/>'
            )
        parts.append(text(_LABEL + length + 7, middle + 4.6, str(row.value), _SIZE, bold=True))
        y += height
    parts.append(f'<path d="M{_LABEL:.1f} 4V{y:.1f}" stroke="{INK}" stroke-width="1.2"/>')
    return drawing(name, _WIDTH, y + 6, title, alternative, parts), alternative


def _paint(name: str, fill: Fill) -> str:
    flat = {"plain": "#bdbdbd", "full": INK, "empty": PAPER}
    return flat.get(fill) or f"url(#{name}-{fill})"


def _patterns(name: str) -> str:
    hatched = f'<path d="M0 6L6 0" stroke="{INK}" stroke-width="1.4"/>'
    dotted = f'<circle cx="3" cy="3" r="1.2" fill="{INK}"/>'
    made = (
        f'<pattern id="{name}-{fill}" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="{PALE}"/>{inside}</pattern>'
        for fill, inside in (("hatched", hatched), ("dotted", dotted))
    )
    return f"<defs>{''.join(made)}</defs>"
