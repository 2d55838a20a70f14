"""JSON Schemas of every document, with the facts and codes of a policy set in them, for editors and other programs."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.json_schema import PydanticJsonSchemaWarning

from engine.cases import CaseFile
from engine.conditions import CHECKED, OPERATORS
from engine.documents import Model
from engine.facts import DURATION, Declared, Owner
from engine.invariants import InvariantFile, with_outcomes
from engine.policies import ClauseFile, Deployment, Framework, PolicySet, VocabularyFile
from engine.records import DecisionRecord
from engine.requests import RequestFile

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DATE = {"type": "string", "format": "date"}
_ABSENT = ["unknown", "not_applicable"]
_MODELS: dict[str, type[Model]] = {
    "request": RequestFile,
    "framework": Framework,
    "vocabulary": VocabularyFile,
    "clauses": ClauseFile,
    "deployment": Deployment,
    "cases": CaseFile,
    "never": InvariantFile,
    "decision": DecisionRecord,
}


def schemas(policies: PolicySet) -> dict[str, str]:
    """The schema of each kind of document, as JSON text."""
    return {name: _text(_schema(name, model, policies)) for name, model in _MODELS.items()}


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _schema(name: str, model: type[Model], policies: PolicySet) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PydanticJsonSchemaWarning)  # defaults that are conditions
        schema = _with_conditions(model.model_json_schema(by_alias=True))
    if name in ("framework", "vocabulary", "deployment"):
        schema.setdefault("$defs", {}).update(_conditions(policies.vocabulary))
    if name == "never":
        schema["$defs"].update(_conditions(with_outcomes(policies)))
    if name == "request":
        _state_facts(schema, policies)
    if name == "deployment":
        schema["$defs"]["Agency"]["properties"]["facts"] = _facts(policies.vocabulary.stated_under("party").values())
        schema["properties"]["facts"] = _facts(policies.vocabulary.stated_under("deployment").values())
    return {"$schema": _DIALECT, **schema}


def _with_conditions(schema: Any) -> Any:
    """The schema with a reference wherever a condition stands."""
    if isinstance(schema, list):
        return [_with_conditions(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "x-condition" in schema:
        return {"$ref": "#/$defs/condition"}
    return {key: _with_conditions(value) for key, value in schema.items()}


def _state_facts(schema: dict[str, Any], policies: PolicySet) -> None:
    """Complete the facts, codes and names that a request may use."""
    vocabulary, parts = policies.vocabulary, schema["$defs"]
    request = vocabulary.stated_under("request")
    purpose, categories = request.pop("purpose"), vocabulary["data.categories"]
    schema["properties"]["facts"] = _facts(request.values())
    owners: tuple[tuple[str, Owner], ...] = (
        ("Party", "party"), ("Dataset", "data"), ("Flow", "flow"), ("Output", "flow"),
    )  # fmt: skip
    for model, owner in owners:
        declared = vocabulary.stated_under(owner)
        parts[model]["properties"]["facts"] = _facts(declared.values())
        for short in ("kind", "form"):
            if short in parts[model]["properties"] and short in declared:
                parts[model]["properties"][short] = _value(declared[short])
    for part in (schema, parts["Flow"], parts["Output"]):
        part["properties"]["purpose"] = _at_least_one(_one_or_several(purpose))
    for model in ("Flow", "Output"):
        parts[model]["properties"]["request"] = _facts(request.values())
    parts["Dataset"]["properties"]["categories"] = _at_least_one(_one_or_several(categories))
    schema["properties"]["deployment"] = {"enum": sorted(policies.deployments)}
    parts["Claim"]["properties"]["basis"] = {"enum": sorted(policies.bases())}
    parts["Act"]["properties"]["step"] = {"enum": sorted(policies.steps())}
    texts = {name: ask for clause in policies.clauses.values() for name, ask in clause.asks.items()}
    happened = schema["properties"]["events"]["additionalProperties"]
    schema["properties"]["events"] = {
        "type": "object",
        "properties": {name: {**happened, "description": what} for name, what in sorted(policies.events.items())},
        "additionalProperties": False,
    }
    schema["properties"]["agreement"] = {
        "type": "object",
        "properties": {name: {"type": "string", "description": ask} for name, ask in sorted(texts.items())},
        "additionalProperties": False,
    }


def _facts(declared: Iterable[Declared]) -> dict[str, Any]:
    properties = {}
    for fact in sorted(declared, key=lambda d: d.key):
        schema = _value(fact)
        if fact.fact.towards:
            schema = {"anyOf": [schema, {"type": "object", "additionalProperties": schema}]}
        properties[fact.key] = {**schema, "description": fact.fact.question}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _value(declared: Declared) -> dict[str, Any]:
    """What may be stated of a fact."""
    if declared.fact.type == "codes":
        return _one_or_several(declared)
    return {"anyOf": [_scalar(declared), {"enum": _ABSENT if declared.optional else _ABSENT[:1]}]}


def _one_or_several(declared: Declared) -> dict[str, Any]:
    code = {"enum": sorted(declared.codes)}
    absent = {"enum": _ABSENT if declared.optional else _ABSENT[:1]}
    return {"anyOf": [code, absent, {"type": "array", "items": code}]}


def _at_least_one(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{**form, "minItems": 1} if form.get("type") == "array" else form for form in schema["anyOf"]]}


def _scalar(declared: Declared) -> dict[str, Any]:
    if declared.fact.type in ("code", "codes"):
        return {"enum": sorted(declared.codes)}
    if declared.fact.type == "date":
        return _DATE
    if declared.fact.type == "duration":
        return {"type": "string", "pattern": DURATION.pattern, "examples": ["30 days", "24 hours"]}
    return {"type": {"boolean": "boolean", "number": "number", "text": "string"}[declared.fact.type]}


# Conditions ----------------------------------------------------------------------------------------------------------


def _conditions(vocabulary: Iterable[Declared]) -> dict[str, Any]:
    """The schemas of a condition and of the tests of every fact, with its codes."""
    here = {"$ref": "#/$defs/condition"}
    some = {"type": "array", "items": here, "minItems": 1}
    declared = sorted(vocabulary, key=lambda d: d.name)
    properties: dict[str, Any] = {
        "all": some,
        "any": some,
        "not": here,
        "at_least": {
            "type": "object",
            "properties": {"count": {"type": "integer", "minimum": 1}, "of": some},
            "required": ["count", "of"],
            "additionalProperties": False,
        },
        "definition": {"type": "string"},
        "id": {"type": "string"},
        "says": {"type": "string"},
        "cite": {"type": "string"},
        "checked": {"enum": list(CHECKED)},
    }
    properties |= {d.name: {"$ref": f"#/$defs/{_named(d)}"} for d in declared}
    condition = {"anyOf": [some, {"type": "object", "properties": properties, "additionalProperties": False}]}
    types = {kind: _tests_of(kind) for kind in ("boolean", "date", "number", "duration", "text")}
    return {"condition": condition, **types, **{_named(d): _test(d) for d in declared}}


def _named(declared: Declared) -> str:
    scope = "party" if declared.scope == "party" else declared.name.partition(".")[0]
    return f"{scope}.{declared.key}"


def _test(declared: Declared) -> dict[str, Any]:
    kind, question = declared.fact.type, declared.fact.question
    if kind not in ("code", "codes"):
        return {"$ref": f"#/$defs/{kind}", "description": question}
    return {**_forms(kind, {"enum": sorted(declared.codes)}), "description": question}


def _tests_of(kind: str) -> dict[str, Any]:
    types = {"boolean": "boolean", "number": "number"}
    return _forms(kind, _DATE if kind == "date" else {"type": types.get(kind, "string")})


def _forms(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    """The ways to write a test: a value, a list of them, one operator, or another fact."""
    other = {"type": "object", "properties": {"fact": {"type": "string"}}, "required": ["fact"]}
    right = {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}, other]}
    operators = [name for name, kinds in OPERATORS.items() if kind in kinds and name not in ("is", "known")]
    tests = {
        "type": "object",
        "propertyNames": {"enum": [*operators, "known"]},
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {"known": {"const": True}},
        "additionalProperties": right,
    }
    return {"anyOf": [right, tests]} if kind not in ("codes", "text") else tests
