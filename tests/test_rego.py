"""The rules as a bundle for the Open Policy Agent: accepted by its tools, and of one mind with the engine.

Skipped where there is no `opa` program.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

pytest.importorskip("opa_client")


from benchmarks.opa import opa, opa_server
from engine.backends.rego.answers import Answer, found
from engine.backends.rego.bundle import bundle
from engine.backends.rego.conditions import Writer
from engine.backends.rego.deciding import decide_by_server
from engine.backends.rego.server import Server
from engine.cases import Whole, case_files, run_file
from engine.conditions import CHECKED, OPERATORS, FactName, Proof, evaluate
from engine.conditions import Test as FactTest
from engine.decisions import Decision, decide
from engine.documents import Document, shipped
from engine.facts import Duration
from engine.policies import PolicySet, load_policies
from engine.records import TRUTH_WORDS
from engine.requests import Request, check_request, read_request
from engine.rows import Leg, Row
from tests.house import LAW, ROOT, assent, at_home, build, everything, refused, write
from tests.opa import Loader
from tests.strategies import World, worlds
from tests.writing import LAW_HEAD, attempt, law
from tests.writing import request as requested

pytestmark = pytest.mark.skipif(opa() is None, reason="there is no opa program")


def run_opa(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(opa()), *map(str, arguments)], capture_output=True, text=True, timeout=120)


def exported(files: dict[str, str], folder: Path) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def accepted(folder: Path) -> None:
    """Nothing to complain of for `opa check --strict`, nothing to change for `opa fmt`."""
    checked, formatted = run_opa("check", "--strict", "--bundle", folder), run_opa("fmt", "--list", folder)
    assert (checked.returncode, checked.stderr + checked.stdout) == (0, "")
    assert (formatted.returncode, formatted.stdout) == (0, "")


def agrees(server: Server, policies: PolicySet, request: Request, decision: Decision | None = None) -> Answer:
    """The server's answer, which is the engine's in every part that it has."""
    expected = decision or decide(policies, request)
    answer = decide_by_server(server, policies, request, expected.as_of)
    assert (answer.outcome, answer.ready) == (expected.outcome, expected.ready)
    assert [replied.model_copy(update={"settled_here": False}) for replied in answer.findings] == [
        found(finding) for finding in expected.findings
    ]
    disclosures = {finding.disclosure.id: finding.disclosure for finding in expected.findings}
    for arrived in answer.disclosures:
        if arrived.disclosure not in disclosures:  # no law in force
            continue
        for name in ("received_under", "restrictions"):
            here, there = getattr(disclosures[arrived.disclosure], name), getattr(arrived, name)
            assert (here.has, here.may) == (frozenset(there.has), frozenset(there.may))
    return answer


# The law as shipped ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped_bundle(shipped_policies: PolicySet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "law"
    assert assent("export", "rego", "-o", folder).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def shipped_server(shipped_bundle: Path) -> Iterator[Server]:
    with opa_server([shipped_bundle]) as url:
        yield Server(url)


def test_the_tools_of_opa_accept_the_shipped_law(shipped_bundle: Path, tmp_path: Path) -> None:
    accepted(shipped_bundle)
    assert run_opa("build", "--bundle", shipped_bundle, "-o", tmp_path / "bundle.tar.gz").returncode == 0
    loaded = run_opa("eval", "--bundle", tmp_path / "bundle.tar.gz", "data.assent.revision", "--format", "raw")
    assert loaded.stdout.strip() == json.loads((shipped_bundle / ".manifest").read_text())["revision"]


def test_a_rule_is_annotated_with_its_paragraph(shipped_bundle: Path) -> None:
    inspected = json.loads(run_opa("inspect", "--annotations", "--format", "json", shipped_bundle).stdout)
    custom = [item["annotations"].get("custom", {}) for item in inspected["annotations"]]
    rule = next(item for item in custom if item.get("id") == "ferpa.basis.audit-evaluation")
    assert rule["cite"].startswith("34 CFR 99.3")
    assert rule["checked"] in CHECKED


class _Agreement:
    """Looks on while cases run, and asks the server the same; every so many cases."""

    def __init__(self, server: Server, every: int) -> None:
        self.server, self.every, self.seen, self.asked = server, every, 0, 0

    def pinned(self, pin: object, proof: Proof) -> None:
        """One rule alone is nothing to ask a server."""

    def decided(self, whole: Whole, decision: Decision) -> None:
        self.seen += 1
        if self.seen % self.every == 1:
            self.asked += 1
            agrees(self.server, decision.policies, whole.request, decision)


def test_the_server_answers_worked_cases_as_the_engine_does(
    shipped_server: Server, shipped_policies: PolicySet
) -> None:
    agreement = _Agreement(shipped_server, every=20)
    for path in case_files([shipped("cases") / "part-2"]):
        run_file(path, shipped_policies, agreement)
    assert agreement.asked > 3


@pytest.mark.parametrize("name", ["r01", "r05-college-transition", "joined-university-cured"])
def test_the_server_decides_example_requests_as_the_engine_does(
    name: str, shipped_server: Server, shipped_policies: PolicySet
) -> None:
    asked = read_request(shipped("cases") / "p20win" / f"{name}.yaml", shipped_policies)
    agrees(shipped_server, shipped_policies, asked)


def test_the_example_is_decided_by_a_server_as_at_home(shipped_server: Server) -> None:
    example = shipped("cases") / "p20win" / "joined-university.yaml"
    answer = assent("check", example, "--engine", "opa", "--opa-url", shipped_server.shown)
    assert answer.exit_code == assent("check", example).exit_code == 10
    assert answer.stdout.splitlines()[0] == "DENY"
    assert f"decided by the Open Policy Agent at {shipped_server.shown}" in answer.stdout


def test_the_example_in_the_documentation_is_decided(shipped_server: Server) -> None:
    page = (ROOT / "docs" / "opa.md").read_text(encoding="utf-8")
    asked = json.loads(page.partition("-d '")[2].partition("'\n")[0])["input"]
    answer = shipped_server.client.query_rule(asked, "assent", "decision")["result"]
    assert (answer["outcome"], answer["exact"]) == ("undetermined", False)
    assert answer["findings"][0].keys() == {"disclosure", "framework", "outcome", "applies"}


# Any law, any request -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    with opa_server([]) as url:
        yield Loader(url)


@settings(max_examples=40)
@given(world=worlds())
def test_the_server_and_the_engine_agree_on_any_law_and_request(loader: Loader, world: World) -> None:
    asked = check_request(Document("request", world.request), world.policies)
    decision, problems = attempt(lambda: decide(world.policies, asked))
    server = loader.load(world.policies)
    if decision is None:
        _, same = attempt(lambda: decide_by_server(server, world.policies, asked))
        event("contradicts itself")
        assert same == problems
        return
    answer = agrees(server, world.policies, asked, decision)
    event(f"{answer.outcome}, {'settled here' if any(f.settled_here for f in answer.findings) else 'by the server'}")


LAW_WITH_DATES = """
    applies: {says: Everything, cite: s. 1, checked: text, in_force: {from: 2026-01-01}}
    bars:
      old: {says: Then forbidden, cite: s. 3, checked: text, in_force: {until: 2026-05-31}}
    bases:
      first: {title: Until the reform, cite: s. 2, checked: text, in_force: {until: 2026-06-30}}
      second: {title: Since the reform, cite: s. 2, checked: text, in_force: {from: 2026-07-01}}
