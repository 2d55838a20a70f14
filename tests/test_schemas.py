"""The JSON Schemas that editors and other programs use: complete, current, and as strict as the engine about names."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from engine.decisions import decide
from engine.documents import DocumentProblems, parse, read, shipped
from engine.policies import PolicySet, load_policies
from engine.records import record
from engine.requests import check_request, read_request
from engine.schemas import schemas
from tests.strategies import as_yaml
from tests.writing import policies

SCHEMAS = shipped("schemas")
START = sorted((SCHEMAS / "start").glob("*.yaml"))
KINDS = ("request", "cases", "never", "framework", "vocabulary", "clauses", "deployment")
"""The key that tells what a document is, and the name of its schema; a request may name its deployment too."""
FILES = sorted([*shipped("policies").rglob("*.yaml"), *shipped("cases").rglob("*.yaml"), *START])
OWN_FACTS = SCHEMAS / "start" / "framework.yaml"
"""It declares facts and codes of its own, which only schemas made with it know."""
NAMES = sorted(path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.schema.json"))


@cache
def schema(name: str) -> dict[str, Any]:
    found = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def plain(data: Any) -> Any:
    """Data as JSON has them: dates are text."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [plain(item) for item in data]
    return data.isoformat() if isinstance(data, date) else data


def mistakes(found: str | dict[str, Any], data: Any) -> list[str]:
    """What a schema, or the shipped one of that name, finds wrong."""
    wanted = schema(found) if isinstance(found, str) else found
    validator = Draft202012Validator(wanted, format_checker=FormatChecker(["date"]))
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(plain(data))]


def short(path: Path) -> str:
    return str(path.relative_to(SCHEMAS.parent))


# Current --------------------------------------------------------------------------------------------------------------


