"""Changes to a document: what was meant to change changes, and every other byte stays."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from difflib import SequenceMatcher
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.documents import CannotDo, DocumentProblems, parse
from engine.edits import Add, Change, Remove, Set, edit
from engine.sources import read_source
from tests import strategies
from tests.writing import written

REQUEST = written("""
    # Asked for in May.
    request: wages   # an id
    parties:
      SDE: {}  # known
      DOL:
      LAB: {name: The Lab}

    flows:
    - {id: leg, carries: [records]}  # first
    - id: "back"   # second
      # by hand
      facts: {channel: sftp}  # stated

    # The end.
    """)


def lines(before: str, after: str) -> list[str]:
    """How the lines of a text changed: `- old` and `+ new`."""
    old, new = before.splitlines(), after.splitlines()
    found = []
    for _, a, b, c, d in (code for code in SequenceMatcher(None, old, new).get_opcodes() if code[0] != "equal"):
        found += [f"- {line}" for line in old[a:b]] + [f"+ {line}" for line in new[c:d]]
    return found


def changed(*changes: Change, text: str = REQUEST) -> list[str]:
    """How the lines of the example change."""
    return lines(text, edit(text, changes))


# Setting --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("request",), ["- request: wages   # an id", "+ request: new   # an id"]),
        (("flows", 1, "id"), ['- - id: "back"   # second', "+ - id: new   # second"]),
        (("parties", "LAB", "name"), ["-   LAB: {name: The Lab}", "+   LAB: {name: new}"]),
        (("parties", "DOL"), ["-   DOL:", "+   DOL: new"]),
        (("flows", 0, "carries", 0), ["- - {id: leg, carries: [records]}  # first",
                                      "+ - {id: leg, carries: [new]}  # first"]),
        (("title",), ["+ title: new"]),
        (("flows", 1, "facts", "form"), ["-   facts: {channel: sftp}  # stated",
                                         "+   facts: {channel: sftp, form: new}  # stated"]),
        (("parties", "LAB", "facts", "kind"), ["-   LAB: {name: The Lab}",
                                               "+   LAB: {name: The Lab, facts: {kind: new}}"]),
        (("flows", 1, "request", "aim"), ["+   request:", "+     aim: new"]),
    ],
)  # fmt: skip
def test_a_value_is_set_where_it_belongs(path: tuple[str | int, ...], expected: list[str]) -> None:
    assert changed(Set(path, "new")) == expected


@pytest.mark.parametrize("acronym", ["SDE", "DOL"])
def test_the_first_fact_of_a_party_gets_lines_of_its_own(acronym: str) -> None:
    after = edit(REQUEST, [Set(("parties", acronym, "facts", "min_cell"), 6)])
    note = "  # known" if acronym == "SDE" else ""
    assert f"  {acronym}:{note}\n    facts:\n      min_cell: 6\n" in after


def test_a_new_key_may_go_ahead_of_others() -> None:
    after = edit(REQUEST, [Set(("facts", "approved"), True, before=("parties", "flows"))])
    assert after.index("an id") < after.index("facts:\n  approved: true\nparties:")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("no", '"no"'),
        ("012", '"012"'),
        ("2026-01-01", '"2026-01-01"'),
        (date(2026, 1, 1), "2026-01-01"),
        ("unknown", "unknown"),
        (True, "true"),
        (None, "null"),
        (0.0000001, "0.0000001"),
        ("a: b", '"a: b"'),
        ("two\nlines", '"two\\U0000000alines"'),
        (["a", "b, c"], '[a, "b, c"]'),
        ({"SDE": False}, "{SDE: false}"),
        ({}, "{}"),
    ],
)
def test_values_are_written_as_they_are_read(value: Any, text: str) -> None:
    assert changed(Set(("agreement",), value)) == [f"+ agreement: {text}"]


def test_long_text_is_folded_and_long_lists_have_a_line_for_each_item() -> None:
    after = edit(REQUEST, [Set(("title",), "word " * 40 + "end"), Set(("hubs",), ["A" * 50, "B" * 50, "C" * 50])])
    assert "title: >-\n  word word" in after
    assert f"hubs:\n  - {'A' * 50}\n  - {'B' * 50}\n" in after
    assert max(map(len, after.splitlines())) <= 120


def test_brackets_that_grow_too_long_go_on_below() -> None:
    after = REQUEST
    for i in range(12):
        after = edit(after, [Set(("flows", 1, "facts", f"fact_number_{i}"), True)])
    assert "  facts: {channel: sftp, fact_number_0: true" in after
    assert "\n          fact_number_" in after
    assert max(map(len, after.splitlines())) <= 120


def test_a_comment_stands_at_the_end_of_the_line_or_above_it() -> None:
    assert changed(Set(("parties", "DOL", "kind"), "agency", "assumed: confirm")) == [
        "+     kind: agency  # assumed: confirm"
    ]
    assert changed(Set(("request",), "new", "renamed")) == [
        "- request: wages   # an id", "+ # renamed", "+ request: new   # an id",
    ]  # fmt: skip
    assert changed(Set(("parties", "LAB", "name"), "new", "re\nnamed"))[-1] == "+   LAB: {name: new}  # re\\u000anamed"


# Lists ----------------------------------------------------------------------------------------------------------------


def test_items_are_added_in_the_style_of_their_neighbours() -> None:
    flow = {"id": "new", "carries": ["records"]}
    assert changed(Add(("flows",), flow)) == ["+ - id: new", "+   carries: [records]"]
    assert changed(Add(("flows", 0, "carries"), "more"))[1] == "+ - {id: leg, carries: [records, more]}  # first"
    assert changed(Add(("users",), {"name": "A. B."})) == ['+ users: [{name: "A. B."}]']
    only_brackets = "flows:\n- {id: one}\n"
    assert changed(Add(("flows",), flow), text=only_brackets) == ["+ - {id: new, carries: [records]}"]


def test_what_is_removed_takes_its_lines_along() -> None:
    assert changed(Remove(("parties", "SDE"))) == ["-   SDE: {}  # known"]
    assert changed(Remove(("flows", 0, "id")))[1] == "+ - {carries: [records]}  # first"
    assert changed(Remove(("flows", 0)), Remove(("flows", 0)))[-1] == "+ flows: []"
    assert changed(Remove(("flows", 0, "carries", 0)))[1] == "+ - {id: leg, carries: []}  # first"
    assert "-\n  # by hand\n  facts:" in edit(REQUEST, [Remove(("flows", 1, "id"))])


def test_line_ends_and_the_mark_at_the_start_of_a_file_stay() -> None:
    windows = "\ufeff" + REQUEST.replace("\n", "\r\n")
    after = edit(windows, [Set(("parties", "SDE", "facts", "a"), True), Add(("flows",), {"id": "x"})])
    assert after.startswith("\ufeff# Asked")
    assert after.count("\n") == after.count("\r\n")


# What cannot be done --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Set(("request", "deep"), 1), "neither a mapping nor a list"),
        (Set(("flows", 7), 1), 'there is no "7"'),
        (Set(("flows", 7, "id"), 1), 'there is no "7"'),
        (Add(("parties",), 1), "it is no list"),
        (Remove(("hubs",)), 'there is no "hubs"'),
        (Remove(()), "whole document"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(change: Change, message: str) -> None:
    with pytest.raises(CannotDo, match=message):
        edit(REQUEST, [change], "request.yaml")


def test_what_has_aliases_is_left_to_people() -> None:
    text = "a: &x {b: 1}\nc: *x\nd: &y 1\ne: *y\n"
    for path in [("a", "b"), ("c", "b"), ("a", "n"), ("c", "n"), ("d",)]:
        with pytest.raises(CannotDo, match="anchor"):
            edit(text, [Set(path, 2)])
    with pytest.raises(CannotDo):
        edit(text, [Remove(("a",))])
    assert edit(text, [Set(("c",), 2)]) == text.replace("*x", "2")


def test_what_cannot_be_read_is_not_changed() -> None:
    with pytest.raises(DocumentProblems):
        edit("a: [", [Set(("b",), 1)])


# Any document, any change ---------------------------------------------------------------------------------------------


def paths(data: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value."""
    items: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [here, *(path for key, value in items for path in paths(value, (*here, key)))]


