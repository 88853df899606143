"""The unfinished file of a download, kept for the next try and written by one process at a time."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Any

from poselift.errors import PoseliftError

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be replaced by another process anyway
    fcntl = None  # type: ignore[assignment]


class PartFile:
    """`target` + ".part", open and locked while the `with` block lasts.

    Its name can be guessed, because a later call must find it. So a link of that name is not
    followed, and a file that somebody else owns, or that has a second name, is not written to.

    Attributes:
        target: the name that the file is to get.
        path: the name that it has meanwhile.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(target.name + ".part")

    def __enter__(self) -> PartFile:
        self._file: Any = os.fdopen(self._open(), "r+b", buffering=0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._file.closed:
            is_empty = self.size == 0 and self._is_ours(self._file.fileno())
            self._file.close()
            if is_empty:  # nothing to continue from
                self.path.unlink(missing_ok=True)

    @property
    def size(self) -> int:
        """How many bytes are here."""
        return os.fstat(self._file.fileno()).st_size

    def truncate(self) -> None:
        """Start from the beginning."""
        self._file.truncate(0)

    def begin(self, start: int) -> int:
        """Drop what comes after the first `start` bytes and write from there on."""
        self._file.truncate(start)
        self._file.seek(start)
        return start

    def write(self, block: bytes) -> int:
        """Append a block; returns how long the file is now."""
        view = memoryview(block)
        while view:
            view = view[self._file.write(view) :]
        return int(self._file.tell())

    def rename(self) -> None:
        """Give the file its real name."""
        if os.name == "nt":  # there an open file cannot be renamed
            self._file.close()
        self.path.replace(self.target)

    def remove(self) -> None:
        """Delete it."""
        if os.name == "nt":
            self._file.close()
        self.path.unlink(missing_ok=True)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        for _ in range(10):
            if self.path.is_symlink():
                self.path.unlink()
            handle = os.open(self.path, flags, 0o666)
            try:
                self._lock(handle)
                if self._is_ours(handle):
                    return handle
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)
        raise PoseliftError(
            f"{self.path} belongs to somebody else.",
            "Delete it, or set POSELIFT_WEIGHTS to a folder of your own.",
        )

    def _lock(self, handle: int) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PoseliftError(
                f"{self.target.name} is being fetched by another process.",
                "Wait until that one is done, then try again.",
            ) from error

    def _is_ours(self, handle: int) -> bool:
        """Whether the handle is still the file of that name, and nobody else's."""
        opened = os.fstat(handle)
        try:
            named = os.lstat(self.path)
        except FileNotFoundError:
            return False  # another process has just given it its real name
        if not os.path.samestat(opened, named):
            return False
        mine = not hasattr(os, "geteuid") or opened.st_uid == os.geteuid()
        if stat.S_ISREG(opened.st_mode) and opened.st_nlink == 1 and mine:
            return True
        self.path.unlink()
        return False