def test_the_schemas_are_those_that_the_product_generates(shipped_policies: PolicySet) -> None:
    made = schemas(shipped_policies)
    assert set(made) == set(NAMES)
    stale = [
        name for name, text in made.items() if text != (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")
    ]
    assert not stale, "run: make schemas (.venv/bin/assent schema --write schemas)"


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_itself_valid(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_refers_to_nothing_that_it_does_not_define(name: str) -> None:
    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            yield from (ref for value in part.values() for ref in references(value))
        elif isinstance(part, list):
            yield from (ref for item in part for ref in references(item))

    defined = {f"#/$defs/{key}" for key in schema(name).get("$defs", {})}
    assert set(references(schema(name))) <= defined


# What is shipped ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [path for path in FILES if path != OWN_FACTS], ids=short)
def test_every_shipped_document_follows_its_schema(path: Path) -> None:
    data = read(path).data
    kinds = [kind for kind in KINDS if kind in data]
    assert kinds, "no schema for a document of this kind"
    assert mistakes(kinds[0], data) == []


@pytest.mark.parametrize("path", FILES, ids=short)
def test_every_shipped_document_names_its_schema_for_editors(path: Path) -> None:
    first, _, _ = path.read_text(encoding="utf-8").partition("\n")
    head = "# yaml-language-server: $schema="
    assert first.startswith(head)
    named = path.parent / first.removeprefix(head)
    expected = SCHEMAS if path in START else named.parent.resolve()
    assert expected == SCHEMAS, named
    assert (SCHEMAS / named.name).is_file(), named


def test_a_decision_follows_its_schema(shipped_policies: PolicySet) -> None:
    request = read_request(shipped("cases") / "p20win" / "r01.yaml", shipped_policies)
    document = record(decide(shipped_policies, request))
    assert mistakes("decision", document.model_dump(mode="json")) == []
    assert mistakes("decision", json.loads(document.model_dump_json(exclude_defaults=True))) == []


# As strict as the engine ----------------------------------------------------------------------------------------------


def changed(data: Any, *path: str | int, to: Any) -> Any:
    """A copy of some data with one part replaced."""
    result = copy.deepcopy(plain(data))
    here = result
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = to
    return result


@pytest.fixture(scope="module")
def request_data() -> Any:
    return read(SCHEMAS / "start" / "request.yaml").data


@pytest.fixture(scope="module")
def framework_data() -> Any:
    return read(OWN_FACTS).data


@pytest.fixture(scope="module")
def own_schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The schemas made with a framework of one's own."""
    folder = tmp_path_factory.mktemp("mine")
    (folder / OWN_FACTS.name).write_bytes(OWN_FACTS.read_bytes())
    return {name: json.loads(text) for name, text in schemas(load_policies(folder)).items()}


REQUEST_MISTAKES: list[tuple[tuple[str | int, ...], Any]] = [
    (("purpos",), "evaluation"),
    (("purpose",), "evaluatoin"),
    (("purpose",), ["evaluation", "studdy"]),
    (("facts", "program_is_edducation"), True),
    (("facts", "program_is_education"), "yes"),
    (("facts", "program_is_education"), "not_applicable"),
    (("facts", "program_public_support"), "city"),
    (("date",), 20261123),
    (("deployment",), "p30win"),
    (("parties", "UNIVERSITY", "kind"), "universty"),
    (("parties", "UNIVERSITY", "facts"), {"knid": "public_postsecondary"}),
    (("datasets", "graduates", "categories"), ["education_records"]),
    (("datasets", "graduates", "facts"), {"contains_sssn": True}),
    (("flows", 0, "form"), "coded_maybe"),
    (("flows", 0, "facts", "chanel"), "sftp"),
    (("flows", 0, "facts", "channel"), "pigeon"),
    (("outputs", 0, "facts", "smallest_cell"), "ten"),
    (("claims",), [{"basis": "ferpa.basis.audit-evaluatoin"}]),
    (("steps",), [{"step": "ferpa.step.record-disclosur", "status": "done"}]),
    (("steps",), [{"step": "ferpa.step.record-disclosure", "status": "maybe"}]),
    (("instruments",), [{"instrument": "ferpa_designation", "between": [], "status": "signed"}]),
    (("agreement",), {"activty": "We compare."}),
]


@pytest.mark.parametrize(("path", "value"), REQUEST_MISTAKES, ids=lambda part: str(part)[:60])
def test_the_schema_of_requests_refuses_what_the_engine_refuses(
    request_data: Any, path: tuple[str | int, ...], value: Any
) -> None:
    assert mistakes("request", request_data) == []
    assert mistakes("request", changed(request_data, *path, to=value)) != []


@pytest.mark.parametrize("value", ["unknown", True, False])
def test_the_schema_of_requests_takes_unknown_for_any_fact(request_data: Any, value: Any) -> None:
    assert mistakes("request", changed(request_data, "facts", "program_is_education", to=value)) == []


CONDITION_MISTAKES: list[Any] = [
    {"request.purpos": "audit"},
    {"request.purpose": "audti"},
    {"request.purpose": ["evaluation", "audti"]},
    {"request.purpose": {"befor": "2026-01-01"}},
    {"request.purpose": {"after": "2026-01-01"}},
    {"receiver.kind": {"not": "state_agencyy"}},
    {"data.categories": "education_record"},
    {"data.categories": {"includes": "education_recrd"}},
    {"receiver.is_hub": "yes"},
    {"al": [{"request.purpose": "audit"}]},
    {"all": []},
    {"all": [{"request.purpose": "audti"}]},
    {"not": {"request.purpose": "audti"}},
    {"at_least": {"count": 0, "of": [{"request.purpose": "audit"}]}},
    {"at_least": {"of": [{"request.purpose": "audit"}]}},
    {"definition": 5},
    {"request.purpose": "audit", "checked": "read"},
    "request.purpose",
]


@pytest.mark.parametrize("condition", CONDITION_MISTAKES, ids=str)
def test_the_schema_of_frameworks_refuses_what_the_engine_refuses(
    framework_data: Any, own_schemas: dict[str, dict[str, Any]], condition: Any
) -> None:
    path = ("bases", "evaluation", "when")
    framework = own_schemas["framework"]
    assert mistakes(framework, changed(framework_data, *path, to={"request.purpose": "audit"})) == []
    assert mistakes(framework, changed(framework_data, *path, to=condition)) != []


FRAMEWORK_MISTAKES: list[tuple[tuple[str | int, ...], Any]] = [
    (("framework",), "My Framework"),
    (("bass",), {}),
    (("bases", "evaluation", "checked"), "read"),
    (("bases", "evaluation", "in_force"), {"since": "2020-01-01"}),
    (("bases", "evaluation", "requires"), [{"step": "log", "due": "soon"}]),
    (("bases", "evaluation", "requires"), [{"step": "log", "says": "Log", "fro": "ever"}]),
    (("applies", "cite"), ""),
    (("facts", "receiver.example_trained", "type"), "bool"),
]


@pytest.mark.parametrize(("path", "value"), FRAMEWORK_MISTAKES, ids=lambda part: str(part)[:60])
def test_the_schema_of_frameworks_refuses_other_forms(
    framework_data: Any, own_schemas: dict[str, dict[str, Any]], path: tuple[str | int, ...], value: Any
) -> None:
    assert mistakes(own_schemas["framework"], framework_data) == []
    assert mistakes(own_schemas["framework"], changed(framework_data, *path, to=value)) != []


def test_every_fact_in_the_schema_of_requests_has_its_question(shipped_policies: PolicySet) -> None:
    declared = shipped_policies.vocabulary.stated_under("flow")
    properties = schema("request")["$defs"]["Flow"]["properties"]["facts"]["properties"]
    assert set(properties) == set(declared)
    assert all(properties[key]["description"] == fact.fact.question for key, fact in declared.items())


# The same answers as the engine ---------------------------------------------------------------------------------------

VALUES = ["study", "school", "lab", ["school"], ["school", "wage"], [], ["school", "unknown"], "unknown",
          "not_applicable", "nonsense", True, 5, 1.5, -1, date(2026, 1, 1), "2026-01-01", "30 days", "1 hour", "30",
          {"OWNER": date(2026, 1, 1)}, {"OWNER": "unknown"}, {"OWNER": "nonsense"}]  # fmt: skip
PLACES: list[tuple[str | int, ...]] = [
    ("purpose",), ("facts", "approved"), ("facts", "ethics"), ("facts", "signed_on"), ("facts", "expires_on"),
    ("parties", "LAB", "kind"), ("parties", "LAB", "facts", "kind"), ("parties", "LAB", "facts", "trusted"),
    ("parties", "LAB", "facts", "barred_until"), ("datasets", "records", "categories"),
    ("datasets", "records", "facts", "categories"), ("datasets", "records", "facts", "sensitive"),
    ("flows", 0, "form"), ("flows", 0, "purpose"), ("flows", 0, "facts", "smallest_cell"),
    ("flows", 0, "facts", "kept_for"), ("flows", 0, "request", "approved"),
]  # fmt: skip


@pytest.fixture(scope="module")
def small() -> tuple[PolicySet, dict[str, Any]]:
    found = policies()
    return found, json.loads(schemas(found)["request"])


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_a_fact_is_taken_by_the_schema_and_by_the_engine_alike(
    small: tuple[PolicySet, dict[str, Any]], path: tuple[str | int, ...]
) -> None:
    differences = []
    for value in VALUES:
        data: Any = {
            "request": "x", "title": "X", "date": date(2026, 11, 23), "facts": {},
            "parties": {"OWNER": {}, "LAB": {"facts": {}}}, "datasets": {"records": {"owner": "OWNER", "facts": {}}},
            "flows": [{"id": "leg", "from": "OWNER", "to": "LAB", "carries": ["records"], "facts": {}, "request": {}}],
        }  # fmt: skip
        here = data
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = value
        try:
            check_request(parse(as_yaml(data), "request.yaml"), small[0])
            engine = True
        except DocumentProblems:
            engine = False
        if engine != (mistakes(small[1], data) == []):
            differences.append(
                f"{value!r}: the engine {'takes' if engine else 'refuses'} it, the schema does not agree"
            )
    # A date in quotes is text to the engine; JSON has no other way to write one.
    assert [difference for difference in differences if "'2026-01-01'" not in difference] == []
