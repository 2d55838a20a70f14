"""The forms a paper can take: HTML, PDF, Word and Markdown, chosen by the suffix of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from engine.documents import CannotDo, nearest
from engine.papers.tidy import tidy
from engine.papers.tree import Paper

Form = Literal["html", "pdf", "docx", "md"]

_FORMS: dict[str, Form] = {"html": "html", "htm": "html", "pdf": "pdf", "docx": "docx", "md": "md", "markdown": "md"}


def form_of(path: Path) -> Form:
    """The form that a file's suffix asks for. Raises `CannotDo` for any other."""
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in _FORMS:
        wrong = f'papers have no form "{path.suffix}"' if suffix else f'"{path.name}" does not end in the form wanted'
        help = nearest(suffix, ("html", "pdf", "docx", "md"), among="there are")
        raise CannotDo(f"{wrong}; {help}")
    return _FORMS[suffix]


def render(paper: Paper, form: Form) -> bytes:
    """The paper as a file of this form. The same paper gives the same bytes."""
    neat = tidy(paper)
    if form == "html":
        from engine.papers.html import write
    elif form == "pdf":
        from engine.papers.pdf import write
    elif form == "docx":
        from engine.papers.word import write
    else:
        from engine.papers.markdown import write
    return write(neat)
