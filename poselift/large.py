"""Arrays of long clips: in a temporary file, so that memory does not grow with the clip's length.

Arrays up to `LARGE` bytes are ordinary. A larger one is mapped from a file without a name, which
is gone when the array is; `release` gives the memory of its pages back and keeps what they hold.
"""

from __future__ import annotations

import logging
import mmap
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import DTypeLike

log = logging.getLogger(__name__)

#: Bytes up to which an array is kept in memory.
LARGE = 2 << 20
#: Frames that are worked on at once where a clip is gone through in blocks.
BLOCK = 1800


def zeros(shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    """An array of zeros. Without room for its file it is in memory, whatever its size."""
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if size <= LARGE:
        return np.zeros(shape, dtype)
    try:
        with tempfile.TemporaryFile(dir=folder()) as file:
            _reserve(file, size)
            # A plain array: a memmap's own type would spread to all that is computed from it.
            return np.asarray(np.memmap(file, dtype, "r+", shape=shape))
    except OSError as error:
        log.debug("no room for a file of %d bytes, kept in memory: %s", size, error)
        return np.zeros(shape, dtype)


def folder() -> str | None:
    """Where temporary files go: on a disk, as `/tmp` is memory on some systems."""
    chosen = "TMPDIR" in os.environ or "TEMP" in os.environ
    lasting = Path("/var/tmp")
    return str(lasting) if not chosen and os.access(lasting, os.W_OK) else None


def _reserve(file: IO[bytes], size: int) -> None:
    """Take the room on the disk now: a full one would kill the process when the map is written."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
        return
    empty = bytes(1 << 20)
    for start in range(0, size, len(empty)):
        file.write(empty[: size - start])
    file.flush()


def release(*arrays: np.ndarray | None) -> None:
    """Give back the memory of arrays that lie in files; they stay as they are."""
    for array in arrays:
        owner = array
        while isinstance(owner, np.ndarray):
            owner = owner.base
        if isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            owner.madvise(mmap.MADV_DONTNEED)


def blocks(length: int, *arrays: np.ndarray | None) -> Iterator[slice]:
    """The rows of `length` frames in blocks; after each the memory of `arrays` is given back."""
    for start in range(0, length, BLOCK):
        yield slice(start, min(start + BLOCK, length))
        release(*arrays)


def bridge(values: np.ndarray, known: np.ndarray) -> None:
    """Fill the rows of `values` (T, ...) that are not `known` (T,) from those that are, in place.

    Linearly along time; before the first and after the last known row these are held.

    >>> rows = np.array([[0.0], [1.0], [0.0], [3.0], [0.0]])
    >>> bridge(rows, np.array([False, True, False, True, False]))
    >>> rows[:, 0].tolist()
    [1.0, 1.0, 2.0, 3.0, 3.0]
    """
    from poselift.gaps import at_times

    rows = np.flatnonzero(known)
    if not len(rows) or len(rows) == len(values):
        return
    for block in blocks(len(values), values):
        wanted = block.start + np.flatnonzero(~known[block])
        if not len(wanted):
            continue
        first = max(int(np.searchsorted(rows, wanted[0])) - 1, 0)
        near = rows[first : int(np.searchsorted(rows, wanted[-1])) + 1]
        if not len(near):
            near = rows[-1:]
        values[wanted] = at_times(values[near], near, wanted)