"""


@pytest.mark.parametrize(
    ("day", "outcome", "bases"),
    [
        ("2025-12-31", "not_applicable", ()),
        ("2026-01-01", "deny", ("law.basis.first",)),
        ("2026-05-31", "deny", ("law.basis.first",)),
        ("2026-06-30", "allow", ("law.basis.first",)),
        ("2026-07-01", "allow", ("law.basis.second",)),
    ],
)
def test_law_that_changed_is_decided_as_of_the_day_of_the_request(
    loader: Loader, day: str, outcome: str, bases: tuple[str, ...]
) -> None:
    policies = law(LAW_WITH_DATES)
    answer = agrees(loader.load(policies), policies, requested(policies, f"date: {day}"))
    assert [(found.outcome, found.bases) for found in answer.findings] == [(outcome, bases)]


@pytest.mark.parametrize("gone", ["bars", "applies"])
def test_a_bundle_that_lacks_a_rule_decides_nothing(loader: Loader, gone: str) -> None:
    loader.load(law(LAW_WITH_DATES))
    text = loader.loaded["policies/law.rego"]
    loader.client.update_policy_from_string(text.replace(f"\n{gone}", f"\nlost_{gone}"), "policies/law.rego")
    loader.loaded.clear()
    assert "the bundle must be whole" in asked_of(loader, chain(1))["problems"][0]


STATES: dict[str, list[Any]] = {
    "request.ethics": ["approved", "waived"],
    "request.signed_on": ["2026-05-31", "2026-06-01", "2026-06-02"],
    "request.expires_on": ["2026-05-31", "2026-06-01", "2026-06-02"],
    "request.approved": [True, False],
    "flow.smallest_cell": [9, 10, 10.5],
    "flow.kept_for": ["719 hours", "720 hours", "721 hours", "900 business days", "2 months"],
    "data.categories": [[], ["school"], ["wage"], ["school", "wage"], ["school", "health"]],
}
"""The values of facts in rows; each may also be unknown, or not apply, and a set have more than is said."""

OPERANDS: dict[str, list[tuple[Any, ...]]] = {
    "request.ethics": [("approved",), ("approved", "waived"), (FactName("request.ethics"),)],
    "request.signed_on": [(date(2026, 6, 1),), (FactName("request.expires_on"),)],
    "request.expires_on": [(date(2026, 6, 1),), (FactName("request.signed_on"),), (FactName("request.expires_on"),)],
    "request.approved": [(True,), (False,)],
    "flow.smallest_cell": [(10,), (10.5,)],
    "flow.kept_for": [(Duration(720, "hours"),), (Duration(2, "months"),), (FactName("flow.kept_for"),)],
    "data.categories": [("school",), ("school", "wage")],
}


def every_test(policies: PolicySet) -> Iterator[FactTest]:
    """Every operator on every fact that it tests."""
    several = ("any_of", "not", "includes_any", "includes_all", "excludes", "within")
    for fact, operands in OPERANDS.items():
        for operator, kinds in OPERATORS.items():
            if policies.vocabulary[fact].fact.type in kinds:
                fitting = [values for values in operands if len(values) == 1 or operator in several]
                fitting = [()] if operator == "known" else fitting
                yield from (FactTest(fact, operator, values) for values in fitting)


@settings(max_examples=40)
@given(data=st.data())
def test_every_test_has_the_truth_that_the_engine_gives_it(loader: Loader, data: st.DataObject) -> None:
    policies = law()
    loader.load(policies)
    row: dict[str, Any] = {**chain(1)["rows"][0], "facts": {}, "may": {}, "not_known": [], "does_not_apply": []}
    for fact, values in STATES.items():
        state = data.draw(st.sampled_from([*values, *values, "unstated", "not_known", "does_not_apply"]), label=fact)
        if state in ("not_known", "does_not_apply"):
            row[state].append(fact)
        elif state != "unstated":
            row["facts"][fact] = state
            if isinstance(state, list):
                row["may"][fact] = data.draw(st.sampled_from([[], ["wage"], ["school", "health"]]), label="may")
    tests, writer = list(every_test(policies)), Writer(policies.vocabulary)
    truths = ", ".join(map(writer.expression, tests))
    nothing = '{"received_under": {"has": set(), "may": set()}, "restrictions": {"has": set(), "may": set()}}'
    query = f"truths := [{truths}] with input as data.assent.facts.prepared(input, {nothing})"
    query = query.replace("tests.", "data.assent.tests.").replace("kleene.", "data.assent.kleene.")
    found = loader.client.ad_hoc_query(query, {**row, "as_of": "2026-11-23"})["result"][0]["truths"]
    leg = Leg(Row.model_validate(row), (), policies)
    assert dict(zip(tests, found, strict=True)) == {test: TRUTH_WORDS[evaluate(test, leg).truth] for test in tests}


TWO_LEGS = """
    parties: {OWNER: {}, LAB: {}, OTHER: {}}
    datasets: {records: {owner: OWNER}}
    flows:
      - {id: leg, from: OWNER, to: LAB, carries: [records]}
      - {id: onward, from: LAB, to: OTHER, carries: [records]}
