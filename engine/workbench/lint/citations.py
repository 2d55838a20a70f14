"""Citations: the paragraph beside every rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from engine.documents import Document, Path_
from engine.workbench.lint.registry import Found, Subject, check, value_at

_PLACEHOLDER = re.compile(r"[-?.\s]*|tbd|todo|n/?a|none|unknown|fixme|x+", re.IGNORECASE)

_SECTION = r"[0-9]+[a-z]*(?:[-.][0-9]+[a-z]*)*"
_CODES: dict[str, tuple[re.Pattern[str], re.Pattern[str], str]] = {
    "the United States Code": (
        re.compile(r"\bU\.? ?S\.? ?C\b", re.IGNORECASE),
        re.compile(rf"\b[0-9]+ (?:U\.S\.C\.|USC) (?:chapter |ch\. )?{_SECTION}"),
        "20 U.S.C. 1232g(b)(1)",
    ),
    "the Code of Federal Regulations": (
        re.compile(r"\bC\.? ?F\.? ?R\b", re.IGNORECASE),
        re.compile(rf"\b[0-9]+ CFR (?:parts? |[0-9]+ and )?{_SECTION}"),
        "34 CFR 99.31(a)(3)",
    ),
    "the General Statutes of Connecticut": (
        re.compile(r"\bC\.? ?G\.? ?S\b", re.IGNORECASE),
        re.compile(rf"\bCGS (?:chapter )?{_SECTION}"),
        "CGS 10a-57g",
    ),
    "the Federal Register": (
        re.compile(r"\bF\. ?R\.|\bFed\. ?Reg\.|\b[0-9]+ FR\b|\bFR [0-9]"),
        re.compile(r"\b[0-9]+ FR [0-9]+"),
        "69 FR 45888",
    ),
    "a public law": (
        re.compile(r"\bP\. ?L\.|\bPub\.? L\b|\bPublic Law\b", re.IGNORECASE),
        re.compile(r"\b(?:Pub\. L\.|Public Law) [0-9]+-[0-9]+"),
        "Pub. L. 112-278",
    ),
    "the Regulations of Connecticut State Agencies": (
        re.compile(r"\bRegs?\.? ?Conn|\bR\.?C\.?S\.?A\b", re.IGNORECASE),
        re.compile(rf"\bRegs\. Conn\. State Agencies {_SECTION}"),
        "Regs. Conn. State Agencies 19a-25-1",
    ),
}  # fmt: skip
"""By name: what shows that a citation means it, the form that is expected, and an example."""


def _cites(data: Any, path: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    """Every citation below some data, with its place."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key in ("cite", "citation", "authority") and isinstance(value, str):
                yield (*path, key), value
            else:
                yield from _cites(value, (*path, key))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from _cites(value, (*path, i))


def _all_cites(documents: Iterable[Document]) -> Iterator[tuple[Document, Path_, str]]:
    for document in documents:
        for path, cite in _cites(document.data):
            yield document, path, cite


@check(
    "citation-missing",
    "warning",
    "a citation is blank or a placeholder, or a framework's fact or instrument has none",
    bad="""
        bars:
          resale:
            says: The data may not be sold
            cite: TBD
            checked: text
            when: {request.purpose: marketing}
        """,
    good="""
        bars:
          resale:
            says: The data may not be sold
            cite: 45 CFR 164.502(a)(5)(ii)
            checked: text
            when: {request.purpose: marketing}
        """,
)
def citation_missing(subject: Subject) -> Iterator[Found]:
    """Every answer shows the paragraph it rests on.

    A reader cannot check a rule whose citation is a placeholder, nor see why a fact is asked or a paper is needed.
    Facts and instruments of the shared vocabulary need no citation, since several laws read them.
    """
    for document, path, cite in _all_cites((*subject.documents, *subject.cases)):
        if _PLACEHOLDER.fullmatch(cite):
            yield Found(document, path, f'"{cite}" is no citation', "name the paragraph, as in 34 CFR 99.31(a)(3)")
    for framework, base in subject.frameworks():
        for section, what in (("facts", "fact"), ("instruments", "instrument")):
            for name, item in value_at(framework.document, base).get(section, {}).items():
                if "cite" not in item and not item.get("derived"):
                    path = (*base, section, name)
                    yield Found(framework.document, path, f'the {what} "{name}" cites nothing', "add cite: PARAGRAPH")


@check(
    "citation-malformed",
    "warning",
    "a citation of a known code is not in its form, or its brackets or quotes do not match",
    bad="""
        bars:
          resale:
            says: The data may not be sold
            cite: 45 C.F.R. 164.502(a)(5
            checked: text
            when: {request.purpose: marketing}
        """,
    good="""
        bars:
          resale:
            says: The data may not be sold
            cite: 45 CFR 164.502(a)(5)
            checked: text
            when: {request.purpose: marketing}
        """,
)
def citation_malformed(subject: Subject) -> Iterator[Found]:
    """People search for citations, and programs link them.

    Known are `20 U.S.C. 1232g` (or `20 USC 1232g`), `34 CFR 99.31`, `69 FR 45888`, `Pub. L. 112-278` (or `Public Law`),
    `CGS 10a-57g` and `Regs. Conn. State Agencies 19a-25-1`, each with paragraphs in brackets. Several are separated by
    semicolons. Whatever else a citation names, a manual, a letter, a judgment, may be written in any form; so may the
    source of a case.
    """
    for document, path, cite in _all_cites(subject.documents):
        if problem := _malformed(cite):
            message, help_line = problem
            yield Found(document, path, f'"{cite}" {message}', help_line)


def _malformed(cite: str) -> tuple[str, str] | None:
    unquoted = re.sub(r'"[^"]*"', "", cite)
    if cite.count('"') % 2 or _unbalanced(unquoted):
        return "has a bracket or quote without its other half", ""
    if "()" in cite or ";;" in cite or cite.rstrip().endswith((";", ",")):
        return "breaks off", ""
    for part in re.split(r"[;(]", unquoted):
        for name, (meant, form, example) in _CODES.items():
            if meant.search(part) and not form.search(part):
                return f"cites {name} in another form", f"write it as in {example}"
    return None


def _unbalanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return True
    return depth != 0
