"""Case files."""

from __future__ import annotations

from collections.abc import Iterator

from engine.workbench.lint.registry import Found, Subject, check


@check(
    "case-id-twice",
    "error",
    "two cases have the same id",
    bad="""
        cases:
        - id: first
          title: A study
          source: {citation: s. 3}
          facts: {request.approved: true}
          pins: law.basis.approval
        - id: first
          title: Another study
          source: {citation: s. 3}
          facts: {request.approved: true}
          pins: law.basis.approval
        """,
    good="""
        cases:
        - id: first
          title: A study
          source: {citation: s. 3}
          facts: {request.approved: true}
          pins: law.basis.approval
        - id: second
          title: Another study
          source: {citation: s. 3}
          facts: {request.approved: true}
          pins: law.basis.approval
        """,
)
def case_id_twice(subject: Subject) -> Iterator[Found]:
    """When a case differs, its id is what people look for. All case files that are checked together count."""
    seen: dict[str, str] = {}
    for document in subject.cases:
        for i, case in enumerate(document.data["cases"]):
            place = f"{document.file}:{document.mark_of(('cases', i, 'id')).line}"
            if case["id"] in seen:
                yield Found(document, ("cases", i, "id"), f'the id "{case["id"]}" stands also at {seen[case["id"]]}')
            seen.setdefault(case["id"], place)