"""


@pytest.mark.parametrize("claims", ["[]", "[{basis: law.basis.two}]", "[{basis: law.basis.two, flow: onward}]",
                                    "[{basis: law.basis.two}, {basis: law.basis.one}]"])  # fmt: skip
@pytest.mark.parametrize("approved", ["true", "false", "unknown"])
def test_what_is_claimed_opens_what_it_permits(loader: Loader, claims: str, approved: str) -> None:
    policies = law(
        """
        restrictions: {sealed: {says: Sealed, cite: s. 1}}
        bases:
          one: {title: One, cite: s. 1, checked: text, attaches: [sealed]}
          two: {title: Two, cite: s. 2, checked: text, when: {request.approved: true}}
        """
    )
    asked = requested(policies, TWO_LEGS, f"claims: {claims}", f"facts: {{approved: {approved}}}")
    agrees(loader.load(policies), policies, asked)


@pytest.mark.parametrize("reached", ["applies: {says: It does, WHEN}", "bars: {barred: {says: Barred, WHEN}}"])
def test_what_may_not_be_reached_opens_nothing_for_sure(loader: Loader, reached: str) -> None:
    when = "cite: s. 1, checked: text, when: {request.approved: true}"
    policies = law(reached.replace("WHEN", when), "bases: {one: {title: One, cite: s. 1, checked: text}}")
    answer = agrees(loader.load(policies), policies, requested(policies, TWO_LEGS))
    assert answer.disclosures[1].received_under.may == ("law.basis.one",)


STANDS_AGAINST = """
    applies: {says: Everything, cite: s. 1, checked: text}
    bars: {sensitive: {says: Nothing sensitive, cite: s. 2, checked: text, when: {data.sensitive: true}}}
    bases:
      study:
        title: A study
        cite: s. 3
        checked: text
        when: [{request.purpose: study}, {id: coded-only, flow.form: coded}]
      pact: {title: By pact, cite: s. 4, checked: text, requires: [{instrument: pact}]}
    requires: [{step: approval, says: Approve, by: provider}]
