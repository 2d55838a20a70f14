"""Keep docs/lint.md true: `python -m engine.reports.lint_page` writes its generated part again."""

from __future__ import annotations

import re
from pathlib import Path

from engine.reports.lint import page
from engine.workbench.lint import CHECKS

_SECTION = re.compile(r"(<!-- checks:[^>]*-->\n).*?(<!-- /checks -->)", re.DOTALL)


def main() -> None:
    """Write the checks into docs/lint.md of the current folder."""
    path = Path("docs/lint.md")
    text = path.read_text(encoding="utf-8")
    path.write_text(_SECTION.sub(lambda found: f"{found[1]}{page(CHECKS)}{found[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    main()
