"""Whether a source is still the one that was processed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from poselift.batch import objects
from poselift.fingerprint import digest_of
from poselift.media.source import is_address, is_pattern
from poselift.reading import kind_of


@dataclass(frozen=True)
class Stamp:
    """What is quickly known about a source.

    Attributes:
        bytes: of the file, or of all files in a folder of pictures.
        modified: when the newest was changed, in nanoseconds since 1970.
    """

    bytes: int
    modified: int


def stamp_of(address: str) -> Stamp | None:
    """The stamp of a source; None where there is nothing to look at, as on the network."""
    if objects.is_object(address):
        found = _head(address)
        return Stamp(found.bytes, found.modified) if found is not None else None
    if is_address(address):
        return None
    path = Path(address)
    kind = kind_of(path)
    if kind == "nothing" and is_pattern(address):
        path, kind = path.parent, kind_of(path.parent)
    try:
        if kind == "file":
            return _of_all([path])
        if kind == "folder":
            return _of_all(file for file in path.iterdir() if file.is_file())
    except OSError:  # gone since, or not readable: opening it will say why
        return None
    return None


def content_of(address: str) -> str | None:
    """The BLAKE2b digest of a file's bytes, the tag of an object; None for anything else."""
    if objects.is_object(address):
        found = _head(address)
        return f"tag {found.tag}" if found is not None and found.tag else None
    return digest_of(Path(address)) if kind_of(address) == "file" else None


def has_changed(address: str, before: Stamp | None, content: str | None) -> bool:
    """Whether a source is another than it was; `content` is its former `content_of`.

    A copy of a file with another time of change is the same source: its bytes are compared.
    A source that is gone has not changed.
    """
    now = stamp_of(address)
    if now is None or now == before:
        return False
    if before is None or now.bytes != before.bytes or content is None:
        return True
    return content_of(address) != content


def _head(address: str) -> objects.Found | None:
    bucket, key = objects.at(address)
    return bucket.head(key)


def _of_all(files: Iterable[Path]) -> Stamp:
    total = newest = 0
    for file in files:
        found = file.stat()
        total += found.st_size
        newest = max(newest, found.st_mtime_ns)
    return Stamp(total, newest)
