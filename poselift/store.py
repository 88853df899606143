"""The cache of a clip's 2D joints on disk: appended frame by frame, and found by a key.

One file per clip and key. While a run processes the clip it appends blocks to a file of its own
(`KEY.XXXX.part`); at the end that file takes the name `KEY.2d`. An interrupted run leaves its part
file, and the next run continues after the last complete block. The store is a convenience: any
problem with it is logged, and the run continues without it.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import secrets
import stat
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from poselift.seen_frames import SeenFrame, arrays_of, block_of, frames_of

log = logging.getLogger(__name__)

#: Frames in a block: a killed run loses at most this many.
FRAMES_A_BLOCK = 300
#: Changes whenever the content changes its meaning, so that older files are not used.
_MAGIC = b"poselift 2d 3\n"
_RECORD = struct.Struct("<Q16s")  # length and digest of the bytes that follow
_AT_ONCE = 1 << 20  # bytes that are copied together
_END, _PART = ".2d", ".part"
# A link in the place of a file of ours is never followed, a pipe never waited for.
_CAREFUL = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Kept:
    """What a store holds.

    Attributes:
        frames: from the clip's first on, without gaps; read from the file as they are asked for,
            in memory they would grow with the clip.
        state: what `See` remembered after the last of them.
        size: (width, height) of the picture where the clip was seen to its end, else None.
    """

    frames: Sequence[SeenFrame]
    state: dict[str, np.ndarray]
    size: tuple[int, int] | None

    @property
    def complete(self) -> bool:
        """Whether the clip was seen to its end."""
        return self.size is not None


class TrackStore:
    """The store of one clip under one key. Call `read` first, then `add`, then `finish`.

    Several processes may use the same folder at once: each appends to a file of its own, and
    whoever finishes last leaves the file that stays.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._key = key
        # What an earlier run had written is taken over when this one first writes.
        self._head: _File | None = None
        self._earlier: list[Path] = []
        self._file: io.FileIO | None = None
        self._path: Path | None = None
        self._length = 0
        self._waiting: list[tuple[SeenFrame, Mapping[str, np.ndarray]]] = []
        self._broken = False

    def read(self) -> Kept:
        """What earlier runs left under this key; empty where that is nothing."""
        nothing = Kept([], {}, None)
        try:
            if not _is_plain_folder(self._folder):
                return nothing
            self._earlier = [path for path in self._files() if path.name.startswith(self._key)]
            found = [file for path in self._earlier if (file := _opened(path)) is not None]
        except OSError as error:
            self._give_up(error)
            return nothing
        self._head = max(found, key=lambda one: (one.size is not None, one.end), default=None)
        for file in found:
            if file is not self._head:
                file.close()
        if self._head is None:
            return nothing
        return Kept(self._head, self._head.state, self._head.size)

    def add(self, frame: SeenFrame, state: Mapping[str, np.ndarray]) -> None:
        """Add one more frame, and the `See.state()` after it."""
        if self._broken:
            return
        # One step, so that an interruption never parts a frame from its state.
        self._waiting.append((frame, state))
        if len(self._waiting) > 1:  # only the last state is written, and each holds a picture
            self._waiting[-2] = (self._waiting[-2][0], {})
        if len(self._waiting) >= FRAMES_A_BLOCK:
            self.flush()

    def flush(self) -> None:
        """Write pending frames; called when a run is interrupted."""
        if self._waiting and not self._broken:
            self._append(block_of([frame for frame, _ in self._waiting], self._waiting[-1][1]))
            self._waiting = []

    def finish(self, size: tuple[int, int]) -> None:
        """The clip was seen to its end: the file takes its name, all others are removed."""
        self.flush()
        self._append({"size": np.array(size)})
        if self._file is None or self._path is None:
            return
        self._file.close()
        final = self._folder / f"{self._key}{_END}"
        try:
            self._path.replace(final)
            for other in self._files():
                if other != final:
                    _remove(other)
        except FileNotFoundError:
            log.debug("%s: another run has finished and tidied up", self._path)
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Let go of the files; what was flushed stays for the next run."""
        for file in (self._file, self._head):
            if file is not None:
                file.close()

    def _files(self) -> list[Path]:
        """Files of this store's making, whatever their key."""
        return sorted(p for p in self._folder.iterdir() if p.suffix in (_END, _PART))

    def _append(self, arrays: Mapping[str, Any]) -> None:
        if self._broken:
            return
        try:
            if self._file is None:
                self._begin()
            content = io.BytesIO()
            np.savez(content, **arrays)
            self._write(_record(content.getvalue()))
        except OSError as error:
            self._give_up(error)

    def _begin(self) -> None:
        """Make this run's own file, with what earlier runs had seen."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if not _is_plain_folder(self._folder):
            raise NotADirectoryError(f"{self._folder} is a link")
        path = self._folder / f"{self._key}.{secrets.token_hex(4)}{_PART}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | _CAREFUL, 0o666)
        self._path, self._file = path, io.FileIO(descriptor, "w")
        for data in [_MAGIC] if self._head is None else self._head.content():
            self._write(data)
        if self._head is not None:
            self._head.close()
        # Those of runs that began after `read` belong to them.
        for old in self._earlier:
            _remove(old)
        self._head, self._earlier = None, []

    def _write(self, data: bytes) -> None:
        """Append; where this is interrupted, the next call overwrites what was half written."""
        assert self._file is not None
        self._file.seek(self._length)
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) or 0 :]
        self._file.truncate()
        self._length += len(data)

    def _give_up(self, error: OSError) -> None:
        log.warning(
            "The 2D joints cannot be cached in %s (%s); continuing without a cache.",
            self._folder,
            error,
        )
        self._broken, self._waiting = True, []
        self.close()
        if self._path is not None:
            _remove(self._path)


def _is_plain_folder(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink()


def _remove(path: Path) -> None:
    """Remove a file, or a link itself and never what it leads to."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.debug("could not remove %s: %s", path, error)


