"""Findings of `assent lint` as text, JSON, SARIF 2.1.0 and GitHub annotations, and the explanations of the checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine.documents import visible
from engine.workbench.lint import SEVERITIES, Check, Finding

_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_text(findings: Sequence[Finding]) -> str:
    """One line for each finding, its help below, and the count."""
    lines = [_line(finding) for finding in findings]
    counts = Counter(finding.severity for finding in findings)
    total = ", ".join(f"{counts[s]} {s}{'' if counts[s] == 1 else 's'}" for s in SEVERITIES)
    return "\n".join([*lines, total])


def _line(finding: Finding) -> str:
    place = f"{_relative(finding.file)}:{finding.mark.line}:{finding.mark.column}"
    help_line = f"\n  help: {visible(finding.help)}" if finding.help else ""
    return f"{visible(place)}: {finding.severity}: {visible(finding.message)} [{finding.code}]{help_line}"


def as_document(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The findings as plain data."""
    return [asdict(finding) | {"mark": finding.mark._asdict(), "file": _relative(finding.file)} for finding in findings]


def as_github(findings: Iterable[Finding]) -> str:
    """The findings as commands that GitHub shows beside the lines of a change."""
    return "\n".join(
        f"::{'notice' if f.severity == 'note' else f.severity} file={_escaped(_relative(f.file), whole=True)},"
        f"line={f.mark.line},col={f.mark.column},title={f.code}::{_escaped(visible(f.message))}"
        for f in findings
    )


def _escaped(text: str, *, whole: bool = False) -> str:
    """Text as a command of GitHub takes it; a property (`whole`) has more to escape than a message."""
    marks = {"%": "%25", "\r": "%0D", "\n": "%0A", **({":": "%3A", ",": "%2C"} if whole else {})}
    return "".join(marks.get(character, character) for character in text)


def as_sarif(findings: Iterable[Finding], checks: Mapping[str, Check], version: str) -> dict[str, Any]:
    """The findings as a SARIF 2.1.0 log. Places are relative to the current folder where they can be."""
    codes = list(checks)
    rules = [
        {
            "id": check.code,
            "shortDescription": {"text": check.summary},
            "fullDescription": {"text": check.why},
            "help": {"text": explanation(check), "markdown": section(check)},
            "defaultConfiguration": {"level": check.severity},
        }
        for check in checks.values()
    ]
    results = [
        {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "level": finding.severity,
            "message": {"text": f"{finding.message}; {finding.help}" if finding.help else finding.message},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": _uri(finding.file)},
                        "region": {"startLine": finding.mark.line, "startColumn": finding.mark.column},
                    }
                }
            ],
        }
        for finding in findings
    ]
    driver = {"name": "assent", "version": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _relative(file: str) -> str:
    """The file as seen from the current folder, if it is below it."""
    path = Path(file).resolve()
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else file


def _uri(file: str) -> str:
    path = Path(_relative(file))
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


# Explanations ---------------------------------------------------------------------------------------------------------


def explanation(check: Check) -> str:
    """What a check looks for, why, how it looks wrong and right, and how to allow a finding."""
    examples = f"Not so:\n\n{_indented(check.bad)}\nBut so:\n\n{_indented(check.good)}"
    return f"{check.code} ({check.severity}): {check.summary}\n\n{check.why}\n\n{examples}\n{_how_to_allow(check)}\n"


def section(check: Check) -> str:
    """The same as a section of docs/lint.md."""
    return (
        f"### {check.code}\n\n{check.severity}: {check.summary}\n\n{check.why}\n\n"
        f"Not so:\n\n```yaml\n{check.bad}```\n\nBut so:\n\n```yaml\n{check.good}```\n"
    )


def page(checks: Mapping[str, Check]) -> str:
    """The generated part of docs/lint.md: a table of all checks, and a section for each."""
    rows = [f"| [`{c.code}`](#{c.code}) | {c.severity} | {c.summary} |" for c in _by_severity(checks)]
    table = "\n".join(["| code | severity | found where |", "| --- | --- | --- |", *rows])
    return "\n".join([table, "", *(section(check) for check in _by_severity(checks))])


def _by_severity(checks: Mapping[str, Check]) -> list[Check]:
    return sorted(checks.values(), key=lambda check: (SEVERITIES.index(check.severity), check.code))


def _how_to_allow(check: Check) -> str:
    if check.code.startswith("silence-"):
        return "It cannot be allowed."
    return (
        f"To allow it in one place, write there or on the line above:\n\n    # lint: allow {check.code} because REASON"
    )


def _indented(text: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))
