"""The command line of assent."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.documents import AssentError, shipped


@click.group()
def main() -> None:
    """Decide data-sharing requests."""


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--policies", "folder", type=click.Path(path_type=Path))
def validate(files, folder):
    from engine.policies import load_policies
    try:
        p = load_policies(folder)
        from engine.cases import is_case_file, CaseFile
        from engine.documents import read, validate as v
        from engine.requests import check_request
        for f in files:
            d = read(f)
            if is_case_file(d): v(CaseFile, d)
            elif "request" in d.data: check_request(d, p)
        click.echo("ok")
    except AssentError as e:
        click.echo(str(e)); sys.exit(2)


@main.command("test")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--coverage", "cov", is_flag=True)
def test_(files, cov):
    from engine.policies import load_policies
    from engine.cases import case_files, run_file, coverage
    try:
        p = load_policies()
        results = []
        for path in case_files(files or [shipped("cases")]):
            try:
                results += run_file(path, p)
            except AssentError as e:
                click.echo(str(e))
        for r in results:
            if r.differences:
                click.echo(f"FAIL {r.file}:{r.mark.line} {r.case.id}: {r.case.title}")
                for d in r.differences: click.echo(f"   {d}")
        click.echo(f"{sum(not r.differences for r in results)} of {len(results)} pass")
        if cov:
            for c in coverage(p, results):
                if not c.complete:
                    click.echo(f"{c.rule}: cases {c.cases}, true {c.ever_true}, false {c.ever_false}, idle {', '.join(c.idle)}")
    except AssentError as e:
        click.echo(str(e)); sys.exit(2)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file):
    from engine.policies import load_policies
    from engine.requests import read_request
    from engine.decisions import decide
    try:
        p = load_policies()
        d = decide(p, read_request(file, p))
    except AssentError as e:
        click.echo(str(e)); sys.exit(2)
    click.echo(f"{d.outcome} ready={d.ready}")
    for f in d.findings:
        if f.outcome != "not_applicable":
            click.echo(f" {f.disclosure.id} {f.framework.framework}: {f.outcome} used={f.used and f.used.basis.id} bars={[b.id for b in f.holding]} missing={[r.name for r in f.missing]}")
    click.echo(f"missing: {[r.name for r in d.missing]}")


if __name__ == "__main__":
    main()