"""


@pytest.mark.parametrize(
    ("stated", "outcome", "failed"),
    [
        ("facts: {}", "allow", []),
        ("datasets: {records: {owner: OWNER, facts: {sensitive: unknown}}}", "undetermined",
         ["study: request.purpose"]),
        ("datasets: {records: {owner: OWNER, facts: {sensitive: true}}}", "deny",
         ["law.bar.sensitive", "study: request.purpose"]),
        ("steps: [{step: law.step.approval, status: refused}]", "deny",
         ["law.applies: law.step.approval", "study: request.purpose"]),
        ("instruments: [{instrument: pact, between: [OWNER, LAB], status: refused}]", "deny",
         ["study: request.purpose", "pact: pact"]),
    ],
)  # fmt: skip
def test_what_stands_against_an_answer_is_named(loader: Loader, stated: str, outcome: str, failed: list[str]) -> None:
    policies = law(STANDS_AGAINST)
    default = "datasets: {records: {owner: OWNER, facts: {sensitive: false}}}"
    asked = requested(policies, "purpose: audit", stated, *([] if stated.startswith("datasets") else [default]))
    (answer,) = agrees(loader.load(policies), policies, asked).findings
    assert answer.outcome == outcome
    assert answer.failed == tuple(name if name.startswith("law.") else f"law.basis.{name}" for name in failed)


@pytest.mark.parametrize("status", ["signed", "refused", "draft"])
@pytest.mark.parametrize("other", ["sender", "receiver"])
def test_nobody_signs_an_instrument_with_itself(loader: Loader, other: str, status: str) -> None:
    policies = law(
        f"bases: {{one: {{title: One, cite: s. 1, checked: text, "
        f"requires: [{{instrument: pact, between: [provider, {other}]}}]}}}}"
    )
    paper = f"{{instrument: pact, between: [OWNER, LAB], status: {status}}}"
    agrees(loader.load(policies), policies, requested(policies, TWO_LEGS, f"instruments: [{paper}]"))


HOSTILE = """
    definitions:
      default:
        says: "x\\n# METADATA\\n# title: [\\nbars[\\"y\\"] := \\"true\\""
        cite: s. 2
        checked: text
        when: {request.approved: true}
      not: {says: METADATA, cite: "`", checked: text, when: {not: {definition: default}}}
    applies: {says: "{{}} ${x} \\u2028 #", cite: "a: b", checked: text}
    bars:
      if:
        says: METADATA
        cite: "\\"]\\n}"
        checked: text
        note: "- {\\n# METADATA"
        when: {definition: not}
    bases:
      import:
        title: "\\"; data.assent.law := 1"
        cite: s. 3
        checked: text
        when:
          - {request.approved: true, says: "METADATA\\nscope: package", cite: "]"}
