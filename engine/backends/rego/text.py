"""Rego as text. What a policy file says goes in quoted, and can end neither a string nor a comment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.documents import visible

_KEYWORDS = {
    "as", "contains", "data", "default", "else", "every", "false", "if", "import", "in", "input", "not", "null",
    "package", "set", "some", "true", "with",
}  # fmt: skip
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def quoted(value: Any) -> str:
    """A value as JSON, which Rego and YAML read alike, on one line."""
    return visible(json.dumps(value, ensure_ascii=False))


def member(name: str) -> str:
    """How a name follows what it belongs to: `.kind`, `["audit-evaluation"]`."""
    return f".{name}" if _PLAIN.fullmatch(name) and name not in _KEYWORDS else f"[{quoted(name)}]"


def comment(text: str) -> str:
    """A line of comment. The dash keeps a text that begins like an annotation from being one."""
    return f"# - {visible(text)}"


def listed(items: Iterable[str], ends: str = "[]") -> str:
    """Items in brackets; on lines of their own where one is long or carries a comment."""
    items = list(items)
    line = ", ".join(items)
    if len(line) <= _SHORT and "\n" not in line:
        return f"{ends[0]}{line}{ends[1]}"
    inner = "".join(f"{item},\n" for item in items)
    return f"{ends[0]}\n{indented(inner)}{ends[1]}"


_SHORT = 90


def indented(text: str) -> str:
    """Lines one step further in."""
    return "".join(f"\t{line}" for line in text.splitlines(keepends=True))


def annotation(title: str, description: str, custom: Mapping[str, Any]) -> str:
    """The annotation of a rule or package; what is empty is left out."""
    said = {"title": title, "description": description}
    lines = [f"# {key}: {quoted(text)}" for key, text in said.items() if text]
    known = {key: value for key, value in custom.items() if value}
    if known:
        lines += ["# custom:", *(f"#   {key}: {quoted(value)}" for key, value in known.items())]
    return "\n".join(["# METADATA", *lines])


def rule(name: str, value: str, conditions: Sequence[str] = ()) -> str:
    """A rule: its value, where some conditions hold."""
    head = name if value == "true" and conditions else f"{name} := {value}"
    if len(conditions) < 2:
        return " if ".join([head, *conditions])
    body = indented("".join(f"{condition}\n" for condition in conditions))
    return f"{head} if {{\n{body}}}"
