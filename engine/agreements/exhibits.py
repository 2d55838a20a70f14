"""The papers attached to an agreement: those that belong to every one, and those that the decision calls for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import ascii_uppercase
from typing import Any

from engine.agreements.contents import AgreedClause, demands
from engine.agreements.people import many, parties_with, party_name
from engine.agreements.wording import Part, Wording
from engine.decisions import Decision, Duty, Finding
from engine.papers.tree import (
    Blank,
    Block,
    Footnote,
    Heading,
    Items,
    Line,
    Link,
    PageBreak,
    Paragraph,
    Signature,
    Table,
    Terms,
    Text,
    line,
)
from engine.policies import AgreementForm, Exhibit
from engine.records import perhaps


def exhibits(
    decision: Decision, wording: Wording, form: AgreementForm, clauses: tuple[AgreedClause, ...]
) -> tuple[Block, ...]:
    """Every exhibit of the agreement, each on a page of its own."""
    return tuple(_Exhibits(decision, wording, form, clauses).blocks())


class _Exhibits:
    def __init__(
        self, decision: Decision, wording: Wording, form: AgreementForm, clauses: tuple[AgreedClause, ...]
    ) -> None:
        self.decision, self.wording, self.form = decision, wording, form
        self.agreed = {clause.name: clause for clause in clauses}
        self.under = "memorandum" if form.memorandum and decision.request.through_hub else "standalone"
        given = [ascii_uppercase.index(exhibit.letter) for exhibit in form.exhibits if exhibit.letter]
        self.next = max(given, default=-1) + 1

    def blocks(self) -> Iterator[Block]:
        """Those with a letter first."""
        known = [exhibit for exhibit in self.declared() if exhibit.only in (None, self.under)]
        for exhibit in sorted(known, key=lambda exhibit: exhibit.letter or "ZZ"):
            if not exhibit.for_:
                yield from self.belonging(exhibit)
                continue
            called_for = self.called_for(exhibit)
            for parties, found in called_for.items():
                yield from self.called(exhibit, parties, found, alone=len(called_for) == 1)

    def declared(self) -> list[Exhibit]:
        """The deployment's exhibits, and the law's for what those of the deployment do not serve."""
        served = {name for exhibit in self.form.exhibits for name in exhibit.for_}
        frameworks = self.decision.policies.frameworks_for(self.decision.request.file.deployment)
        law = [exhibit for framework in frameworks for exhibit in framework.exhibits]
        return [*self.form.exhibits, *(exhibit for exhibit in law if served.isdisjoint(exhibit.for_))]

    def called_for(self, exhibit: Exhibit) -> Mapping[tuple[str, ...], list[tuple[Finding, Duty]]]:
        """What calls for an exhibit and is not yet done, by its parties."""
        found: dict[tuple[str, ...], list[tuple[Finding, Duty]]] = {}
        for finding, duty in self.decision.duties():
            if duty.requirement.name in exhibit.for_ and duty.status != "done":
                found.setdefault(duty.parties, []).append((finding, duty))
        return found

    # One exhibit ------------------------------------------------------------------------------------------------------

    def head(self, exhibit: Exhibit, more: str = "") -> Iterator[Block]:
        letter = exhibit.letter or self.letter()
        self.label = f"Exhibit {letter}"
        yield PageBreak()
        yield Heading(1, line(f"{exhibit.title}{more}"), number=f"{self.label}.")

    def letter(self) -> str:
        """The next free letter; after Z comes AA."""
        number, letters = self.next, ""
        while number >= 0:
            number, rest = divmod(number, 26)
            number, letters = number - 1, ascii_uppercase[rest] + letters
        self.next += 1
        return letters

    def belonging(self, exhibit: Exhibit) -> Iterator[Block]:
        yield from self.head(exhibit)
        if exhibit.each == "user":
            yield from self.for_users(exhibit)
            return
        if exhibit.each == "recipient":
            for party in parties_with(self.decision, "recipient"):
                name = self.decision.request.names[party]
                yield _for(name)
                yield from self.body(exhibit, party, {"recipient": Part("recipient", {"name": name})})
                yield Signature(name, "Recipient")
            return
        yield from self.body(exhibit, "", {})
        signers = dict.fromkeys(p for role in exhibit.signed_by for p in parties_with(self.decision, role))
        for party in signers:
            yield Signature(self.decision.request.names[party], "")

    def for_users(self, exhibit: Exhibit) -> Iterator[Block]:
        users = self.decision.request.file.users
        for number, user in enumerate(users, 1):
            known = self.wording.user(user.name, user.party)
            if number > 1:  # each is signed and filed by itself, so each says what it is
                yield PageBreak()
                yield _for(f"{self.label}. {exhibit.title}")
            yield _for(f"{user.name}, {known['party']}")
            yield from self.body(exhibit, f"user-{number}", {"user": known})
            yield Signature(user.name, f"User, {known['party']}")
        if not users:
            yield Paragraph(line("One for each user; none is named yet."), "quiet")
            yield from self.body(exhibit, "user", {"user": Part("user", {})})
            yield Signature("The user", "")

    def called(
        self, exhibit: Exhibit, parties: tuple[str, ...], found: list[tuple[Finding, Duty]], *, alone: bool
    ) -> Iterator[Block]:
        names = [party_name(self.decision, party) for party in parties]
        signed = [duty for _, duty in found if duty.requirement.kind == "instrument"]
        yield from self.head(exhibit, f" between {' and '.join(names)}" if signed else "" if alone else f": {names[0]}")
        source = "; ".join(f"{demand.source}, rule {demand.rule}" for demand in demands(duty for _, duty in found))
        yield Paragraph(line("Called for by the decision.", Footnote(f"Required by {source}.")), "quiet")
        if all(perhaps(finding, duty) for finding, duty in found):
            yield Paragraph(line("Needed only if a fact that is still unknown turns out so."), "quiet")
        yield from self.body(exhibit, ".".join(parties), self.wording.of_disclosure(found[0][0]))
        yield from self.terms(exhibit, found)
        for name in names if signed else ():
            yield Signature(name, "")

    def body(self, exhibit: Exhibit, of: str, names: Mapping[str, Any]) -> Iterator[Block]:
        for text in exhibit.text:
            yield Paragraph(self.wording.form(text, names))
        if exhibit.fields:
            yield Terms(
                tuple((line(label), self.field(label, text, of, names)) for label, text in exhibit.fields.items())
            )
        for table in exhibit.tables:
            yield from self.users() if table == "users" else self.elements()

    def field(self, label: str, text: str, of: str, names: Mapping[str, Any]) -> Line:
        """What a field says; one without a text is filled in by hand."""
        if text:
            return self.wording.form(text, names)
        name = re.sub(r"[^a-z0-9]+", "-", f"{self.label} {of} {label}".lower()).strip("-")
        return (Blank(label[:1].lower() + label[1:], name[:60]),)

    # Tables -----------------------------------------------------------------------------------------------------------

    def elements(self) -> Iterator[Block]:
        """Every data element with the question that it helps to answer."""
        names, file = self.decision.request.names, self.decision.request.file
        head = tuple(line(word) for word in ("Data element", "Question that it helps to answer"))
        for name, dataset in sorted(file.datasets.items()):
            if dataset.owner is None:
                continue
            elements: list[Line] = [line(element) for element in dataset.elements]
            why = Blank("question", "elements.why")
            rows = tuple(
                (element, line(why))
                for element in elements or [(Blank(f"data elements of {name}", f"data.{name}.elements"),)]
            )
            yield Table(
                head, rows, caption=f"{name}, of {names[dataset.owner]}: {many(len(elements), 'element', 'elements')}"
                if elements else f"{name}, of {names[dataset.owner]}", widths=(5, 3),
            )  # fmt: skip

    def users(self) -> Iterator[Block]:
        """Every person with access."""
        names, users = self.decision.request.names, self.decision.request.file.users
        rows = tuple((line(user.name), line(names[user.party])) for user in users)
        blank = ((Blank("name of each user", "users.names"),), (Blank("employer of each user", "users.employers"),))
        yield Table((line("User"), line("Employed by")), rows or (blank,), caption="Persons with access")

    # Terms ------------------------------------------------------------------------------------------------------------

    def terms(self, exhibit: Exhibit, found: list[tuple[Finding, Duty]]) -> Iterator[Block]:
        """The clauses that make up an instrument, as they read between its parties.

        What the request says for a clause was said of the parties that the law makes agree on it; for others it is a
        blank.
        """
        disclosures = {finding.disclosure.id for finding, _ in found}
        asked = {duty.requirement.name for f, duty in self.decision.duties() if f.disclosure.id in disclosures}
        unsaid = Part(self.label.lower().replace(" ", "-"), {})
        items = []
        for name in (*exhibit.clauses, *(name for name in exhibit.if_agreed if name in asked)):
            clause, text = self.decision.policies.clauses[name], None if name in asked else unsaid
            first, *others = dict.fromkeys(self.wording.clause(clause, finding, text) for finding, _ in found)
            title: Line = (Text(f"{clause.title}.", strong=True),)
            if name in asked:
                title = (*title, *line(" (Also "), Link(f"clause {self.agreed[name].number}", f"#{name}"), *line(".)"))
            items.append((Paragraph((*title, *line(" "), *first)), *(Paragraph(text) for text in others)))
        if items:
            yield Items(tuple(items), ordered=True)


def _for(name: str) -> Paragraph:
    """Whose copy of which exhibit follows. It is no heading: the contents name the exhibit once."""
    return Paragraph(line(Text(name, strong=True)), "lead")
