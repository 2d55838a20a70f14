"""Short ways to write the documents that users write, and to read what the engine answers.

Examples are YAML text, indented with the test that holds them. `HEAD`s spare a test the keys it is not about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from textwrap import dedent, indent
from typing import TypeVar

import pytest

from engine.decisions import Decision, Finding, decide
from engine.documents import Document, DocumentProblems, Problem, parse
from engine.policies import PolicySet, compile_policies
from engine.requests import Request, check_request

T = TypeVar("T")

VOCABULARY = """
    vocabulary: example
    facts:
      request.purpose: {type: code, codes: {study: A study, audit: An audit, marketing: Advertising}}
      request.approved: {type: boolean}
      request.ethics: {type: code, optional: true, codes: {approved: Approved, waived: Waived}}
      request.signed_on: {type: date}
      request.expires_on: {type: date, optional: true}
      request.date: {type: date, derived: true}
      request.provider_count: {type: number, derived: true}
      request.through_hub: {type: boolean, derived: true}
      party.kind: {type: code, codes: {agency: An agency, lab: A laboratory, public: The public}}
      party.trusted: {type: boolean}
      party.barred_until: {type: date, optional: true, towards: provider}
      provider.is_hub: {type: boolean, derived: true}
      sender.is_hub: {type: boolean, derived: true}
      receiver.is_hub: {type: boolean, derived: true}
      receiver.users_named: {type: boolean, derived: true}
      receiver.users_acknowledged: {type: boolean, derived: true}
      receiver.users_public_employees: {type: boolean, derived: true}
      data.categories: {type: codes, codes: {school: School record, wage: Wage record, health: Health record}}
      data.sensitive: {type: boolean}
      data.received_under: {type: codes, derived: true}
      data.restrictions: {type: codes, derived: true}
      flow.form: {type: code, codes: {identified: With names, coded: With codes, aggregate: Counts}}
      flow.smallest_cell: {type: number, optional: true}
      flow.kept_for: {type: duration}
      flow.leg:
        type: code
        derived: true
        codes: {provider_to_hub: a, hub_to_recipient: b, direct: c, onward: d, publication: e, internal: f}
      flow.redisclosure: {type: boolean, derived: true}
      flow.returns_to_provider: {type: boolean, derived: true}
      flow.receiver_is_provider: {type: boolean, derived: true}
      flow.linked: {type: boolean, derived: true}
      flow.onward_planned: {type: boolean, derived: true}
      flow.purpose_as_received: {type: boolean, derived: true, optional: true}
      flow.instruments: {type: codes, derived: true}
      deployment.hub_retention: {type: duration}
    instruments:
      pact: {title: A data sharing pact}
      waiver: {title: A waiver}
    events:
      first_transfer: the first transfer of data
      publication: the publication
"""
"""A vocabulary with one fact of each kind, and every fact that the graph computes."""

LAW_HEAD = """
    framework: law
    title: The Law
    authority: 1 Law 1
"""

REQUEST_HEAD = """
    request: example
    title: An example
    date: 2026-11-23
"""

ONE_LEG = """
    parties: {OWNER: {}, LAB: {}}
    datasets: {records: {owner: OWNER}}
    flows: [{id: leg, from: OWNER, to: LAB, carries: [records]}]
"""
"""One disclosure, `leg/records`."""


def written(*texts: str) -> str:
    """Texts as they stand in a file: each without its indentation, one after the other."""
    return "\n".join(dedent(text).strip("\n") for text in texts) + "\n"


def document(*texts: str, file: str = "example.yaml") -> Document:
    """A document as read from a file that holds these texts."""
    return parse(written(*texts), file)


def case_list(*cases: str) -> str:
    """The text of a file of cases."""
    items = [f"- {indent(written(case), '  ').lstrip()}" for case in cases]
    return "cases:\n" + "".join(items)


def file_of(*cases: str) -> Document:
    """A file of cases, as read."""
    return document(case_list(*cases), file="cases.yaml")


def policies(*files: str, vocabulary: str = VOCABULARY) -> PolicySet:
    """A policy set of these files and a vocabulary."""
    documents = [document(text, file=f"file-{i}.yaml") for i, text in enumerate(files, 1)]
    return compile_policies([document(vocabulary, file="vocabulary.yaml"), *documents])


def law(*rules: str) -> PolicySet:
    """A policy set with the one framework `law`; it applies to everything, unless the rules say to what."""
    text = written(*rules)
    applies = "" if "\napplies:" in f"\n{text}" else "applies: {says: Everything, cite: s. 1, checked: text}"
    bases = "" if "\nbases:" in f"\n{text}" else "bases: {}"
    return policies(written(LAW_HEAD, applies, bases, text))


def request(policies: PolicySet, *texts: str) -> Request:
    """A request; keys that the texts leave out come from `REQUEST_HEAD` and `ONE_LEG`."""
    data = document(*texts, file="request.yaml") if written(*texts).strip() else None
    given = set(data.data) if data else set[str]()
    defaults = [
        line for line in written(REQUEST_HEAD, ONE_LEG).splitlines() if line and line.partition(":")[0] not in given
    ]
    return check_request(document(*texts, "\n".join(defaults), file="request.yaml"), policies)


def decided(policies: PolicySet, *texts: str, as_of: date | None = None) -> Decision:
    """The decision on a request."""
    return decide(policies, request(policies, *texts), as_of)


def finding(decision: Decision, disclosure: str = "leg/records", framework: str = "law") -> Finding:
    """The finding of a framework on a disclosure."""
    found = [f for f in decision.findings if f.disclosure.id == disclosure and f.framework.framework == framework]
    assert len(found) == 1, f"{len(found)} findings of {framework} on {disclosure}"
    return found[0]


def missing(answer: Decision | Finding) -> set[str]:
    """The names of the missing facts."""
    return {reading.name for reading in answer.missing}


def problems(call: Callable[[], object]) -> tuple[Problem, ...]:
    """The problems that a call reports."""
    with pytest.raises(DocumentProblems) as caught:
        call()
    return caught.value.problems


def attempt(call: Callable[[], T]) -> tuple[T | None, tuple[Problem, ...]]:
    """What a call returns, or the problems that it reports instead."""
    try:
        return call(), ()
    except DocumentProblems as error:
        return None, error.problems


def places(found: Iterable[Problem]) -> list[str]:
    """Problems in one line each, as `line:column code`."""
    return [f"{p.mark.line}:{p.mark.column} {p.code}" for p in found]
