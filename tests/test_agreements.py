"""The draft agreement: what clause texts may do, what a draft says, and that the shipped clause library is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment

from engine.agreements import draft as drafted
from engine.agreements import exhibit_problems, form_problems, template_problem
from engine.agreements.agreement import form_of_request
from engine.decisions import Decision, decide
from engine.documents import CannotDo, shipped
from engine.papers.forms import render
from engine.papers.tidy import headings, words
from engine.papers.tree import Paper
from engine.policies import Clause, Framework, PolicySet, compile_policies
from engine.reports.flows import flow_rows
from engine.requests import check_request, read_request
from engine.validation import problems_in
from tests.house import CLAUSES, LAW, NET, REQUEST
from tests.house import request as home_request
from tests.writing import LAW_HEAD, VOCABULARY, document, policies, problems, written

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


def draft(found: Decision) -> str:
    """The draft in Markdown, without the marks of its anchors and footnotes."""
    text = render(drafted(found).paper, "md").decode()
    return re.sub(r"\[\^\d+\](?!:)|<a id=[^>]*></a>", "", text)


def clause_texts(text: str) -> list[str]:
    """The paragraphs of the clauses of a draft."""
    body = re.split(r"^## [IV]+\. (?:Terms|Schedules)\n", text, flags=re.MULTILINE)[1]
    parts = re.split(r"^#+ [a-z0-9]+\.[0-9]+ ", body, flags=re.MULTILINE)[1:]
    return [part.strip("\n").split("\n\n")[1].strip() for part in parts]


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
    assert "\\[to be completed: " in clause_texts(text)[0]
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
    assert uses == "The Laboratory uses records for study alone: **\\[to be completed: (5) activity\\]**"
    assert ends == "The Laboratory destroys the data **\\[to be completed: (6) last day of the term\\]**."


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
    assert re.findall(r"^#+ ([a-z0-9]+)\. ", text, re.MULTILINE) == ["a", "b", "c"]
    assert "\n| a | b |" not in text


def test_the_elements_stand_in_their_order_with_every_clause_under_its_own() -> None:
    text = draft(decision(house()))
    heads = re.findall(r"^##+ ([abc][.0-9]* .+)$", text, re.MULTILINE)
    assert heads == [
        "a. Use of the data (recipient)",
        "a.1 Use",
        "b. Safety (provider)",
        "c. The end (recipient)",
        "c.1 End",
    ]


def test_every_clause_names_the_rules_that_demand_it() -> None:
    demands = re.findall(r"Required by (.+)\.$", draft(decision(house())), re.MULTILINE)
    assert demands == ["s. 3(b) \\[read in an official summary\\], rule law.basis.study", "s. 7, rule law.applies"]


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
    assert text.count("#### c.1 End") == 1
    assert text.count("The Laboratory destroys the data") == 1
    assert text.count("The Desk destroys the data") == 1


def test_the_public_promises_nothing_in_an_agreement() -> None:
    report = "outputs: [{id: report, from: LAB, carries: [records], form: aggregate}]"
    text = draft(decision(house(), "facts: {approved: true}", report))
    assert "From The Laboratory to the public" in text
    assert text.count("The Laboratory destroys the data") == 1
    assert "the public destroys" not in text


def test_a_clause_that_may_not_be_needed_says_so() -> None:
    law = LAW.replace(
        "{clause: law.clause.end, cite: s. 7}", "{clause: law.clause.end, cite: s. 7, when: {data.sensitive: true}}"
    )
    found = house(law=law)
    maybe = draft(decision(found))
    assert "Needed only if a fact that is still unknown turns out so." in maybe.partition("#### c.1 End")[2]
    assert "#### c.1 End" not in draft(
        decision(found, "datasets: {records: {owner: OWNER, categories: [school], facts: {sensitive: false}}}")
    )


def test_what_hangs_on_missing_facts_is_not_said_as_if_it_were_settled() -> None:
    text = draft(decision(house(), "datasets: {records: {owner: OWNER}}"))
    assert "| The Law, if it applies: facts are missing |" in text
    assert "Needed only if a fact that is still unknown turns out so." in text.partition("#### c.1 End")[2]
    schedules = text.partition("## VI. Schedules")[2]
    assert "| Record the disclosure | before transfer | still to be done; only if a fact still unknown" in schedules
    assert "Stays with the receiver; only if a fact still unknown turns out so" in schedules
    open_basis = draft(decision(house(), "parties: {OWNER: {}, LAB: {name: The Laboratory, kind: lab}}"))
    assert "If facts that are missing turn out so: A study by a trusted laboratory" in open_basis
    settled = draft(decision(house()))
    assert "if it applies" not in settled
    assert "turns out so" not in settled
    assert "turn out so" not in settled


def test_transfers_have_the_numbers_that_the_report_to_the_board_gives_them(shipped_policies: PolicySet) -> None:
    for name in ("r01", "joined-university-cured"):
        found = decide(shipped_policies, read_request(shipped("cases") / "p20win" / f"{name}.yaml", shipped_policies))
        names = found.request.names
        reported = [
            f"Transfer {row.number}. From {names[row.sender]} to {names[row.receiver]}" for row in flow_rows(found)
        ]
        assert [entry for entry in draft(found).splitlines() if "Transfer" in entry and "###" in entry] == [
            f"### {entry}" for entry in reported
        ]


def test_the_schedules_list_data_papers_steps_and_restrictions_with_what_is_done() -> None:
    done = "steps: [{step: law.step.log, by: OWNER, status: done}]"
    text = draft(decision(house(), done)).partition("## VI. Schedules")[2]
    assert "| **records** | The Owner | Kinds of record: School record. Elements:" in text
    assert (
        "| A data sharing pact | The Owner with The Laboratory | before transfer | still to be signed "
        "| s. 3 \\[read in an official summary\\] |" in text
    )
    assert "**Steps of The Owner**" in text
    assert "| Record the disclosure | before transfer | done | s. 8 |" in text
    assert "| Stays with the receiver | The Laboratory | records | s. 6 |" in text


def test_a_restriction_of_the_vocabulary_has_its_citation_too() -> None:
    shared = "restrictions: {kept: {says: Kept apart, cite: s. 66, checked: summary}}"
    law = LAW.replace("attaches: [sealed]", "attaches: [kept]")
    found = policies(written(LAW_HEAD, law), CLAUSES, NET, vocabulary=written(VOCABULARY, shared))
    row = "| Kept apart | The Laboratory | records | s. 66 \\[read in an official summary\\] |"
    assert row in draft(decision(found)).partition("## VI. Schedules")[2]


def test_what_is_owed_later_or_all_the_time_is_said_without_codes() -> None:
    later = LAW.replace("due: before_transfer, cite: s. 8", "due: continuing, within: 3 days, cite: s. 8")
    text = draft(decision(house(law=later))).partition("## VI. Schedules")[2]
    assert "| Record the disclosure | 3 days | not due yet | s. 8 |" in text


def test_every_party_signs_under_its_name_and_role() -> None:
    text = draft(decision(house())).partition("## VII. Signatures")[2].partition("## Exhibit A")[0]
    assert re.findall(r"^\*\*(.+)\*\*, (.+)$", text, re.MULTILINE) == [
        ("The Owner", "Provider"),
        ("The Laboratory", "Recipient"),
    ]


def test_the_basis_of_each_transfer_is_named() -> None:
    text = draft(decision(house()))
    assert "Transfer 1. From The Owner to The Laboratory" in text
    row = "| The Law | The Owner | A study by a trusted laboratory \\[read in an official summary\\] | s. 3 |"
    assert row in text


def test_a_denied_request_has_no_agreement() -> None:
    with pytest.raises(CannotDo, match="example is denied; there is nothing to agree"):
        drafted(decision(house(), "purpose: marketing"))


def test_an_open_request_says_so_at_the_head() -> None:
    open_ = (
        written(REQUEST).replace("trusted: true", "trusted: unknown").replace("approved: false", "approved: unknown")
    )
    text = draft(decision(house(), open_))
    assert text.index("This request is not yet allowed: facts are missing.") < text.index("## I. Parties")


def test_the_same_decision_gives_the_same_draft() -> None:
    assert draft(decision(house())) == draft(decision(house()))


# What stands around the clauses ---------------------------------------------------------------------------------------

FORM = """
    agreement:
      title: Sharing Pact
      memorandum: {name: Charter of the Network, short: the Charter, article: article 4}
      recitals:
        - {text: "Made under {{ memorandum.article }} of {{ memorandum.short }}.", only: memorandum}
        - {text: Made on its own., only: standalone}
      definitions: {Owner: {means: "{{ providers | join(' and ') }}"}}
      signed_by: Signed by the heads.
      exhibits:
        - {title: Request, letter: A, fields: {Purpose: "{{ purpose }}", Method: ""}, tables: [users, elements]}
        - {title: Oath, letter: C, each: user, text: ["I, {{ user.name }} of {{ user.party }}, keep the secret."]}
        - {title: Receipt, letter: D, each: recipient, text: ["{{ recipient.name }} destroyed the data."]}
        - title: Pact
          for: [pact]
          text: ["{{ provider.name }} and {{ receiver.name }} agree."]
          clauses: [law.clause.end]
