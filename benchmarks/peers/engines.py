"""The peers themselves: each takes the rules once and is then asked whether a request is permitted, yes or no.

A request is the plain facts of its disclosures. What a peer needs to turn them into its own values counts as its time,
as it would for its user.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.peers.languages import Cedar, Cel, JsonLogic, Python, Rego, Zen
from benchmarks.peers.rules import Law, Plain, permitted
from engine.facts import Vocabulary

Plainly = dict[str, Plain]
Ask = Callable[[Sequence[Plainly]], bool]
Prepare = Callable[[Sequence[Law], Vocabulary], Ask]


def python(laws: Sequence[Law], vocabulary: Vocabulary) -> Ask:
    """A Python function, as somebody would write it by hand for these rules: true or false, no reasons."""
    language = Python()
    body = language.every([permitted(law, language, vocabulary) for law in laws])
    namespace: dict[str, Any] = {}
    exec(f"def permits(f):\n    return {body}\n", namespace)
    permits = namespace["permits"]
    return lambda request: all(permits(facts) for facts in request)


def cedar(laws: Sequence[Law], vocabulary: Vocabulary) -> Ask:
    """Cedar: one policy that permits, one for each framework that forbids."""
    import cedarpy

    language = Cedar()
    forbids = [
        f"forbid (principal, action, resource) when {{ {language.opposite(permitted(law, language, vocabulary))} }};"
        for law in laws
    ]
    policies = cedarpy.PolicySet.from_str("\n".join(["permit (principal, action, resource);", *forbids]))
    entities = cedarpy.Entities.from_json_str("[]")
    asked = {"principal": 'P::"p"', "action": 'A::"share"', "resource": 'D::"d"'}

    def ask(request: Sequence[Plainly]) -> bool:
        answers = cedarpy.is_authorized_batch([{**asked, "context": facts} for facts in request], policies, entities)
        return all(answer.allowed for answer in answers)

    return ask


def cel(laws: Sequence[Law], vocabulary: Vocabulary) -> Ask:
    """CEL in Rust, by common-expression-language."""
    from cel import compile as compile_

    language = Cel()
    program = compile_(language.every([permitted(law, language, vocabulary) for law in laws]))
    return lambda request: all(program.execute({"f": facts}) is True for facts in request)


def cel_python(laws: Sequence[Law], vocabulary: Vocabulary) -> Ask:
    """CEL in Python, by cel-python."""
    import celpy
    from celpy.adapter import json_to_cel

    language = Cel()
    environment = celpy.Environment()
    source = language.every([permitted(law, language, vocabulary) for law in laws])
    program = environment.program(environment.compile(source))
    return lambda request: all(bool(program.evaluate({"f": json_to_cel(facts)})) for facts in request)


def zen(laws: Sequence[Law], vocabulary: Vocabulary) -> Ask:
    """ZEN, as one compiled expression."""
    from zen import compile_expression

    language = Zen()
    expression = compile_expression(language.every([permitted(law, language, vocabulary) for law in laws]))
    return lambda request: all(expression.evaluate({"f": facts}) is True for facts in request)


def json_logic(laws: Sequence[Law], vocabulary: Vocabulary) -> Ask:
    """JsonLogic in Python, by panzi-json-logic."""
    from json_logic import jsonLogic

    language = JsonLogic()
    rule = language.every([permitted(law, language, vocabulary) for law in laws])
    return lambda request: all(jsonLogic(rule, facts) is True for facts in request)


def rego_source(laws: Sequence[Law], vocabulary: Vocabulary) -> str:
    """The rules as a Rego module; `input` is the request."""
    language = Rego()
    whole = language.every([permitted(law, language, vocabulary) for law in laws])
    head = "package bench\n\ndefault allow := false\n\nallow if {\n    every f in input { " + whole + " }\n}\n"
    return "\n".join([head, *language.rules])


def regopy(laws: Sequence[Law], vocabulary: Vocabulary) -> Ask:
    """Rego in regopy (rego-cpp)."""
    from regopy import Input, Interpreter

    interpreter = Interpreter()
    interpreter.add_module("bench", rego_source(laws, vocabulary))
    bundle = interpreter.build("answer = data.bench.allow")

    def ask(request: Sequence[Plainly]) -> bool:
        interpreter.set_input(Input(list(request)))
        answer = interpreter.query_bundle(bundle)
        return json.loads(answer.binding("answer").json()) is True

    return ask


def opa_over_http(url: str) -> Ask:
    """A running OPA server that has loaded `rego_source`, over one kept connection."""
    from http.client import HTTPConnection

    connection = HTTPConnection(urlsplit(url).netloc)

    def ask(request: Sequence[Plainly]) -> bool:
        body = json.dumps({"input": list(request)})
        connection.request("POST", "/v1/data/bench/allow", body, {"Content-Type": "application/json"})
        return json.load(connection.getresponse()).get("result") is True

    return ask


def write_rego(laws: Sequence[Law], vocabulary: Vocabulary, folder: Path) -> Path:
    """The rules as a file that an OPA server can load."""
    path = folder / "bench.rego"
    path.write_text(rego_source(laws, vocabulary), encoding="utf-8")
    return path


IN_PROCESS: dict[str, Prepare] = {
    "plain Python": python,
    "Cedar (cedarpy)": cedar,
    "CEL (common-expression-language)": cel,
    "CEL (cel-python)": cel_python,
    "ZEN (zen-engine)": zen,
    "JsonLogic (panzi-json-logic)": json_logic,
    "Rego (regopy)": regopy,
}
MODULES = {
    "Cedar (cedarpy)": "cedarpy", "CEL (common-expression-language)": "cel", "CEL (cel-python)": "celpy",
    "ZEN (zen-engine)": "zen", "JsonLogic (panzi-json-logic)": "json_logic", "Rego (regopy)": "regopy",
}  # fmt: skip
"""What has to be installed for each but plain Python."""
