"""The JSON Schema of what the bundle decides: a request as rows of facts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from engine.facts import PAPERS, TRAVELLING, Declared
from engine.policies import PolicySet
from engine.rows import Rows, requirement_key, requirements

_TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": ["boolean", "null"]},
    "number": {"type": ["number", "null"]},
    "text": {"type": ["string", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "duration": {"type": ["string", "null"], "pattern": "^[0-9]{1,12} (hours|business days|months)$"},
}


def input_schema(policies: PolicySet) -> dict[str, Any]:
    """The schema, with every fact, code and name of the policies."""
    schema = Rows.model_json_schema()
    schema["properties"]["deployment"] = {"enum": [*policies.deployments, None]}
    row, paper = (schema["$defs"][part]["properties"] for part in ("Row", "PaperRow"))
    facts = {d.name: d for d in policies.vocabulary if d.name not in (*TRAVELLING, PAPERS)}
    row["facts"] = {
        "type": "object",
        "properties": {name: _value(declared) for name, declared in facts.items()},
        "additionalProperties": False,
    }
    sets = [name for name, declared in facts.items() if declared.fact.type == "codes"]
    row["may"] |= {"propertyNames": {"enum": sets}}
    row["not_known"] = _names(facts)
    row["does_not_apply"] = _names([name for name, declared in facts.items() if declared.optional])
    for field in ("has", "reported"):
        paper[field] = _names(policies.instruments)
    keys = {requirement_key(owed) for owed in requirements(policies.all_frameworks())}
    for field in ("done", "refused", "contained", "lacking"):
        row[field] = _names(sorted(keys))
    row["claims"] = _names(policies.bases())
    return schema


def _names(known: Collection[str]) -> dict[str, Any]:
    return {"type": "array", "items": {"enum": list(known)}}


def _value(declared: Declared) -> dict[str, Any]:
    """What may stand for a fact; null says nothing of it."""
    if declared.fact.type == "code":
        return {"enum": [*declared.codes, None]}
    if declared.fact.type == "codes":
        return {"type": ["array", "null"], "items": {"enum": list(declared.codes)}}
    return _TYPES[declared.fact.type]
