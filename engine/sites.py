"""The folder that a site is written into: an empty one, or that of a former site of the same kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from engine.documents import CannotDo

_OWN = re.compile(r"([a-z0-9-]+/)?[A-Za-z0-9_-]+\.(html|css|js)")
Content = TypeVar("Content", str, bytes)


def write_site(
    folder: Path, kind: str, files: Mapping[str, Content], write: Callable[[Path, str | bytes], None]
) -> None:
    """Write the files of a site, by their path in `folder`; pages of the former one that have no successor go.

    A file beside them, named after the kind of site (`handbook.json`), lists them, so that the next site can take their
    place. `write` writes one file whole or not at all. Raises `CannotDo` if the folder holds anything else.
    """
    marker = folder / f"{kind}.json"
    try:
        former: set[str] = _former(folder, kind, marker)
        for parent in sorted({(folder / name).parent for name in files}):
            parent.mkdir(parents=True, exist_ok=True)
        write(marker, json.dumps({"files": sorted({*files, *former})}, indent=0))
        for name, content in files.items():
            write(folder / name, content)
        for name in former - files.keys():
            (folder / name).unlink(missing_ok=True)
        write(marker, json.dumps({"files": sorted(files)}, indent=0))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotDo(f"{error.filename or folder} cannot be written: {reason}") from None


def _former(folder: Path, kind: str, marker: Path) -> set[str]:
    """The files of the site that the folder holds; none for a new or empty folder."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return set()
    try:
        listed = json.loads(marker.read_text(encoding="utf-8"))["files"]
        return {name for name in listed if _OWN.fullmatch(name)}
    except (OSError, ValueError, LookupError, TypeError):
        raise CannotDo(f"{folder} is not empty and holds no {kind}; nothing was written") from None
