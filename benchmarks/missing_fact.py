"""What policy engines answer when a prohibition rests on a fact that nobody stated.

The rule: data may go to a receiver with an agreement, but never to one that is debarred. Nobody said whether this
receiver is debarred. Each engine is asked three times: debarred, not debarred, and nothing said. Where the natural way
to write the rule fails on the absent fact, a second entry shows the way its manual recommends.

Run with `python -m benchmarks.missing_fact`, in an environment with the extra `peers`. Prints a Markdown table.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

from benchmarks.opa import opa, opa_server
from engine.decisions import decide
from engine.documents import parse
from engine.policies import compile_policies
from engine.requests import check_request

Facts = dict[str, Any]
Ask = Callable[[Facts], str]

DEBARRED: Facts = {"agreement": True, "debarred": True}
FREE: Facts = {"agreement": True, "debarred": False}
UNSTATED: Facts = {"agreement": True}

CEDAR = """
permit (principal, action, resource) when { principal.agreement };
forbid (principal, action, resource) when { principal.debarred };
"""
CEDAR_GUARDED = """
permit (principal, action, resource) when { principal.agreement };
forbid (principal, action, resource) when { principal has debarred && principal.debarred };
"""
REGO = """
package share

default allow := false

allow if {
    input.receiver.agreement
    not deny
}

deny if input.receiver.debarred
"""
ZEN = "receiver.agreement == true and not (receiver.debarred == true)"
CEL = "receiver.agreement && !receiver.debarred"
CEL_GUARDED = "receiver.agreement && !(has(receiver.debarred) && receiver.debarred)"
JSON_LOGIC = {"and": [{"var": "receiver.agreement"}, {"!": [{"var": "receiver.debarred"}]}]}
ASSENT = """
framework: sharing
title: Sharing
authority: the rule above
facts:
  receiver.agreement: {type: boolean, question: Is there an agreement with the receiver?}
  receiver.debarred: {type: boolean, question: Is the receiver debarred?}
applies: {says: Everything, cite: the rule, checked: text}
bars:
  debarred: {says: The receiver is debarred, cite: the rule, checked: text, when: {receiver.debarred: true}}
bases:
  agreement: {title: Agreement, cite: the rule, checked: text, when: {receiver.agreement: true}}
"""
ASSENT_REQUEST = """
request: example
title: Example
date: 2026-11-23
parties: {OWNER: {kind: state_agency}, RECEIVER: {kind: state_agency, facts: FACTS}}
datasets: {data: {owner: OWNER}}
flows: [{id: there, from: OWNER, to: RECEIVER, carries: [data]}]
"""
VOCABULARY = """
vocabulary: shared
facts:
  request.purpose: {type: code, question: What for?, codes: {study: A study}}
  party.kind: {type: code, question: What is it?, codes: {state_agency: A state agency}}
  data.categories: {type: codes, question: Which records?, codes: {file: A file}}
"""


def main() -> None:
    """Print the table."""
    print("| engine | debarred | not debarred | nobody said | the answer for what nobody said |")
    print("| --- | --- | --- | --- | --- |")
    for name, ask in engines().items():
        answers = [ask(facts) for facts in (DEBARRED, FREE, UNSTATED)]
        print(f"| {name} | {' | '.join(answers)} | {verdict(answers[2])} |")


def engines() -> dict[str, Ask]:
    """How each engine is asked, by its name; the OPA server only where there is an `opa` program."""
    found: dict[str, Ask] = {
        "Cedar (cedarpy)": cedar(CEDAR),
        "Cedar (cedarpy), guarded with `has`": cedar(CEDAR_GUARDED),
        "Rego (regopy)": rego,
    }
    if opa():
        found["Rego (OPA server)"] = rego_server
    return found | {
        "ZEN (zen-engine)": zen,
        "CEL (common-expression-language)": cel(CEL),
        "CEL (common-expression-language), guarded with `has`": cel(CEL_GUARDED),
        "CEL (cel-python)": cel_python(CEL),
        "CEL (cel-python), guarded with `has`": cel_python(CEL_GUARDED),
        "JsonLogic (panzi-json-logic)": json_logic,
        "assent": assent,
    }


def verdict(answer: str) -> str:
    """What an answer means for the persons in the data."""
    first = answer.partition(" ")[0].rstrip(";,:")
    return {"allow": "shared", "deny": "not shared", "error": "left to the caller"}.get(first, "asked first")


def word(allowed: object) -> str:
    """The answer of an engine that knows two."""
    return "allow" if allowed is True else "deny"


def cedar(policies: str) -> Ask:
    """Cedar."""
    import cedarpy

    asked = {"principal": 'Party::"r"', "action": 'Action::"share"', "resource": 'Data::"d"', "context": {}}

    def ask(facts: Facts) -> str:
        entities = [{"uid": {"type": "Party", "id": "r"}, "attrs": facts, "parents": []}]
        result = cedarpy.is_authorized(asked, policies, entities)
        errors = "; an error beside it says that the prohibition was skipped" if result.diagnostics.errors else ""
        return word(result.allowed) + errors

    return ask


def rego(facts: Facts) -> str:
    """Rego in regopy."""
    from regopy import Interpreter

    interpreter = Interpreter()
    interpreter.add_module("share", REGO)
    interpreter.set_input({"receiver": facts})
    answer = interpreter.query("answer = data.share.allow")  # kept: what a binding shows lives in it
    return word(json.loads(answer.binding("answer").json()))


def rego_server(facts: Facts) -> str:
    """Rego in a server of the Open Policy Agent."""
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "share.rego"
        policy.write_text(REGO, encoding="utf-8")
        with opa_server([policy]) as url:
            body = json.dumps({"input": {"receiver": facts}}).encode()
            request = HttpRequest(f"{url}/v1/data/share/allow", body, {"Content-Type": "application/json"})
            with urlopen(request, timeout=10) as answer:
                return word(json.load(answer).get("result"))


def zen(facts: Facts) -> str:
    """ZEN's expression language."""
    from zen import evaluate_expression

    return word(evaluate_expression(ZEN, {"receiver": facts}))


def cel(expression: str) -> Ask:
    """CEL in Rust, by common-expression-language."""
    import cel as engine

    def ask(facts: Facts) -> str:
        try:
            return word(engine.evaluate(expression, {"receiver": facts}))
        except KeyError:
            return "error: no such key"

    return ask


def cel_python(expression: str) -> Ask:
    """CEL in Python, by cel-python."""
    import celpy
    from celpy.adapter import json_to_cel
    from celpy.evaluation import CELEvalError

    environment = celpy.Environment()
    program = environment.program(environment.compile(expression))

    def ask(facts: Facts) -> str:
        try:
            return word(bool(program.evaluate({"receiver": json_to_cel(facts)})))
        except CELEvalError:
            return "error: no such member"

    return ask


def json_logic(facts: Facts) -> str:
    """JsonLogic."""
    from json_logic import jsonLogic

    return word(jsonLogic(JSON_LOGIC, {"receiver": facts}))


def assent(facts: Facts) -> str:
    """This engine."""
    policies = compile_policies([parse(VOCABULARY), parse(ASSENT)])
    request = check_request(parse(ASSENT_REQUEST.replace("FACTS", json.dumps(facts))), policies)
    decision = decide(policies, request)
    asks = [policies.vocabulary[reading.name].fact.question for reading in decision.missing]
    return f"{decision.outcome}: {' '.join(asks)}" if asks else decision.outcome


if __name__ == "__main__":
    main()
