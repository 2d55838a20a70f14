"""What is likely wrong with policies and cases although they can be read: `assent lint`.

A check is one function in `law`, `dates`, `unused`, `wording` or `cases`, entered in the registry with its code, its
severity and a bad and a good example; its docstring says why. docs/lint.md is made from the registry.
"""

from engine.workbench.lint import cases, citations, dates, unused, wording  # noqa: F401 each enters its checks
from engine.workbench.lint.registry import CHECKS, SEVERITIES, Check, Finding, Subject
from engine.workbench.lint.run import lint, lint_files

__all__ = ["CHECKS", "SEVERITIES", "Check", "Finding", "Subject", "lint", "lint_files"]