"""
HUB = "hub: OWNER"
USERS = "users: [{name: Ann Analyst, party: LAB}, {name: Bob Builder, party: LAB}]"


def network(*parts: str) -> PolicySet:
    return policies(written(LAW_HEAD, LAW), CLAUSES, written(NET, *parts))


def around(found: PolicySet, *texts: str) -> str:
    return draft(decision(found, *texts))


THROUGH_HUB = """
    hubs: [DESK]
    parties: {OWNER: {}, DESK: {name: The Desk, kind: lab, facts: {trusted: true}},
              LAB: {name: The Laboratory, kind: lab, facts: {trusted: true}}}
    flows:
      - {id: in, from: OWNER, to: DESK, carries: [records], form: identified}
      - {id: out, from: DESK, to: LAB, carries: [records], form: coded}
"""


def test_what_goes_through_the_hub_is_agreed_under_the_memorandum_and_all_else_alone() -> None:
    under = around(network(FORM), THROUGH_HUB)
    assert "Made under article 4 of the Charter." in under
    assert "Made on its own" not in under
    alone = around(network(FORM))
    assert "Made on its own." in alone
    assert "the Charter" not in alone


def test_a_deployment_gives_the_title_definitions_and_signatures() -> None:
    text = around(network(FORM))
    assert text.startswith("# Sharing Pact\n")
    assert "- **Owner**: The Owner" in text
    assert "Signed by the heads." in text


def test_every_named_user_gets_an_exhibit_of_their_own_and_without_one_it_is_blank() -> None:
    text = around(network(FORM), USERS)
    assert re.findall(r"I, (.+) of (.+), keep the secret", text) == [
        ("Ann Analyst", "The Laboratory"),
        ("Bob Builder", "The Laboratory"),
    ]
    assert "One for each user; none is named yet." in around(network(FORM))


def test_each_copy_of_an_exhibit_that_is_signed_by_itself_says_what_it_is() -> None:
    text = around(network(FORM), USERS)
    for user in ("Ann Analyst", "Bob Builder"):
        before = text.partition(f"I, {user}")[0].rstrip().splitlines()[-5:]
        assert any("Exhibit C. Oath" in line for line in before)


def test_the_contents_name_an_exhibit_once_however_many_sign_it() -> None:
    blocks = drafted(decision(network(FORM), USERS)).paper.blocks
    listed = [f"{heading.number} {words(heading.line)}".strip() for heading in headings(Paper("", blocks))]
    assert [entry for entry in listed if "Oath" in entry] == ["Exhibit C. Oath"]
    assert not [entry for entry in listed if "Ann Analyst" in entry or entry == "The Laboratory"]


def test_a_paper_that_house_rules_ask_for_does_not_say_that_a_recipient_works_for_the_owner(
    shipped_policies: PolicySet,
) -> None:
    request = read_request(shipped("cases") / "p20win" / "joined-university-cured.yaml", shipped_policies)
    text = draft(decide(shipped_policies, request))
    exhibit = text.rpartition("Business associate agreement between")[2]
    assert "As far as it does so on behalf of Department of Social Services" in exhibit
    assert not re.search(r"(university|Labor) is a business associate", exhibit)


def test_an_instrument_that_is_still_owed_brings_its_exhibit_with_its_terms_between_its_parties() -> None:
    text = around(network(FORM)).partition("## Exhibit E. ")[2]
    assert text.startswith("Pact between The Owner and The Laboratory\n")
    assert "The Owner and The Laboratory agree." in text
    assert "The Laboratory destroys the data" in text.partition("## What is still")[0]
    signed = "instruments: [{instrument: pact, between: [OWNER, LAB], status: signed}]"
    assert "Exhibit E" not in around(network(FORM), signed)


LAW_EXHIBIT = """
    exhibits:
      - {title: Pact of the law, for: [pact]}