def _record(content: bytes) -> bytes:
    return _RECORD.pack(len(content), _digest(content)) + content


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


class _File(Sequence[SeenFrame]):
    """A file of an earlier run, as far as it is whole; its frames are read when asked for.

    It stays open, so that it can be read to its end though another run removes it.

    Attributes:
        state: after the last frame.
        size: of the picture where the clip was seen to its end, else None.
        end: the bytes up to the last whole block.
    """

    def __init__(self, path: Path, file: io.FileIO) -> None:
        self._path, self._file = path, file
        self._blocks: list[tuple[int, int]] = []  # where the content of each begins and ends
        self._count = 0
        self.state: dict[str, np.ndarray] = {}
        self.size: tuple[int, int] | None = None
        self.end = len(_MAGIC)
        while (record := self._record()) is not None and self._understood(*record):
            pass

    def _record(self) -> tuple[int, bytes] | None:
        """Where the next record's content begins, and the content; None where it is not whole."""
        start = self.end + _RECORD.size
        self._file.seek(self.end)
        head = self._file.read(_RECORD.size)
        if len(head) < _RECORD.size:
            return None
        length, digest = _RECORD.unpack(head)
        if start + length > os.fstat(self._file.fileno()).st_size:
            return None
        content = self._file.read(length)
        return (start, content) if _digest(content) == digest else None

    def _understood(self, start: int, content: bytes) -> bool:
        """Whether there may be more after this record."""
        try:
            block = arrays_of(content)
            if "size" in block:
                width, height = block["size"].tolist()
                self.size, self.end = (width, height), start + len(content)
                return False
            index = [frame.index for frame in frames_of(block)]
        except Exception as error:  # whatever is wrong with it, looking again mends it
            log.warning("Part of the 2D joints in %s cannot be read: %s", self._path, error)
            return False
        if not index or index[0] != self._count:
            return False  # written twice, when the run was interrupted at the wrong moment
        self._count += len(index)
        self._blocks.append((start, start + len(content)))
        self.state = {
            n.removeprefix("state."): a for n, a in block.items() if n.startswith("state.")
        }
        self.end = start + len(content)
        return True

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[SeenFrame]:
        for start, stop in self._blocks:
            self._file.seek(start)
            yield from frames_of(arrays_of(self._file.read(stop - start)))

    @overload
    def __getitem__(self, at: int) -> SeenFrame: ...
    @overload
    def __getitem__(self, at: slice) -> list[SeenFrame]: ...
    def __getitem__(self, at: int | slice) -> SeenFrame | list[SeenFrame]:
        return list(self)[at]

    def content(self) -> Iterator[bytes]:
        """The bytes up to `end`, some at a time."""
        for start in range(0, self.end, _AT_ONCE):
            self._file.seek(start)
            yield self._file.read(min(_AT_ONCE, self.end - start))

    def close(self) -> None:
        self._file.close()


def _opened(path: Path) -> _File | None:
    """The file of an earlier run; None where it is something else, or cannot be read."""
    try:
        if path.is_symlink():
            return None
        descriptor = os.open(path, os.O_RDONLY | _BINARY | _CAREFUL)
        file = io.FileIO(descriptor)
        is_plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
        if is_plain and file.read(len(_MAGIC)) == _MAGIC:
            return _File(path, file)
        file.close()
    except OSError as error:
        log.warning("The 2D joints in %s cannot be read: %s", path, error)
    return None
