"""The command line: `assent --help`.

Exit codes of `assent check`: 0 allow, 10 deny, 11 undetermined, 2 bad input.
"""

from __future__ import annotations

import gc
import io
import sys
from typing import Any

import click

from engine.commands import boards, catalogue, clearinghouses, counsel, export, requesters, start
from engine.commands.common import fail
from engine.documents import AssentError

AUDIENCES: dict[str, tuple[click.Command, ...]] = {
    "For requesters": (
        requesters.check,
        requesters.ask,
        requesters.cure,
        requesters.explain,
        requesters.draft,
        requesters.review,
    ),
    "For counsel": (
        counsel.format_documents,
        counsel.lint_documents,
        counsel.validate,
        counsel.test_cases,
        counsel.watch,
        counsel.mutate,
        counsel.analyze,
        counsel.diff,
        counsel.frameworks,
        counsel.handbook,
        catalogue.catalogue,
        counsel.schema,
        export.export,
    ),
    "For boards": (boards.report, boards.calendar, boards.publish),
    "For clearinghouses": (clearinghouses.batch, clearinghouses.rows),
    "To begin with": (start.new,),
}


class Sections(click.Group):
    """Commands listed by who uses them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands of each audience under a heading of their own."""
        for heading, commands in AUDIENCES.items():
            with formatter.section(heading):
                formatter.write_dl([(str(command.name), command.get_short_help_str(90)) for command in commands])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what the user can mend is one clear message and exit code 2."""
        try:
            return super().invoke(ctx)
        except AssentError as error:
            fail(str(error))
        except BrokenPipeError:
            sys.exit(1)


@click.group(cls=Sections, commands=[command for commands in AUDIENCES.values() for command in commands])
@click.version_option(package_name="assent", message="assent %(version)s")
def main() -> None:
    """Decide whether data may be shared, on which legal basis, and what the agreement must say."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a terminal cannot show is written out
    gc.disable()  # a command builds much, keeps it all and ends soon


if __name__ == "__main__":
    main()
