"""What a record tells: of a video, of what was said about it, and of what went wrong."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import socket
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from poselift.batch.objects import NetworkError
from poselift.batch.plan import Task
from poselift.batch.records import Failure, Record
from poselift.batch.units import Unit
from poselift.errors import PoseliftError
from poselift.files import printable
from poselift.media.source import is_address
from poselift.progress import Silent


def record_of(task: Task, **facts: Any) -> Record:
    """The record of a try at a unit, as of now."""
    return Record(
        id=task.unit.id,
        source=shown(task.unit),
        attempts=task.attempt,
        host=socket.gethostname(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        **facts,
    )


def shown(unit: Unit) -> str:
    """The address for a record: without the password and the query, which may be a key.

    >>> shown(Unit("0", "https://me:secret@example.org/a.mp4?key=1"))
    'https://example.org/a.mp4'
    """
    if not is_address(unit.address):
        return printable(unit.address)
    parts = urlsplit(unit.address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def failure_of(error: Exception, task: Task) -> Failure:
    """What a record says of an error."""
    if isinstance(error, PoseliftError):
        kind = "network" if isinstance(error, NetworkError) else "refused"
        return Failure(kind, _named(error.message, task), _named(error.hint, task))
    if isinstance(error, MemoryError):
        return Failure("memory", f"There was not enough memory ({error or 'MemoryError'}).")
    if isinstance(error, OSError):
        return Failure("refused", _named(str(error), task), "Check the source.")
    return Failure(
        "bug",
        _named(f"{type(error).__name__}: {error}", task),
        "This is an error in Poselift or in a part of your own; the record has the traceback.",
        _named("".join(traceback.format_exception(error)), task),
    )


def without_secrets(facts: dict[str, Any], task: Task) -> dict[str, Any]:
    """The facts for a record, with its video named as the record names it."""
    texts = ("warnings", "notes")
    named = {name: [_named(text, task) for text in facts.get(name, [])] for name in texts}
    return {**facts, **named}


def _named(text: str, task: Task) -> str:
    """A text in which the video is called as in its record, whatever it was opened as."""
    text = text.replace(f"{task.fetched}{os.sep}", "")
    return text.replace(task.unit.address, shown(task.unit))


def facts_of(path: Path) -> dict[str, Any]:
    """The size and the digest of a file."""
    with path.open("rb") as file:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


class Said(Silent):
    """Keeps what is said and logged about one unit."""

    def __init__(self) -> None:
        self._notes: list[str] = []

    def say(self, text: str, **facts: Any) -> None:
        """A note; which parts were chosen is in the record anyway."""
        if "lifter" not in facts:
            self._notes.append(text)

    @contextlib.contextmanager
    def by(self, facts: dict[str, Any]) -> Iterator[None]:
        """Let `facts` hold the notes and warnings of this block."""
        facts["notes"] = self._notes = []
        warnings: list[str] = []
        facts["warnings"] = warnings
        handler = _ToList(warnings)
        logger = logging.getLogger("poselift")
        logger.addHandler(handler)
        try:
            yield
        finally:
            logger.removeHandler(handler)


class _ToList(logging.Handler):
    MOST = 100

    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        if len(self._kept) < self.MOST:
            self._kept.append(record.getMessage())
