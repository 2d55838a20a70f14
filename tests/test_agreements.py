"""The draft agreement: what clause texts may do, what a draft says, and that the shipped clause library is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment

from engine.agreements import draft, template_problem
from engine.decisions import Decision, decide
from engine.documents import CannotDo
from engine.policies import Clause, Framework, PolicySet
from engine.requests import check_request
from tests.house import CLAUSES, LAW, NET, REQUEST
from tests.house import request as home_request
from tests.writing import LAW_HEAD, document, policies, written

# What a template may do -----------------------------------------------------------------------------------------------


def problem(text: str) -> str:
    return template_problem(Clause(title="A clause", element="a", text=text, asks={"activity": "What?"}))


PLAIN = [
    "No placeholder at all, not even { or %.",
    "{{ provider.name }} gives {{ receiver.name }} data for {{ purpose }}.",
    "{% for d in datasets %}{{ d.name }}: {{ d.elements | join(', ') }}; {% endfor %}",
    "{% if term.until %}until {{ term.until }}{% else %}without end{% endif %}",
    "{% if not users %}Nobody{% endif %}{{ text.activity }}",
]


@pytest.mark.parametrize("text", PLAIN)
def test_a_template_may_print_and_repeat(text: str) -> None:
    assert problem(text) == ""


MORE = [
    "{{ 7 * 7 }}",
    "{{ lipsum() }}",
    "{{ request.title.upper() }}",
    "{{ purpose | upper }}",
    "{{ purpose | replace('a', 'b') }}",
    "{{ datasets[0] }}",
    "{{ provider.name ~ receiver.name }}",
    "{{ purpose == 'study' }}",
    "{{ purpose is defined }}",
    "{% set x = 1 %}",
    "{% include 'other' %}",
    "{% import 'other' as other %}",
    "{% extends 'other' %}",
    "{% macro m() %}{% endmacro %}",
    "{% for i in range(1000000000) %}x{% endfor %}",
    "{% for a in datasets %}{% for b in datasets %}x{% endfor %}{% endfor %}",
    "{% filter upper %}x{% endfilter %}",
    "{% block b %}{% endblock %}",
]


@pytest.mark.parametrize("text", MORE)
def test_a_template_may_do_nothing_else(text: str) -> None:
    assert problem(text)


@pytest.mark.parametrize(
    "text", ["{{ provider.name", "{% for d in datasets %}", "{% endfor %}", "{{ }}", "{% nonsense %}"]
)
def test_a_template_that_cannot_be_read_says_so(text: str) -> None:
    assert problem(text).startswith("is not a template: ")


@pytest.mark.parametrize(
    "text", ["{% if purpose %}" * 2_000, "{{ a" + ".b" * 20_000 + " }}", "{{ " + "not " * 5_000 + "a }}"]
)
def test_a_template_that_is_too_deep_is_a_problem_and_no_crash(text: str) -> None:
    assert problem(text)


@pytest.mark.parametrize("name", ["provder.name", "provider.nmae", "text.activty", "request.titel"])
def test_a_misspelt_placeholder_is_a_problem_not_an_eternal_blank(name: str) -> None:
    assert name in problem(f"{{{{ {name} }}}}")


# What a draft says ----------------------------------------------------------------------------------------------------


def house(clauses: str = CLAUSES, law: str = LAW) -> PolicySet:
    return policies(written(LAW_HEAD, law), clauses, NET)


def decision(found: PolicySet, *texts: str) -> Decision:
    return decide(found, check_request(document(home_request(*texts), file="request.yaml"), found))


def clause_texts(text: str) -> list[str]:
    """The paragraphs of the clauses of a draft."""
    body = text.partition("## a. ")[2].partition("## Schedule of data")[0]
    return [part.split("\n\n")[1] for part in re.split(r"^### ", body, flags=re.MULTILINE)[1:]]


HIDDEN = [
    "request.__class__",
    "provider.name.__class__.__mro__",
    "cycler.__init__.__globals__",
    "self._TemplateReference__context",
]


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_behind_the_data_prints_as_a_blank(name: str) -> None:
    found = house(written(CLAUSES).replace("{{ purpose }}", f"{{{{ {name} }}}}"))
    try:
        text = draft(decision(found))
    except CannotDo:
        return
    assert "[to be completed: " in clause_texts(text)[0]
    assert not re.search(r"\\<|0x|module", clause_texts(text)[0])


@pytest.mark.parametrize(
    "name", ["text.items", "text.copy", "request.keys", "provider.name.upper", "range", "cycler", "dict"]
)
def test_a_placeholder_prints_data_and_never_a_function_of_python(name: str) -> None:
    found = house(
        written(CLAUSES)
        .replace("{{ purpose }}", f"{{{{ {name} }}}}")
        .replace("asks:", "asks:\n      items: Which?\n      copy: Which?")
    )
    try:
        text = draft(decision(found))
    except CannotDo:
        return
    assert not re.search(r"built-in|\\<|function|0x", text)


def test_what_is_not_known_is_a_blank_that_cannot_be_missed() -> None:
    uses, ends = clause_texts(draft(decision(house())))
    assert uses == "The Laboratory uses records for study alone: **[to be completed: activity]**"
    assert ends == "The Laboratory destroys the data **[to be completed: until]**."


def test_what_the_request_gives_is_printed() -> None:
    known = "term: {until: 2027-12-31}\nagreement: {activity: We compare schools.}"
    uses, ends = clause_texts(draft(decision(house(), known)))
    assert uses == "The Laboratory uses records for study alone: We compare schools."
    assert ends == "The Laboratory destroys the data 2027-12-31."


def test_text_of_the_user_is_never_a_template() -> None:
    uses, _ = clause_texts(draft(decision(house(), "agreement: {activity: '{{ 7 * 7 }}{% set x = 1 %}'}")))
    assert "49" not in uses
    assert "{{ 7" in uses


def test_text_of_the_user_stays_on_its_line() -> None:
    text = draft(decision(house(), 'agreement: {activity: "one\\n\\n## 9. Forged\\n\\n| a | b |"}'))
    assert re.findall(r"^## ([a-z0-9]+)\. ", text, re.MULTILINE) == ["a", "b", "c"]
    assert "\n| a | b |" not in text


def test_the_elements_stand_in_their_order_with_every_clause_under_its_own() -> None:
    text = draft(decision(house()))
    heads = re.findall(r"^##+ ([abc][.0-9]* .+)$", text, re.MULTILINE)
    assert heads == [
        "a. Use of the data (receiver)",
        "a.1 Use",
        "b. Safety (provider)",
        "c. The end (receiver)",
        "c.1 End",
    ]


def test_every_clause_names_the_rules_that_demand_it() -> None:
    demands = re.findall(r"<sub>Required by (.+)</sub>", draft(decision(house())))
    assert demands == ["`law.basis.study` (s. 3(b)) [read in an official summary]", "`law.applies` (s. 7)"]


def test_a_clause_that_several_disclosures_demand_stands_once_for_each_text() -> None:
    flows = """
        parties: {OWNER: {}, LAB: {name: The Laboratory, kind: lab, facts: {trusted: true}},
                  DESK: {name: The Desk, kind: lab, facts: {trusted: true}}}
        flows:
          - {id: one, from: OWNER, to: LAB, carries: [records], form: coded}
          - {id: two, from: OWNER, to: LAB, carries: [records], form: identified}
          - {id: three, from: OWNER, to: DESK, carries: [records], form: coded}
    """
    text = draft(decision(house(), flows))
    assert text.count("### c.1 End") == 1
    assert text.count("The Laboratory destroys the data") == 1
    assert text.count("The Desk destroys the data") == 1


def test_a_clause_that_may_not_be_needed_says_so() -> None:
    law = LAW.replace(
        "{clause: law.clause.end, cite: s. 7}", "{clause: law.clause.end, cite: s. 7, when: {data.sensitive: true}}"
    )
    found = house(law=law)
    maybe = draft(decision(found))
    assert "*Needed only if a fact that is still unknown turns out so.*" in maybe.partition("### c.1 End")[2]
    assert "### c.1 End" not in draft(
        decision(found, "datasets: {records: {owner: OWNER, categories: [school], facts: {sensitive: false}}}")
    )


def test_the_schedules_list_data_papers_and_steps_with_what_is_done() -> None:
    done = "steps: [{step: law.step.log, by: OWNER, status: done}]"
    text = draft(decision(house(), done)).partition("## Schedule of data")[2]
    assert "- **records** (OWNER): school" in text
    assert (
        "| A data sharing pact | OWNER, LAB | before transfer | outstanding | s. 3 [read in an official summary] |"
        in text
    )
    assert "| Record the disclosure | OWNER | before transfer | done | s. 8 |" in text
    assert re.findall(r"^- (.+): _+ date: _+$", text, re.MULTILINE) == ["The Owner", "The Laboratory"]


def test_the_basis_of_each_disclosure_is_named() -> None:
    row = "| leg/records | OWNER | LAB | law | A study by a trusted laboratory [read in an official summary] | s. 3 |"
    assert row in draft(decision(house()))


def test_a_denied_request_has_no_agreement() -> None:
    with pytest.raises(CannotDo, match="example is denied; there is nothing to agree"):
        draft(decision(house(), "purpose: marketing"))


def test_an_open_request_says_so_at_the_head() -> None:
    open_ = (
        written(REQUEST).replace("trusted: true", "trusted: unknown").replace("approved: false", "approved: unknown")
    )
    text = draft(decision(house(), open_))
    assert text.index("**This request is not yet allowed: facts are missing.") < text.index("## Parties")


def test_the_same_decision_gives_the_same_draft() -> None:
    assert draft(decision(house())) == draft(decision(house()))


# The shipped library --------------------------------------------------------------------------------------------------


def all_frameworks(found: PolicySet) -> list[Framework]:
    return [*found.frameworks, *(rules for deployment in found.deployments.values() for rules in deployment.rules)]


def test_every_clause_of_the_library_is_a_template_that_only_prints_and_repeats(shipped_policies: PolicySet) -> None:
    problems = {name: template_problem(clause) for name, clause in shipped_policies.clauses.items()}
    assert {name: found for name, found in problems.items() if found} == {}


def test_every_clause_of_the_library_belongs_to_a_common_element(shipped_policies: PolicySet) -> None:
    stray = {
        name: c.element for name, c in shipped_policies.clauses.items() if c.element not in shipped_policies.elements
    }
    assert stray == {}


def test_every_clause_of_the_library_is_demanded_by_some_rule(shipped_policies: PolicySet) -> None:
    demanded = {
        owed.name
        for framework in all_frameworks(shipped_policies)
        for basis in ("", *framework.bases)
        for owed in framework.owed(basis)
        if owed.kind == "clause"
    }
    assert set(shipped_policies.clauses) - demanded == set()


def placeholders(text: str) -> Iterator[tuple[str, str]]:
    """The `name.attribute` pairs that a template prints or tests; an attribute is empty where the name stands alone."""
    tree = SandboxedEnvironment().parse(text)
    loops = {node.target.name: node.iter.name for node in tree.find_all(nodes.For) if isinstance(node.iter, nodes.Name)}  # type: ignore[attr-defined]
    inner = {id(node.node) for node in tree.find_all(nodes.Getattr)}
    for node in tree.find_all(nodes.Getattr):
        if isinstance(node.node, nodes.Name):
            yield loops.get(node.node.name, node.node.name), node.attr
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and id(name) not in inner:
            yield loops.get(name.name, name.name), ""


KNOWN = {
    "request": {"id", "title"}, "provider": {"name"}, "sender": {"name"}, "receiver": {"name"}, "hub": {"name"},
    "purpose": {""}, "datasets": {"", "name", "elements", "categories", "description"}, "users": {"", "name", "party"},
    "term": {"", "from", "until"}, "loop": {"first", "last"},
}  # fmt: skip


def test_every_placeholder_of_the_library_is_one_that_a_draft_fills(shipped_policies: PolicySet) -> None:
    settings = {fact.key for fact in shipped_policies.vocabulary if fact.scope == "deployment"}
    unknown = [
        f"{name}: {first}.{attribute}"
        for name, clause in shipped_policies.clauses.items()
        for first, attribute in placeholders(clause.text)
        if attribute not in {**KNOWN, "text": set(clause.asks), "settings": settings}.get(first, set())
    ]
    assert unknown == []


def test_every_text_that_a_clause_asks_for_is_printed_by_it(shipped_policies: PolicySet) -> None:
    idle = [
        f"{name}: {asked}"
        for name, clause in shipped_policies.clauses.items()
        for asked in clause.asks
        if ("text", asked) not in set(placeholders(clause.text))
    ]
    assert idle == []