"""


def test_what_a_policy_says_stays_text(loader: Loader, tmp_path: Path) -> None:
    policies = law(HOSTILE)
    accepted(exported(bundle(policies), tmp_path))
    inspected = json.loads(run_opa("inspect", "--annotations", "--format", "json", tmp_path).stdout)
    titles = [item["annotations"].get("title") for item in inspected["annotations"]]
    assert '"; data.assent.law := 1' in titles
    for approved, outcome in (("true", "allow"), ("false", "deny"), ("unknown", "undetermined")):
        asked = requested(policies, f"facts: {{approved: {approved}}}")
        assert agrees(loader.load(policies), policies, asked).outcome == outcome


# Rows alone -----------------------------------------------------------------------------------------------------------


def chain(legs: int) -> dict[str, Any]:
    """Data that go from hand to hand."""
    row = {"flow": "f", "dataset": "d", "source": "d", "provider": "A", "sender": "A", "receiver": "B"}
    ready = [{**row, "id": str(i), "earlier": [i - 1] if i else []} for i in range(legs)]
    return {"request": "chain", "as_of": "2026-11-23", "rows": ready}


def asked_of(loader: Loader, data: dict[str, Any]) -> dict[str, Any]:
    return dict(loader.client.query_rule(data, "assent", "decision")["result"])


def test_what_a_basis_attaches_reaches_the_last_of_256_hands_and_no_more_are_decided(loader: Loader) -> None:
    loader.load(law("bases: {one: {title: A basis, cite: s. 1, checked: text}}"))
    answer = asked_of(loader, chain(256))
    assert answer["disclosures"][255]["received_under"] == {"has": ["law.basis.one"], "may": []}
    answer = asked_of(loader, chain(257))
    assert answer["problems"] == ["rows: data can go through 256 hands at most, and the bundle must be whole"]
    assert "outcome" not in answer


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"as_of": "soon"}, "as_of: Does not match format 'date'"),
        ({"deployment": "elsewhere"}, "deployment: deployment must be one of the following"),
        ({"rows": [{"id": "a"}]}, "rows.0: flow is required"),
        (
            {"facts": {"request.purpose": "studdy"}},
            "rows.0.facts.request.purpose: rows.0.facts.request.purpose must be",
        ),
        ({"facts": {"request.aproved": True}}, "rows.0.facts: Additional property request.aproved is not allowed"),
        ({"facts": {"request.signed_on": 5}}, "rows.0.facts.request.signed_on: Invalid type"),
        ({"earlier": [0]}, "rows.0.earlier: 0 is not the position of an earlier row"),
        ({"claims": ["law.basis.two"]}, "rows.0.claims.0: rows.0.claims.0 must be one of the following"),
        ({"refused": ["law.step.x by provider"]}, "rows.0.refused.0: rows.0.refused.0 must be one of the following"),
    ],
)
def test_wrong_rows_are_problems_and_never_an_outcome(loader: Loader, change: dict[str, Any], problem: str) -> None:
    loader.load(law("bases: {one: {title: A basis, cite: s. 1, checked: text}}"))
    data = chain(1)
    data |= {key: value for key, value in change.items() if key in ("as_of", "deployment", "rows")}
    data["rows"][0] |= {key: value for key, value in change.items() if key not in data and key != "deployment"}
    answer = asked_of(loader, data)
    assert [found for found in answer["problems"] if found.startswith(problem)], answer["problems"]
    assert "outcome" not in answer


@pytest.mark.parametrize(
    ("facts", "consistent"),
    [
        ({"flow.form": "coded", "data.sensitive": False}, True),
        ({"flow.form": "aggregate", "data.sensitive": False}, True),
        ({}, True),
        ({"data.sensitive": True}, True),
        ({"flow.form": "aggregate"}, False),
        ({"flow.form": "aggregate", "data.sensitive": True}, None),
    ],
)
def test_facts_that_exclude_one_another_are_told(
    loader: Loader, facts: dict[str, Any], consistent: bool | None
) -> None:
    """There is surely no contradiction where one of two facts can give way: the form can, being sensitive cannot."""
    exclusive = """
        exclusive:
          - [{flow.form: aggregate}, {data.sensitive: true}]
          - [{request.approved: true}, {data.sensitive: false}]
    """
    loader.load(law(exclusive, "bases: {one: {title: A basis, cite: s. 1, checked: text}}"))
    data = chain(1)
    data["rows"][0]["facts"] = facts
    answer = asked_of(loader, data)
    assert answer.get("consistent") is consistent
    told = ["rows.0: the facts flow.form and data.sensitive exclude one another"]
    assert answer.get("problems", []) == ([] if consistent is not None else told)


def test_a_row_has_what_its_own_earlier_rows_attach(loader: Loader) -> None:
    loader.load(law("bases: {one: {title: A basis, cite: s. 1, checked: text, when: {flow.form: coded}}}"))
    data = chain(3)
    for row, form, earlier in zip(data["rows"], ("identified", "coded", "coded"), ([], [], [1]), strict=True):
        row |= {"facts": {"flow.form": form}, "earlier": earlier}
    found = [arrived["received_under"]["has"] for arrived in asked_of(loader, data)["disclosures"]]
    assert found == [[], [], ["law.basis.one"]]


@pytest.mark.parametrize(
    ("papers", "outcome"),
    [
        ([], "deny"),
        ([{"reported": ["pact", "waiver"]}, {"has": ["pact"], "reported": ["pact"]}], "allow"),
        ([{"reported": ["pact"]}, {"reported": ["waiver"]}], "undetermined"),
        ([{"reported": ["pact", "waiver"]}], "deny"),
    ],
)
def test_one_paper_is_enough(loader: Loader, papers: list[dict[str, Any]], outcome: str) -> None:
    when = "{flow.instruments: {includes: pact}}"
    loader.load(law(f"bases: {{one: {{title: A basis, cite: s. 1, checked: text, when: {when}}}}}"))
    data = chain(1)
    data["rows"][0]["papers"] = [{"about": f"paper {i}", **paper} for i, paper in enumerate(papers)]
    assert asked_of(loader, data)["outcome"] == outcome


def test_a_row_that_states_nothing_is_undetermined(loader: Loader) -> None:
    loader.load(law("bars: {one: {says: Bar, cite: s. 1, checked: text, when: {request.purpose: marketing}}}",
                    "bases: {one: {title: A basis, cite: s. 1, checked: text}}"))  # fmt: skip
    assert asked_of(loader, chain(1))["outcome"] == "undetermined"


# The commands ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small house, as the current folder."""
    monkeypatch.chdir(tmp_path)
    build(tmp_path)


