"""A policy set as a bundle for the Open Policy Agent: rules, data and manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from engine.backends.rego.frameworks import exclusions_file, framework_file
from engine.backends.rego.schema import input_schema
from engine.policies import Owed, PolicySet
from engine.rows import requirement_key


def bundle(policies: PolicySet) -> dict[str, str]:
    """The files of the bundle, by path."""
    library = files("engine.backends.rego").joinpath("library")
    result = {f"library/{item.name}": item.read_text() for item in library.iterdir() if item.name.endswith(".rego")}
    for framework in policies.all_frameworks():
        result[f"policies/{framework.framework}.rego"] = framework_file(framework, policies.vocabulary)
    result["policies/exclusive.rego"] = exclusions_file(policies)
    result["data.json"] = _json({"assent": _data(policies)})
    result[".manifest"] = _json({"revision": policies.digest, "roots": ["assent"], "rego_version": 1})
    return dict(sorted(result.items()))


def _json(data: Any) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _data(policies: PolicySet) -> dict[str, Any]:
    return {
        "revision": policies.digest,
        "schema": input_schema(policies),
        "frameworks": list(_frameworks(policies)),
        "types": {declared.name: declared.fact.type for declared in policies.vocabulary},
        "unknown": _unknown(policies),
        "instruments": {name: paper.title for name, paper in policies.instruments.items()},
        "clauses": {
            name: {"title": clause.title, "element": clause.element, "text": clause.text}
            for name, clause in policies.clauses.items()
        },
        "requirements": {
            rule: [_requirement(owed) for owed in demanded] for rule, demanded in _demanded(policies) if demanded
        },
    }


def _frameworks(policies: PolicySet) -> Iterator[dict[str, Any]]:
    """The frameworks and their rules in the order of the policies; house rules with their deployment."""
    houses: Mapping[str, str] = {
        framework.framework: name for name, house in policies.deployments.items() for framework in house.rules
    }
    for framework in policies.all_frameworks():
        yield {
            "name": framework.framework,
            "title": framework.title,
            "house": houses.get(framework.framework),
            "applies": framework.applies.id,
            "bars": [{"name": key, "id": bar.id} for key, bar in framework.bars.items()],
            "bases": [
                {"name": key, "id": basis.id, "title": basis.title, "attaches": basis.attaches}
                for key, basis in framework.bases.items()
            ],
        }


def _unknown(policies: PolicySet) -> dict[str, dict[str, None]]:
    """Every fact, unknown: what the rules read of a row that states nothing."""
    result: dict[str, dict[str, None]] = {}
    for declared in policies.vocabulary:
        result.setdefault(declared.name.partition(".")[0], {})[declared.key] = None
    return result


def _demanded(policies: PolicySet) -> Iterator[tuple[str, tuple[Owed, ...]]]:
    for framework in policies.all_frameworks():
        yield framework.applies.id, framework.owed()
        for key, basis in framework.bases.items():
            yield basis.id, framework.owed(key)


def _requirement(owed: Owed) -> dict[str, Any]:
    said = {"says": owed.says, "cite": owed.cite, "checked": owed.checked, "note": owed.note, "within": owed.limit}
    return {"key": requirement_key(owed), **{key: value for key, value in said.items() if value}}
