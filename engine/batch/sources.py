"""Where the requests of a batch come from, cut into chunks that can be read one by one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple

from engine.batch.parquet import groups
from engine.documents import CannotDo

Kind = Literal["lines", "files", "columns"]
CHUNK = 256 * 2**20
"""Bytes of a chunk of lines: many requests at once are decided fastest."""
PIECE = 64 * 2**20
"""Bytes of lines that are parsed at once: it takes many times the memory."""
TAIL = 2**20
"""Bytes of a line that are kept room for behind a piece."""
FILES = 200
"""Files of a chunk of documents."""


class Chunk(NamedTuple):
    """A part of a source: bytes of a file of lines, files of a folder, or one row group."""

    number: int
    start: int
    stop: int


class Piece(NamedTuple):
    """Some lines, and how many."""

    data: memoryview
    lines: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file of lines or of columns, or a folder of request documents."""

    path: Path
    kind: Kind
    chunks: tuple[Chunk, ...]
    files: tuple[Path, ...] = ()
    digest: str = ""
    """Tells one source from another, and from the same one after a change."""


def source(path: Path) -> Source:
    """The source at a path. Raises `CannotDo` where there is nothing that can be read."""
    try:
        if path.is_dir():
            return _folder(path)
        size = path.stat().st_size
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if path.suffix == ".parquet":
        return _columns(path)
    if path.suffix not in (".ndjson", ".jsonl"):
        raise CannotDo(f"{path} is neither a folder of requests nor a file that ends in .ndjson or .parquet")
    starts = range(0, size, CHUNK)
    chunks = tuple(Chunk(i, start, min(start + CHUNK, size)) for i, start in enumerate(starts))
    return Source(path, "lines", chunks, (), _digest([path]))


def _folder(path: Path) -> Source:
    files = tuple(sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml", ".json") and p.is_file()))
    if not files:
        raise CannotDo(f"{path} holds no request documents: no file ends in .yaml, .yml or .json")
    starts = range(0, len(files), FILES)
    chunks = tuple(Chunk(i, start, min(start + FILES, len(files))) for i, start in enumerate(starts))
    return Source(path, "files", chunks, files, _digest(files))


def _columns(path: Path) -> Source:
    digest = _digest([path])
    return Source(path, "columns", tuple(Chunk(i, i, i + 1) for i in range(groups(path, digest))), (), digest)


def _digest(files: list[Path] | tuple[Path, ...]) -> str:
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(json.dumps(stats).encode()).hexdigest()


def lines(found: Source, chunk: Chunk) -> Iterator[bytes]:
    """The lines that begin in a chunk."""
    for piece in pieces(found, chunk):
        yield from BytesIO(piece.data)


def pieces(found: Source, chunk: Chunk) -> Iterator[Piece]:
    """The same, as many together as are parsed at once. A piece is there until the next is asked for."""
    buffer = bytearray(min(PIECE, chunk.stop - chunk.start) + TAIL)  # one for all: new memory costs time
    view = memoryview(buffer)
    with found.path.open("rb") as stream:
        if chunk.start:
            stream.seek(chunk.start - 1)
            stream.readline()  # the line before belongs to another chunk
        while (start := stream.tell()) < chunk.stop:
            size = stream.readinto(view[: min(PIECE, chunk.stop - start)])
            whole = buffer.rfind(b"\n", 0, size) + 1
            if whole and start + size < chunk.stop:
                stream.seek(start + whole)
                yield Piece(view[:whole], buffer.count(b"\n", 0, whole))
                continue
            rest = b"" if whole == size else stream.readline()
            count = buffer.count(b"\n", 0, size) + (whole != size)
            if len(rest) > TAIL:
                yield Piece(memoryview(bytes(view[:size]) + rest), count)
            else:
                view[size : size + len(rest)] = rest
                yield Piece(view[: size + len(rest)], count)