def at(data: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


@st.composite
def changes(draw: st.DrawFn, data: Any) -> Change:
    """A change that can be made to the data."""
    value, comment = draw(strategies.statable()), draw(st.sampled_from(["", "assumed"]))
    path = draw(st.sampled_from(paths(data)))
    here = at(data, path)
    if isinstance(here, list) and draw(st.booleans()):
        return Add(path, value, comment)
    if isinstance(here, dict) and draw(st.booleans()):
        below = draw(st.lists(st.sampled_from(["new", "no", "a b"]), min_size=1, max_size=2))
        if at({"": here}, ("",)).get(below[0]) is None:
            return Set((*path, *below), value, comment)
    if not path:
        return Set(("new",), value, comment)
    return Remove(path) if draw(st.integers(0, 3)) == 0 else Set(path, value, comment)


def by_hand(data: Any, change: Change) -> Any:
    """The data with the change made, the plain way."""
    data = deepcopy(data)
    *way, last = change.path
    holder = data
    for step in way:
        if isinstance(holder, dict) and holder.get(step) is None:
            holder[step] = {}
        holder = holder[step]
    if isinstance(change, Remove):
        del holder[last]
    elif isinstance(change, Add):
        holder[last].append(change.value) if change.path else data.append(change.value)
    else:
        holder[last] = change.value
    return data


def comments(text: str) -> list[str]:
    return [comment.text for comment in read_source(text).comments.values()]


def touched(text: str, change: Change) -> range:
    """The lines that a change may touch: those of what it replaces, or of the brackets that it is in."""
    node, first, entries, found = read_source(text).root, 0, [], []
    for step in change.path:
        entries = node.entries() if node.is_collection else []
        found = [(key, value) for i, (key, value) in enumerate(entries) if step in (i, key and key.event.value)]
        if not found or not node.is_block:
            break
        key, value = found[0]
        first = first if len(entries) == 1 else (key or value).start.line  # what is left empty says so on its head
        node = value
    else:
        if node.is_block and isinstance(change, Add):
            return range(0)
        following = entries[1:] if isinstance(change, Remove) and found[0][1] is entries[0][1] else []
        pulled_up = [(key or value).start.line for key, value in following[:1]]  # behind the dash
        return range(first, max([node.end.line, *pulled_up]) + 1)
    return range(0) if node.is_block else range(min(first, node.start.line), node.end.line + 1)


def at_or_none(data: Any, path: tuple[str | int, ...]) -> Any:
    """What stands at a path, if anything does."""
    try:
        return at(data, path)
    except (KeyError, IndexError, TypeError):
        return None


@given(st.data())
def test_only_what_was_meant_to_change_changes(data: st.DataObject) -> None:
    content = data.draw(strategies.worlds()).request
    text = data.draw(strategies.commented(content))
    for _ in range(data.draw(st.integers(1, 3))):
        change = data.draw(changes(content))
        after = edit(text, [change])
        content = by_hand(content, change)
        assert parse(after).data == content
        gone = touched(text, change)
        kept = [line for i, line in enumerate(text.splitlines()) if i not in gone]
        rest = iter(after.splitlines())
        assert all(line in rest for line in kept), "every other line stays, in order"
        if isinstance(change, Add | Set) and not isinstance(at_or_none(parse(text).data, change.path), dict | list):
            assert set(comments(text)) <= set(comments(after))
        text = after
