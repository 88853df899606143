"""The command as a process: signals that end it, output that nobody reads, errors of the system."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TextIO, cast

from poselift.errors import PoseliftError


class Ended(KeyboardInterrupt):
    """A signal asks the process to end; handled as Ctrl-C is, so that files become whole."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def ending_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end what happens in this block as Ctrl-C does."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Ended(number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            # One that is ignored stays so, as `nohup` wants it.
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class SturdyStream:
    """A text stream that swallows what cannot be told: the work matters more than the telling.

    Attributes:
        lost: whether something could not be told: the reader has gone, or its disk is full.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = False

    def write(self, text: str) -> int:
        """Write, unless that failed before."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush, unless writing failed before."""
        self._try(self._stream.flush)

    def _try(self, action: Any) -> None:
        if self.lost:
            return
        try:
            action()
        except (OSError, ValueError):  # ValueError: it was closed
            self.lost = True
            # What is still in the buffer must not fail again when Python ends.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def sturdy_output() -> Iterator[None]:
    """Standard output and error that are closed, full, or know only ASCII do not stop the work."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_sturdy(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stdout, sys.stderr = before


def _sturdy(stream: TextIO | None) -> TextIO:
    if stream is None:  # Python's way to say that it was closed
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return cast("TextIO", SturdyStream(stream))


def problem_of(error: OSError | MemoryError) -> PoseliftError:
    """What to tell of an error of the system: no disk, no rights, no memory."""
    if isinstance(error, MemoryError):
        return PoseliftError(
            f"There is not enough memory ({error or 'no details'}).",
            "Use a shorter clip (`start`, `end`), or a smaller `height`.",
        )
    where = f"{error.filename}: " if error.filename else ""
    return PoseliftError(
        f"{where}{error.strerror or error}.", "`--debug` shows where that happened."
    )
