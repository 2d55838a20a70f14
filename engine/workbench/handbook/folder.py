"""The folder that a handbook is written into: an empty one, or that of a former handbook."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.documents import CannotDo

MARKER = "handbook.json"
"""Names the files of the handbook beside it, so that the next one can take their place."""

_OWN = re.compile(r"([a-z0-9-]+/)?[a-z0-9-]+\.(html|css|js)")


def write_handbook(folder: Path, files: Mapping[str, str], write: Callable[[Path, str], None]) -> None:
    """Write the files of a handbook, by their path in `folder`; pages of the former one that have no successor go.

    `write` writes one file whole or not at all. Raises `CannotDo` if the folder holds anything but a handbook.
    """
    try:
        former = _former(folder)
        marker = json.dumps({"files": sorted({*files, *former})}, indent=0)
        for parent in sorted({(folder / name).parent for name in files}):
            parent.mkdir(parents=True, exist_ok=True)
        write(folder / MARKER, marker)
        for name, text in files.items():
            write(folder / name, text)
        for name in former - files.keys():
            (folder / name).unlink(missing_ok=True)
        write(folder / MARKER, json.dumps({"files": sorted(files)}, indent=0))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotDo(f"{error.filename or folder} cannot be written: {reason}") from None


def _former(folder: Path) -> set[str]:
    """The files of the handbook that the folder holds; none for a new or empty folder."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return set()
    try:
        listed = json.loads((folder / MARKER).read_text(encoding="utf-8"))["files"]
        return {name for name in listed if _OWN.fullmatch(name)}
    except (OSError, ValueError, LookupError, TypeError):
        message = f"{folder} is not empty and holds no handbook; nothing was written"
        raise CannotDo(message) from None
