"""Keep the README's generated parts true: `python -m engine.workbench.readme` writes the table of frameworks."""

from __future__ import annotations

import re
from pathlib import Path

from engine.policies import load_policies
from engine.workbench.frameworks import framework_rows, markdown_table

_SECTION = re.compile(r"(<!-- frameworks:[^>]*-->\n).*?(<!-- /frameworks -->)", re.DOTALL)


def with_frameworks(readme: str, table: str) -> str:
    """The README with its table of frameworks replaced."""
    return _SECTION.sub(lambda found: f"{found[1]}{table}{found[2]}", readme)


def main() -> None:
    """Write the table into the README of the current folder."""
    path = Path("README.md")
    table = markdown_table(framework_rows(load_policies()))
    path.write_text(with_frameworks(path.read_text(encoding="utf-8"), table), encoding="utf-8")


if __name__ == "__main__":
    main()
