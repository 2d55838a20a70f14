"""The models of an agreement's form: what stands around the clauses, and the papers attached to it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from engine.documents import CLAUSE_ID, Model

Text = Annotated[str, StringConstraints(min_length=1)]
ClauseId = Annotated[str, StringConstraints(pattern=CLAUSE_ID)]
Letter = Annotated[str, StringConstraints(pattern=r"^[A-Z]$")]
Occasion = Literal["memorandum", "standalone"]


class Memorandum(Model):
    """The standing paper of a network that an agreement rests on."""

    name: Text
    short: Text
    article: Text
    note: str = ""


class Passage(Model):
    """A paragraph of an agreement. With `only` it stands under the memorandum alone, or without it alone."""

    text: Text
    only: Occasion | None = None


class Meaning(Model):
    """A word that the agreement uses in one sense."""

    means: Text
    only: Occasion | None = None


class Exhibit(Model):
    """A paper attached to the agreement: its text, then fields, tables, terms and signatures.

    `for` names the instruments and steps that call for it, once for each set of parties; without, it always belongs to
    the agreement. `each` makes one for every named user or recipient. Its terms are `clauses`, and those of `if_agreed`
    that the same parties agree on anyway. An exhibit without a letter gets the next free one.
    """

    title: Text
    letter: Letter | None = None
    for_: tuple[str, ...] = Field((), alias="for")
    each: Literal["user", "recipient"] | None = None
    only: Occasion | None = None
    note: str = ""
    text: tuple[Text, ...] = ()
    fields: dict[str, str] = Field(default_factory=dict)
    tables: tuple[Literal["users", "elements"], ...] = ()
    clauses: tuple[ClauseId, ...] = ()
    if_agreed: tuple[ClauseId, ...] = ()
    signed_by: tuple[Literal["provider", "hub", "recipient"], ...] = ()

    @model_validator(mode="after")
    def _one_reason(self) -> Exhibit:
        if self.for_ and self.each:
            raise ValueError('is either made "for" an instrument or step or once for "each" user or recipient')
        if self.signed_by and (self.for_ or self.each):
            raise ValueError('is signed by those it is made for; leave "signed_by" out')
        return self


class AgreementForm(Model):
    """What a deployment puts around the clauses of its agreements."""

    title: Text
    memorandum: Memorandum | None = None
    note: str = ""
    recitals: tuple[Passage, ...] = ()
    definitions: dict[Text, Meaning] = Field(default_factory=dict)
    exhibits: tuple[Exhibit, ...] = ()
    signed_by: Text
