"""The picture of a request: every party and flow stands in it, nothing overlaps, and text is only text."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.reports.charts import Bar, bars
from engine.reports.flows import FlowOutcome, FlowRow, runs, waits_for
from engine.reports.layers import Place, lay_out
from engine.reports.picture import Box, Drawing, picture
from engine.reports.svg import width_of, wrapped

SVG = "{http://www.w3.org/2000/svg}"
OUTCOMES: tuple[FlowOutcome, ...] = ("allow", "deny", "undetermined")


def flow(number: int, sender: str, receiver: str, outcome: FlowOutcome = "allow", *brought: str) -> FlowRow:
    return FlowRow(number, f"f{number}", sender, receiver, (f"data_{number}",), "coded", "study", outcome, brought)


@st.composite
def networks(draw: st.DrawFn) -> list[FlowRow]:
    """Providers, hubs, recipients and the public; direct and onward flows, and data given back."""
    parties = [f"P{i}" for i in range(draw(st.integers(2, 12)))]
    flows: list[FlowRow] = []
    for number in range(1, draw(st.integers(1, 16)) + 1):
        sender = draw(st.sampled_from(parties))
        receiver = draw(st.sampled_from([*parties, "public"]))
        arrived = [earlier.id for earlier in flows if earlier.receiver == sender]
        brought = draw(st.lists(st.sampled_from(arrived), max_size=3, unique=True)) if arrived else []
        flows.append(flow(number, sender, receiver, draw(st.sampled_from(OUTCOMES)), *brought))
    return flows


def names_of(flows: list[FlowRow], name: str = "The Office of {}") -> dict[str, str]:
    return {party: name.format(party) for row in flows for party in (row.sender, row.receiver)}


def drawing(flows: list[FlowRow], name: str = "The Office of {}") -> Drawing:
    return Drawing(flows, names_of(flows, name), {flows[0].sender}, set())


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@given(networks())
def test_no_two_boxes_overlap(flows: list[FlowRow]) -> None:
    boxes = drawing(flows).boxes.values()
    assert not [(one.key, other.key) for one, other in combinations(boxes, 2) if overlap(one, other)]


@given(networks())
def test_every_flow_and_party_stands_in_the_picture_and_in_its_text(flows: list[FlowRow]) -> None:
    drawn = picture(flows, names_of(flows), set(), set())
    shown = " ".join(texts(drawn.svg))
    for row in flows:
        assert f"{row.number} {row.status}" in shown
        assert f"data {row.number}" in shown
        sentence = f"The Office of {row.sender} sends data {row.number} (coded) to The Office of {row.receiver}"
        assert f"{row.number}. {sentence}: {row.status.lower()}." in drawn.alternative
    assert {row.receiver for row in flows} <= set(re.findall(r"P\d+|public", shown))


@given(networks())
def test_no_line_runs_through_a_box(flows: list[FlowRow]) -> None:
    """Between its ends a line lies in the gaps between layers, or in a place of its own within one."""
    drawn = drawing(flows)
    ports = drawn.ports()
    for line in drawn.lines:
        points = [(y, x) if drawn.upright else (x, y) for x, y in drawn.points(line, ports)]
        for one, other in pairwise(points):
            low, high = sorted((one, other))
            for box in drawn.boxes.values():
                inside = low[0] < box.x + box.width - 0.1 and high[0] > box.x + 0.1
                across = {point[1] for point in (one, other)}
                assert not (inside and any(box.y + 0.1 < y < box.y + box.height - 0.1 for y in across)), (line, box)


@given(networks(), st.text(min_size=1))
def test_the_picture_is_xml_whatever_people_are_called(flows: list[FlowRow], name: str) -> None:
    drawn = picture(flows, dict.fromkeys(names_of(flows), name), set(), set(), "any")
    root = ElementTree.fromstring(drawn.svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "path", "text", "g", "polygon"}


def test_a_name_with_markup_stays_text() -> None:
    flows = [flow(1, "A", "B")]
    drawn = picture(flows, {"A": "<script>alert(1)</script>", "B": 'B" onload="x'}, set(), set())
    assert "<script" not in drawn.svg
    assert "<script>" in "".join(texts(drawn.svg))
    assert not [
        name for element in ElementTree.fromstring(drawn.svg).iter() for name in element.attrib if name == "onload"
    ]


@given(networks(), st.sampled_from(["{}", "Department of Children, Families and Homelessness {}", "W" * 60 + "{}"]))
def test_text_keeps_to_its_box(flows: list[FlowRow], name: str) -> None:
    drawn = drawing(flows, name)
    for key, lines in drawn.label.items():
        for words, bold in lines:
            assert width_of(words, 13, bold=bold) <= drawn.boxes[key].width


@pytest.mark.parametrize(("outcome", "word"), [("allow", "Allowed"), ("deny", "Denied"), ("undetermined", "Open")])
def test_a_status_is_in_words_and_in_the_style_of_lines(outcome: FlowOutcome, word: str) -> None:
    svg = picture([flow(1, "A", "B", outcome)], {"A": "A", "B": "B"}, set(), set()).svg
    assert f"1 {word}" in texts(svg)
    assert ("stroke-dasharray" in svg) == (outcome == "undetermined")
    assert ('stroke-width="4.5"' in svg) == (outcome == "deny")


def test_the_public_stands_last_and_what_is_given_back_is_drawn_again() -> None:
    flows = [flow(1, "A", "H"), flow(2, "H", "A", "allow", "f1"), flow(3, "A", "C", "allow", "f2"),
             flow(4, "H", "public", "allow", "f1")]  # fmt: skip
    drawn = drawing(flows)
    boxes = drawn.boxes
    rightmost = max(box.x for box in boxes.values())
    assert boxes["party public"].x == rightmost
    assert ("A, receives", False) in drawn.label["party A\n"]
    assert boxes["party A"].x < boxes["party H"].x < boxes["party A\n"].x < boxes["party C"].x


def test_a_long_way_is_drawn_from_top_to_bottom() -> None:
    way = [flow(i, f"P{i}", f"P{i + 1}") for i in range(1, 8)]
    drawn = drawing(way)
    assert drawn.upright
    ys = [drawn.boxes[f"party P{i}"].y for i in range(1, 9)]
    assert ys == sorted(ys)
    assert not drawing(way[:3]).upright


def test_boxes_are_put_where_no_lines_cross_if_that_can_be() -> None:
    """Three on each side, joined crosswise: the second layer is turned round."""
    places = {name: Place(i // 3, 10) for i, name in enumerate("abcxyz")}
    layout = lay_out(places, [("a", "z"), ("b", "y"), ("c", "x")], 5)
    for one, other in combinations([("a", "z"), ("b", "y"), ("c", "x")], 2):
        assert (layout.middles[one[0]] < layout.middles[other[0]]) == (
            layout.middles[one[1]] < layout.middles[other[1]]
        )


@given(st.text(), st.floats(30, 200))
def test_wrapped_lines_fit(text: str, width: float) -> None:
    lines = wrapped(text, width, 13)
    assert all(width_of(line, 13) <= width for line in lines)
    assert len(lines) <= 7


def test_a_flow_waits_for_those_before_it() -> None:
    flows = [flow(1, "A", "H", "deny"), flow(2, "B", "H"), flow(3, "H", "C", "allow", "f1", "f2"),
             flow(4, "C", "public", "allow", "f3")]  # fmt: skip
    assert waits_for(flows[3], flows) == [1]
    assert waits_for(flows[1], flows) == []


@given(st.sets(st.integers(1, 40)))
def test_runs_of_numbers_say_each_once(numbers: set[int]) -> None:
    said: list[int] = []
    for part in filter(None, runs(numbers).split(", ")):
        first, _, last = part.partition("\u2013")
        said += range(int(first), int(last or first) + 1)
    assert said == sorted(numbers)


@given(st.lists(st.builds(Bar, st.text(max_size=80), st.integers(0, 5000))))
def test_a_chart_shows_every_value_and_says_it(rows: list[Bar]) -> None:
    svg, alternative = bars("chart", "Numbers", rows)
    values = [element for element in ElementTree.fromstring(svg).iter(f"{SVG}text") if element.get("font-weight")]
    assert [element.text for element in values] == [str(row.value) for row in rows]
    assert all(f": {row.value}" in alternative for row in rows)
    for element in ElementTree.fromstring(svg).iter(f"{SVG}rect"):
        assert float(element.get("x", 0)) + float(element.get("width", 0)) <= 640


def test_bars_are_as_long_as_their_values() -> None:
    svg, _ = bars("chart", "Numbers", [Bar("one", 10), Bar("two", 5)])
    lengths = [
        float(r.get("width", 0)) for r in ElementTree.fromstring(svg).iter(f"{SVG}rect") if r.get("height") == "16.0"
    ]
    assert lengths[0] == pytest.approx(2 * lengths[1], abs=0.1)
