"""A source as a file: one in an object store is downloaded for as long as it is needed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from poselift.batch import objects
from poselift.batch.records import DestinationError
from poselift.batch.scratch import make_temporary, remove_scratch
from poselift.errors import PoseliftError
from poselift.files import file_name

#: The largest video in MB that is fetched where no other bound is given.
MOST_MB = 20_000.0
_SPARE = 100_000_000  # bytes that stay free


@contextmanager
def as_file(address: str, folder: Path, most: float | None = None) -> Iterator[str]:
    """The address itself, or the path of a copy in `folder`, which is removed afterwards.

    Args:
        address: of a video.
        folder: for the copy; it is made.
        most: the largest object in MB that is fetched.
    """
    if not objects.is_object(address):
        yield address
        return
    bucket, key = objects.at(address)
    found = bucket.head(key)
    if found is None:
        raise PoseliftError(f"No such object: {address}", "Check the address.")
    most = MOST_MB if most is None else most
    if found.bytes > most * 1e6:
        raise PoseliftError(
            f"{address} has {found.bytes / 1e6:.0f} MB; up to {most:g} are fetched.",
            "Raise `--scratch-limit`.",
        )
    make_temporary()
    _refuse_full(folder.parent, found.bytes)
    try:
        folder.mkdir(exist_ok=True)
        copy = folder / file_name(Path(key).name)
        bucket.fetch(found, copy)
        yield str(copy)
    finally:
        remove_scratch(folder)


def _refuse_full(root: Path, size: int) -> None:
    """Stop the batch where the disk has no room: that is no fault of the video."""
    free = shutil.disk_usage(root).free
    if size > free - _SPARE:
        raise DestinationError(
            f"{root} has {max(free - _SPARE, 0) / 1e6:.0f} MB to spare; a video of "
            f"{size / 1e6:.0f} MB is to be fetched.",
            "Make room, or set TMPDIR to a folder on another disk.",
        )
