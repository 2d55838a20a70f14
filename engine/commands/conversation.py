"""The interview of `assent ask` in a terminal, or with answers from a pipe."""

from __future__ import annotations

from collections.abc import Callable

import click
from rich.console import Console

from engine.advice.interview import Interview
from engine.advice.questions import NotAnAnswerError, Question
from engine.reports.questions import show_question, show_why


def converse(interview: Interview, save: Callable[[str], None], out: Console) -> None:
    """Ask until the answer is settled, nothing is left to ask, or the user ends it; save after every answer."""
    try:
        while (asked := interview.next()) is not None:
            show_question(interview, asked, out)
            if not _answered(interview, asked, out):
                return
            save(interview.text)
    except (click.Abort, EOFError, KeyboardInterrupt):
        click.echo()


def _answered(interview: Interview, asked: Question, out: Console) -> bool:
    """Whether the question was dealt with, not the interview ended."""
    while True:
        typed = click.prompt("", prompt_suffix="> ", default="", show_default=False).strip()
        match typed.lower():
            case "":
                continue
            case "q":
                return False
            case "?":
                show_why(interview, asked, out)
                continue
            case "d":
                interview.not_known(asked)
            case "s":
                interview.skip(asked)
            case "b":
                if not interview.back():
                    click.echo("This is the first question.")
                    continue
            case _:
                try:
                    interview.answer(asked, typed)
                except NotAnAnswerError as error:
                    click.echo(str(error))
                    continue
        return True