def check(url: str, *options: str) -> Any:
    return at_home("check", "request.yaml", "--engine", "opa", "--opa-url", url, *options)


def test_a_bundle_exported_at_home_decides_the_request_over_http(house: None) -> None:
    assert at_home("export", "rego", "-o", "law").exit_code == 0
    accepted(Path("law"))
    with opa_server([Path("law")]) as url:
        answer = check(url)
        assert (answer.exit_code, answer.stdout.splitlines()[0]) == (0, "ALLOW, not ready: steps are outstanding")
        assert "allow law: A study by a trusted laboratory (s. 3) law.basis.study" in answer.stdout
        assert "law.clause.use: Use" in answer.stdout
        assert "pact between provider and receiver" in answer.stdout
        data = json.loads(check(url, "--json").stdout)
        assert data["findings"][0]["clauses"] == ["law.clause.use", "law.clause.end"]
        assert "leave --engine opa out" in refused(check(url, "--explain"))
        secret = check(url.replace("http://", "http://someone:secret@"))
        assert secret.exit_code == 0
        assert "secret" not in secret.output

        write("policies/law.yaml", LAW_HEAD, LAW.replace("study, audit", "study"))
        assert "decides by other policies (" in refused(check(url))


def test_the_same_policies_are_the_same_bytes(house: None) -> None:
    for folder in ("one", "two"):
        at_home("export", "rego", "-o", folder)
    assert list(everything(Path("one")).values()) == list(everything(Path("two")).values())


