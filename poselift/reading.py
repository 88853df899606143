"""Reading files of strangers: plain files only, and bounds told before memory is taken."""

from __future__ import annotations

import json
import os
import pickle
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from poselift.errors import PoseliftError

try:
    import lzma
except ImportError:  # some builds of Python go without
    lzma = None  # type: ignore[assignment]

if TYPE_CHECKING:
    import numpy as np

_BINARY = getattr(os, "O_BINARY", 0)
#: What a reader may take beside a few times the file's own size.
FIXED = 1 << 28
_TIMES = 12
_ARRAYS_FIXED = 1 << 30  # whoever is not there packs a thousand to one
_MEMBERS = 100_000
_HEADER = 1 << 16  # bytes before an array's numbers
#: What damaged and hostile content raises in parsers and in NumPy.
DAMAGE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError,
    MemoryError, EOFError, OSError, NotImplementedError, RuntimeError, zipfile.BadZipFile,
    SyntaxError, pickle.UnpicklingError, struct.error, zlib.error, tokenize.TokenError,
    *((lzma.LZMAError,) if lzma is not None else ()),
)  # fmt: skip


def kind_of(path: str | Path) -> Literal["file", "folder", "other", "nothing"]:
    r"""What a path leads to; "other" is a device, a pipe or a socket, which may never end.

    >>> kind_of(__file__), kind_of("/dev/null"), kind_of("x" * 5000), kind_of("a\0b")
    ('file', 'other', 'nothing', 'nothing')
    """
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return "nothing"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "other"


@contextmanager
def damage_told(path: str | Path, what: str, hint: str) -> Iterator[None]:
    """Let whatever damaged content raises in this block become one `PoseliftError`."""
    try:
        yield
    except DAMAGE as error:
        reason = f"{type(error).__name__}: {error}"[:300]
        raise PoseliftError(f"{Path(path).name} is not {what} ({reason}).", hint) from error


@contextmanager
def opened(path: str | Path) -> Iterator[IO[bytes]]:
    """A plain file, open to read; a pipe is neither waited for nor read."""
    path = Path(path)
    if kind_of(path) == "nothing":
        raise PoseliftError(f"No such file: {path}", "Check the path.")
    try:
        handle = os.open(path, os.O_RDONLY | _BINARY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise PoseliftError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the path and its rights."
        ) from error
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise PoseliftError(f"{path} is no file.", "Give a file that can be read again.")
        yield file


def read_whole(path: str | Path, most: int = 1 << 30) -> bytes:
    """The bytes of a plain file of at most `most` bytes."""
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise PoseliftError(
                f"{Path(path).name} has {size / 1e6:,.0f} MB; up to {most / 1e6:,.0f} MB of such "
                "a file are read.",
                "Split it, or give the right file.",
            )
        try:
            return file.read(most)
        except OSError as error:
            raise PoseliftError(f"{path} cannot be read: {error}.", "Check the disk.") from error


def read_json(path: str | Path, most: int = 1 << 30) -> Any:
    """What a JSON file holds; refused is one whose brackets would take far more than its size."""
    data = read_whole(path, most)
    # What Python takes for a list or an object, and for each value in it.
    needed = 96 * (data.count(b"[") + data.count(b"{")) + 40 * data.count(b",") + 2 * len(data)
    refuse_bombs(path, needed, _TIMES * len(data) + FIXED)
    with damage_told(path, "a JSON file", "Correct the file, or write it again."):
        return json.loads(data)


def refuse_bombs(path: str | Path, needed: int, most: int) -> None:
    """A `PoseliftError` for a file that would take more memory than `most` bytes."""
    if needed > most:
        raise PoseliftError(
            f"{Path(path).name} would take {needed / 1e6:,.0f} MB of memory; a file of its size "
            f"may take {most / 1e6:,.0f}.",
            "It is damaged, or made to fill the memory; get it again.",
        )


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz: of plain numbers and texts, each as large as its bytes."""
    hint = (
        "Save it with np.savez; objects and pickles are not read. For a video, "
        "`poselift video CLIP --save npz` writes one."
    )
    with opened(path) as file, damage_told(path, "an .npz of plain arrays", hint):
        most = _TIMES * os.fstat(file.fileno()).st_size + _ARRAYS_FIXED
        with zipfile.ZipFile(file) as archive:
            if len(archive.infolist()) > _MEMBERS:
                raise ValueError(f"more than {_MEMBERS} arrays")
            members = {one.filename.removesuffix(".npy"): one for one in archive.infolist()}
            # An array is held twice for a moment: as it is unpacked, and as numbers.
            largest = max((one.file_size for one in members.values()), default=0)
            refuse_bombs(path, largest + sum(one.file_size for one in members.values()), most)
            return {name: _array(archive, one) for name, one in members.items()}


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    import numpy as np

    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        headers = np.lib.format
        read = headers.read_array_header_1_0 if version == (1, 0) else headers.read_array_header_2_0
        shape, fortran, dtype = read(file, max_header_size=_HEADER)
        content = file.read()
    if dtype.kind not in "biufcSU" or dtype.itemsize == 0:
        raise ValueError(f"{member.filename} holds {dtype}, which is no plain number or text")
    if min(shape, default=0) < 0 or prod(shape) * dtype.itemsize != len(content):
        raise ValueError(f"{member.filename} is of shape {shape} but has {len(content)} bytes")
    array = np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
    return np.array(array, order="C")


def checked_rate(fps: Any, whose: str) -> float:
    """A frame rate; refused is one that no camera and no capture has.

    >>> checked_rate(30, "the clip")
    30.0
    """
    from poselift.clock import FASTEST

    try:
        rate = float(fps)
    except (TypeError, ValueError, OverflowError):
        rate = float("nan")
    if not 1e-6 <= rate <= FASTEST:
        raise PoseliftError(
            f"The frame rate of {whose} is {str(fps)[:40]}, which no clip has.",
            f"Give frames a second, up to {FASTEST:g}; 30 if unknown.",
        )
    return rate