"""


def test_the_law_brings_exhibits_where_the_deployment_has_none_for_the_instrument() -> None:
    law_has = policies(written(LAW_HEAD, LAW, LAW_EXHIBIT), CLAUSES, NET)
    assert "Pact of the law between The Owner and The Laboratory" in draft(decision(law_has))
    both = policies(written(LAW_HEAD, LAW, LAW_EXHIBIT), CLAUSES, written(NET, FORM))
    assert "Pact of the law" not in draft(decision(both))


def test_every_blank_is_numbered_once_and_listed_with_its_question() -> None:
    found = drafted(decision(network(FORM)))
    text = draft(decision(network(FORM)))
    numbers = {int(number) for number in re.findall(r"to be completed: \((\d+)\)", text)}
    assert numbers == set(range(1, len(found.open_places) + 1))
    listed = text.partition("## What is still to be filled in")[2]
    assert re.findall(r"^\| (\d+) \|", listed, re.MULTILINE) == [str(n) for n in sorted(numbers)]
    assert "Describe what the data will be used for." in listed
    assert f"{len(numbers)} places are still to be filled in." in text


def form_problems_of(*changes: tuple[str, str]) -> list[str]:
    text = written(NET, FORM)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    found = policies(written(LAW_HEAD, LAW), CLAUSES, text)
    form = found.deployments["net"].agreement
    assert form is not None
    return [problem for _, problem in form_problems(form, ())]


def test_a_form_prints_only_what_is_there_to_print() -> None:
    assert form_problems_of() == []
    assert "purpse" in form_problems_of(("{{ purpose }}", "{{ purpse }}"))[0]
    assert "user" in form_problems_of(("{{ recipient.name }}", "{{ user.name }}"))[0]
    assert form_problems_of(("{{ memorandum.short }}", "{{ 7 * 7 }}"))


def test_an_exhibit_for_what_nobody_declares_is_a_problem_in_its_place() -> None:
    wrong = written(NET, FORM).replace("for: [pact]", "for: [pakt]").replace("[law.clause.end]", "[law.clause.ned]")
    found = problems(lambda: policies(written(LAW_HEAD, LAW), CLAUSES, wrong))
    assert [(p.code, p.where, p.help) for p in found] == [
        ("unknown-instrument", "agreement.exhibits.3.for.0", 'did you mean "pact"?'),
        ("unknown-clause", "agreement.exhibits.3.clauses.0", 'did you mean "law.clause.end"?'),
    ]


WRONG = 'exhibits: [{title: Pact of the law, for: [pact], text: ["{{ nobody }}"]}]'


@pytest.mark.parametrize(
    ("of_law", "of_network", "place"),
    [
        ("", FORM.replace("{{ purpose }}", "{{ purpse }}"), "agreement.exhibits.0.fields.Purpose"),
        (WRONG, "", "exhibits.0.text.0"),
    ],
)
def test_validate_shows_a_wrong_template_of_a_form_or_exhibit_in_its_place(
    of_law: str, of_network: str, place: str
) -> None:
    texts = (VOCABULARY, written(LAW_HEAD, LAW, of_law), CLAUSES, written(NET, of_network))
    documents = [document(text, file=f"{i}.yaml") for i, text in enumerate(texts)]
    found = compile_policies(documents)
    shown = [(problem.code, problem.where) for one in documents for problem in problems_in(one, found)]
    assert shown == [("bad-template", place)]


@pytest.mark.parametrize(
    "exhibit",
    [
        "{title: One, for: [pact], each: user}",
        "{title: One, for: [pact], signed_by: [provider]}",
        "{title: One, each: user, signed_by: [provider]}",
    ],
)
def test_an_exhibit_is_made_and_signed_for_one_reason(exhibit: str) -> None:
    wrong = written(LAW_HEAD, LAW, f"exhibits: [{exhibit}]")
    assert [p.code for p in problems(lambda: policies(wrong, CLAUSES, NET))] == ["bad-value"]


def test_a_term_that_the_law_does_not_make_these_parties_agree_on_is_not_filled_with_what_others_said() -> None:
    exhibits = "exhibits: [{title: Pact, for: [pact], clauses: [law.clause.use], if_agreed: [law.clause.end]}]"
    without_clauses = re.sub(r".*- {clause: .*\n", "", LAW)
    given = "agreement: {activity: We compare schools.}"
    text = draft(decision(policies(written(LAW_HEAD, without_clauses, exhibits), CLAUSES, NET), given))
    pact = text.partition("## Exhibit D. ")[2].partition("## What is still")[0]
    assert "for study alone: **\\[to be completed: " in pact
    assert "We compare schools" not in pact
    assert "destroys the data" not in pact


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


def test_every_form_and_exhibit_that_is_shipped_prints_only_what_is_there(shipped_policies: PolicySet) -> None:
    forms = [d.agreement for d in shipped_policies.deployments.values() if d.agreement]
    minimum = form_of_request(decision(house()))
    problems = [problem for form in (*forms, minimum) for problem in form_problems(form, ())]
    problems += [p for framework in all_frameworks(shipped_policies) for p in exhibit_problems(framework.exhibits, ())]
    assert forms
    assert problems == []


def test_the_network_attaches_its_exhibits_and_the_papers_that_health_law_calls_for(
    shipped_policies: PolicySet,
) -> None:
    path = shipped("cases") / "p20win" / "joined-university-cured.yaml"
    paper = drafted(decide(shipped_policies, read_request(path, shipped_policies))).paper
    titles = [f"{h.number} {words(h.line)}" for h in headings(paper) if h.number.startswith("Exhibit")]
    dss, lab = "Department of Social Services", "Policy Lab of a private university"
    assert titles == [
        "Exhibit A. Data Sharing Request Form",
        "Exhibit B. User Acknowledgement Form",
        "Exhibit C. Confidentiality and Non-Disclosure Agreement",
        "Exhibit D. Decision of the Institutional Review Board",
        "Exhibit F. Data Destruction Certificate",
        f"Exhibit G. Business associate agreement between {dss} and Department of Labor",
        f"Exhibit H. Business associate agreement between {dss} and {lab}",
        f"Exhibit I. Data use agreement for a limited data set between {dss} and {lab}",
        f"Exhibit J. Notice that goes with substance use disorder records: {dss}",
        "Exhibit K. Notice that goes with substance use disorder records: Department of Labor",
    ]
