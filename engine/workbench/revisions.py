"""The two sides of a comparison: folders of policies, revisions of a git repository, or two days under one law.

A revision is read straight out of the repository; nothing is written to disk.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from engine.documents import CannotDo, Document, decode, nearest, parse_whole
from engine.policies import PolicySet, compile_policies, load_policies, read_all, with_shipped

HERE = Path("policies")
"""Where a repository keeps its policies, unless the user says otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One state of the law, by the name the user gave it; with the day it stands for where two days are compared."""

    name: str
    policies: PolicySet
    day: date | None = None


def sides(old: str, new: str, folder: Path | None = None) -> tuple[Side, Side]:
    """Both sides as the user names them: folders, revisions of the repository that holds `folder`, or two dates.

    A folder of that name comes first. Raises `CannotDo` where a name is nothing of the kind, `DocumentProblems` where
    policies are wrong.
    """
    days = [None if Path(name).is_dir() else _day(name) for name in (old, new)]
    if all(days):
        policies = load_policies(folder)
        return Side(old, policies, days[0]), Side(new, policies, days[1])
    if any(days):
        date_, other = (old, new) if days[0] else (new, old)
        message = f'"{date_}" is a date and "{other}" is none'
        raise CannotDo(f"{message}\n  help: compare two dates, or folders and revisions")
    return Side(old, _policies(old, folder), None), Side(new, _policies(new, folder), None)


def _day(name: str) -> date | None:
    if not re.fullmatch("[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", name):
        return None
    try:
        return date.fromisoformat(name)
    except ValueError:
        raise CannotDo(f'"{name}" is not a date\n  help: write dates as YYYY-MM-DD, as in 2026-11-23') from None


def _policies(name: str, folder: Path | None) -> PolicySet:
    if Path(name).is_dir():
        return load_policies(Path(name))
    return compile_policies(with_shipped(_at_revision(name, folder or HERE)))


# Git ------------------------------------------------------------------------------------------------------------------


def _at_revision(revision: str, folder: Path) -> list[Document]:
    """The policy files of a folder as they stood in a revision, named as git names them: `v1.0:policies/law.yaml`."""
    if not folder.is_dir():
        message = f'"{revision}" is no folder, and there is no folder {folder} of which it could be a revision'
        raise CannotDo(f"{message}\n  help: name the policies folder of a git repository with --policies")
    commit = _commit(revision, folder)
    within = _git(folder, "rev-parse", "--show-prefix").decode().strip()
    found = _files(_git(folder, "archive", "--format=tar", commit))
    if not found:
        raise CannotDo(f"{revision} holds no policy files below {within or folder}")
    return read_all(partial(_read, raw, f"{revision}:{within}{path}") for path, raw in found)


def _commit(revision: str, folder: Path) -> str:
    if not revision or revision.startswith("-"):
        raise CannotDo(f'"{revision}" cannot be a folder or a revision')
    _git(folder, "rev-parse", "--git-dir")
    try:
        answer = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except CannotDo:
        names = _git(folder, "for-each-ref", "--format=%(refname:short)").decode().split()
        help_line = nearest(revision, names)
        message = f'"{revision}" is neither a folder nor a revision of the repository of {folder}'
        raise CannotDo(message + (f"\n  help: {help_line}" if help_line else "")) from None
    return answer.decode().strip()


def _files(archive: bytes) -> list[tuple[str, bytes]]:
    """The YAML files of an archive, in order of path."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = [member for member in tar if member.isfile() and member.name.endswith((".yaml", ".yml"))]
        return sorted((member.name, tar.extractfile(member).read()) for member in members)  # type: ignore[union-attr]


def _read(raw: bytes, name: str) -> Document:
    return parse_whole(decode(raw, name), name)


def _git(folder: Path, *arguments: str) -> bytes:
    """What a git command prints. Raises `CannotDo` with its own words where it fails."""
    git = shutil.which("git")
    if git is None:
        raise CannotDo("git is not installed; compare two folders instead")
    done = subprocess.run([git, "-C", str(folder), *arguments], capture_output=True, check=False)  # noqa: S603 no shell
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise CannotDo(f"git cannot read {folder}: {said[0].removeprefix('fatal: ') if said else 'no reason given'}")
    return done.stdout