def test_a_new_export_replaces_a_former_one_and_nothing_else(house: None) -> None:
    at_home("export", "rego", "-o", "law")
    write("policies/law.yaml", LAW_HEAD.replace("law", "act"), LAW)
    assert at_home("export", "rego", "-o", "law").exit_code == 0
    assert sorted(path.name for path in Path("law/policies").iterdir()) == ["act.rego", "exclusive.rego"]
    Path("law/mine.txt").write_text("mine")
    write("policies/law.yaml", LAW_HEAD, LAW)
    before = everything(Path("law"))
    assert "holds something else than a bundle" in refused(at_home("export", "rego", "-o", "law"))
    assert everything(Path("law")) == before
    assert not Path(".law.part").exists()


def test_a_server_without_the_bundle_has_no_decision_to_give(house: None) -> None:
    with opa_server([]) as url:
        assert "has no decision to give" in refused(check(url))


def test_an_address_where_nothing_or_something_else_answers_is_named(house: None) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://someone:secret@127.0.0.1:{free.getsockname()[1]}"
        message = refused(check(url))
    assert message.startswith("no server answers at http://127.0.0.1:")
    assert "opa run --server --bundle DIR" in message
    assert "secret" not in message
    with answering(200, b"<html>") as url:
        assert "is no Open Policy Agent server" in refused(check(url))
    with answering(403, b"{}") as url:
        assert "it answers with status 403" in refused(check(url))
    for wrong in ("localhost:8181", "ftp://host", "http://[", "http://host:port"):
        assert "is not the address of a server" in refused(check(wrong))


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """The address of a server that always answers the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_server_that_never_answers_is_not_waited_for_long(house: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.backends.rego.server.TIME_LIMIT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = monotonic()
        assert refused(check(url)) == f"the server at {url} gave no answer within 0.2 seconds\n"
        assert monotonic() - began < 20


def test_the_engine_and_its_address_go_together(house: None) -> None:
    assert "go together" in refused(at_home("check", "request.yaml", "--engine", "opa"))
    assert "go together" in refused(at_home("check", "request.yaml", "--opa-url", "http://127.0.0.1:1"))


def test_without_the_client_the_message_says_what_to_install(house: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opa_client.opa", None)
    for name in ("server", "deciding"):
        monkeypatch.delitem(sys.modules, f"engine.backends.rego.{name}", raising=False)
    assert 'pip install "assent[opa]"' in refused(check("http://127.0.0.1:1"))


def test_what_contradicts_itself_is_reported_with_its_place(loader: Loader, house: None) -> None:
    text = Path("request.yaml").read_text()
    Path("request.yaml").write_text(text.replace("form: coded", "form: aggregate").replace(
        "categories: [school]", "categories: [school], facts: {sensitive: true}"))  # fmt: skip
    server = loader.load(load_policies(Path("policies")))
    assert refused(check(server.shown)) == refused(at_home("check", "request.yaml"))
