"""What is wrong with the templates of an agreement's form, before any request meets them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.agreements.wording import (
    DISCLOSURE_FORM_NAMES,
    FORM_NAMES,
    RECIPIENT_FORM_NAMES,
    USER_FORM_NAMES,
    text_problem,
)
from engine.documents import Path_
from engine.policies import AgreementForm, Exhibit


def form_problems(form: AgreementForm, path: Path_) -> Iterator[tuple[Path_, str]]:
    """Every wrong template of a form, with its place."""
    texts: list[tuple[Path_, str]] = [((*path, "recitals", i, "text"), p.text) for i, p in enumerate(form.recitals)]
    texts += [((*path, "definitions", word, "means"), meaning.means) for word, meaning in form.definitions.items()]
    texts.append(((*path, "signed_by"), form.signed_by))
    for place, text in texts:
        if problem := text_problem(text, FORM_NAMES):
            yield place, problem
    yield from exhibit_problems(form.exhibits, (*path, "exhibits"))


def exhibit_problems(exhibits: Sequence[Exhibit], path: Path_) -> Iterator[tuple[Path_, str]]:
    """Every wrong template of some exhibits, with its place."""
    for i, exhibit in enumerate(exhibits):
        each = {"user": USER_FORM_NAMES, "recipient": RECIPIENT_FORM_NAMES, None: FORM_NAMES}[exhibit.each]
        known = DISCLOSURE_FORM_NAMES if exhibit.for_ else each
        texts: list[tuple[Path_, str]] = [((*path, i, "text", j), text) for j, text in enumerate(exhibit.text)]
        texts += [((*path, i, "fields", label), text) for label, text in exhibit.fields.items() if text]
        for place, text in texts:
            if problem := text_problem(text, known):
                yield place, problem
