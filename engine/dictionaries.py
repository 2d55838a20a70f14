"""Agency data dictionaries: workbooks in the published layout of seven columns.

Agency, program, data category, data element name, definition, data type, years available: one row for each element.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from engine.catalogue import classify
from engine.documents import DocumentProblems, Mark, Problem, nearest
from engine.policies import Deployment

COLUMNS = ("agency", "program", "category", "element", "definition", "type", "years")
MAX_BYTES = 16 * 1024 * 1024
MAX_ROWS = 100_000
_HEADINGS = {
    "agency": "agency",
    "program": "program",
    "data category": "category",
    "data element name": "element",
    "data element definition": "definition",
    "data type": "type",
    "years available": "years",
}


@dataclass(frozen=True, slots=True)
class Element:
    """A data element as an agency lists it, and the place of its row."""

    agency: str
    program: str
    category: str
    element: str
    definition: str
    type: str
    years: str
    file: str
    row: int

    @property
    def name(self) -> str:
        """The element as requests name it: program, category and element, as far as the dictionary has them."""
        return " / ".join(part for part in (self.program, self.category, self.element) if part)


def read_workbook(path: Path) -> list[Element]:
    """The elements in every sheet of a workbook.

    Raises `DocumentProblems` for what is no workbook, is too large, or has no sheet with the seven headings.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        size = path.stat().st_size
    except OSError as error:
        raise _refuse(path, "unreadable", f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    if size > MAX_BYTES:
        raise _refuse(path, "too-large", f"is larger than {MAX_BYTES // 2**20} MiB")
    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
    except OSError as error:
        raise _refuse(path, "unreadable", f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (InvalidFileException, ValueError, KeyError, EOFError) as error:
        raise _refuse(path, "not-a-workbook", "is not an Excel workbook (.xlsx)") from error
    except Exception as error:  # a damaged archive fails in many ways, each of its own type
        raise _refuse(path, "not-a-workbook", "is not an Excel workbook (.xlsx), or is damaged") from error
    try:
        sheets = [list(_elements(path, sheet.iter_rows(values_only=True))) for sheet in workbook.worksheets]
    finally:
        workbook.close()
    if not any(sheets):
        headings = ", ".join(_HEADINGS)
        raise _refuse(path, "not-a-dictionary", "has no rows under the seven headings", f"headings: {headings}")
    return [element for sheet in sheets for element in sheet]


def _elements(path: Path, rows: Iterator[Sequence[Any]]) -> Iterator[Element]:
    columns: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        if number > MAX_ROWS:
            raise _refuse(path, "too-large", f"has more than {MAX_ROWS:,} rows")
        cells = ["" if cell is None else " ".join(str(cell).split()) for cell in row]
        if not columns:
            found = {_HEADINGS[cell.lower()]: i for i, cell in enumerate(cells) if cell.lower() in _HEADINGS}
            columns = found if len(found) == len(COLUMNS) else {}
            continue
        values = {name: cells[i] if i < len(cells) else "" for name, i in columns.items()}
        if values["element"]:
            yield Element(**values, file=str(path), row=number)


def _refuse(path: Path, code: str, message: str, help: str = "") -> DocumentProblems:
    return DocumentProblems([Problem(str(path), Mark(0, 0), code, message, help=help)])


@dataclass(frozen=True, slots=True)
class Classified:
    """An element with the agency it belongs to and its record categories; none at all if it is not catalogued."""

    element: Element
    agency: str
    categories: tuple[str, ...]


def classify_elements(deployment: Deployment, elements: Sequence[Element]) -> list[Classified]:
    """Every element with what the deployment's catalogue says of it.

    Raises `DocumentProblems` for an agency that the deployment does not have.
    """
    result: list[Classified] = []
    problems: list[Problem] = []
    agencies: dict[str, str | None] = {}
    for element in elements:
        if element.agency not in agencies:
            agencies[element.agency] = _acronym(deployment, element.agency)
        agency = agencies[element.agency]
        if agency is None:
            names = [a.name for a in deployment.agencies.values()]
            message = f'"{element.agency}" is no agency of {deployment.deployment}'
            help_line = nearest(element.agency, names)
            problems.append(Problem(element.file, Mark(element.row, 1), "unknown-party", message, help=help_line))
            continue
        found = classify(deployment, agency, element.name) or frozenset()
        result.append(Classified(element, agency, tuple(sorted(found))))
    if problems:
        unique = {problem.message: problem for problem in reversed(problems)}
        raise DocumentProblems(unique.values())
    return result


def _acronym(deployment: Deployment, name: str) -> str | None:
    """The agency a dictionary names, by its acronym, its name, or a name with the acronym in brackets."""
    wanted, brackets = _split(name)
    for acronym, agency in deployment.agencies.items():
        own, own_brackets = _split(agency.name)
        if acronym.casefold() in (wanted, brackets) or own == wanted or (brackets and brackets == own_brackets):
            return acronym
    return None


def _split(name: str) -> tuple[str, str]:
    before, _, after = name.casefold().partition("(")
    return before.strip(), after.rstrip(") ")


def catalogue_rows(classified: Sequence[Classified]) -> str:
    """Catalogue rows, as YAML, for what is not yet classified: counsel fills in `is` and `because`."""
    rows = [
        {
            "agency": found.agency,
            "program": found.element.program or found.element.category,
            **({"category": found.element.category} if found.element.program and found.element.category else {}),
            "element": found.element.element,
            "is": [],
            "because": "",
        }
        for found in classified
        if not found.categories
    ]
    return yaml.safe_dump({"catalogue": rows}, sort_keys=False, allow_unicode=True, width=120)
