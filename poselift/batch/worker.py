"""A process that holds the models and processes one unit after the other."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import multiprocessing
import os
import pickle
import signal
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from poselift.batch.fetching import as_file
from poselift.batch.object_records import records_at
from poselift.batch.objects import NetworkError, is_object
from poselift.batch.parts import added, forget_parts, see_part, seen_in_parts
from poselift.batch.plan import Plan, Task, Trouble
from poselift.batch.records import DestinationError, Failure, Record
from poselift.batch.stamps import content_of, stamp_of
from poselift.batch.units import Unit
from poselift.errors import PoseliftError
from poselift.files import printable
from poselift.media.source import is_address, safe_name
from poselift.progress import Silent

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from poselift.pipeline import Pipeline, Processed

READY = "ready"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
_FORBIDDEN = {errno.EACCES, errno.EPERM}


def work(pipe: Connection, plan: Plan) -> None:
    """The life of a worker: load, say READY, then a `Record` or a `Trouble` for each `Task`."""
    # Ctrl-C goes to the whole group of processes; what it means is for the supervisor to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    current = Current()
    threading.Thread(target=_end_with_supervisor, args=[current], daemon=True).start()
    try:
        try:
            hands = Hands(plan, current)
        except PoseliftError as error:
            pipe.send(Trouble(error.message, error.hint))
            return
        pipe.send(READY)
        while (task := pipe.recv()) is not None:
            pipe.send(hands.process(task))
    except (EOFError, BrokenPipeError):  # the supervisor is gone: nobody hands out work any more
        return


class Current:
    """The task of a process, and the moments in which it must not end.

    Attributes:
        recording: held while results are placed and recorded.
        task: what is being done.
    """

    def __init__(self) -> None:
        self.recording = threading.Lock()
        self.task: Task | None = None


def _end_with_supervisor(current: Current) -> None:
    """End this process as soon as the supervisor is gone, in the middle of a video too.

    Otherwise the next run could do the same video at the same time.
    """
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        return
    supervisor.join()
    # Never to be let go: a video whose scratch folder has just vanished must not be recorded.
    current.recording.acquire()
    task, tries = current.task, 20
    while task is not None and tries and (task.scratch.exists() or task.fetched.exists()):
        task.clean()  # again, as the other thread may still be writing
        tries -= 1
    os._exit(1)


class Hands:
    """The models of one process, and what is done with them.

    Args:
        plan: that of the batch.
        current: is told of the tasks.
    """

    def __init__(self, plan: Plan, current: Current) -> None:
        _share_cores(plan.threads)
        from poselift.pipeline import Pipeline, made_by

        settings, parts = pickle.loads(plan.work)
        self._said = _Said()
        self._pipeline = Pipeline(settings, reporter=self._said, **parts)
        self._settings = plan.settings
        self._records = records_at(plan.out)
        self._folder = None if is_object(plan.out) else Path(plan.out)
        self._fetched = plan.fetched
        self._current = current
        _load(self._pipeline)
        made = made_by(self._pipeline.parts)
        kept = ("poselift", "lifter", "lifter_sha256")
        self._made_by = {**self._pipeline.parts.names, **{name: made[name] for name in kept}}

    def process(self, task: Task) -> Record | Trouble:
        """Process a unit: its files, then its record. Only the destination's trouble is not one."""
        begun = time.monotonic()
        facts: dict[str, Any] = {}
        self._current.task = task
        try:
            with self._said.by(facts):
                return self._made(task, begun, facts)
        except Exception as error:
            if _is_of_destination(error, self._folder):
                return _trouble(error)
            done = self._joined_by_others(task)
            if done is not None:
                return done
            failed = record_of(
                task,
                **_without_secrets(facts, task),
                settings=self._settings,
                made_by=self._made_by,
                seconds={"total": round(time.monotonic() - begun, 3)},
                error=_failure(error, task),
            )
            try:
                with self._current.recording:
                    self._records.of(task.unit).write(failed)
            except PoseliftError as lost:
                return Trouble(lost.message, lost.hint)
            return failed
        finally:
            task.clean()
            self._current.task = None

    def _joined_by_others(self, task: Task) -> Record | None:
        """The record of a video that another shard has joined meanwhile, and removed the parts."""
        record = self._records.settled(task.unit) if task.unit.parts else None
        return record if record is not None and not record.failed else None

    def _made(self, task: Task, begun: float, facts: dict[str, Any]) -> Record:
        address = task.unit.address
        facts["stamp"] = stamp_of(address)
        folder = task.scratch / safe_name(address)
        seconds: dict[str, float] = {}
        with as_file(address, task.fetched, self._fetched) as path:
            if path != address:
                seconds["fetch"] = time.monotonic() - begun
            processed = self._processed(task, path, folder)
        facts["content"] = content_of(address)
        if stamp_of(address) != facts["stamp"]:
            raise PoseliftError(
                f"{address} changed while it was read.", "Run again when it is complete."
            )
        seconds |= {**processed.seconds, "total": time.monotonic() - begun}
        record = record_of(
            task,
            **_without_secrets(facts, task),
            settings=self._settings,
            made_by=self._made_by,
            people=processed.people,
            frames=processed.frames,
            seconds={name: round(value, 3) for name, value in seconds.items()},
            folder=task.unit.folder,
            outputs={path.name: _facts_of(path) for path in sorted(processed.files)},
        )
        with self._current.recording:
            self._records.of(task.unit).place(folder, record)
        forget_parts(task.unit, self._records)
        return record

    def _processed(self, task: Task, path: str, folder: Path) -> Processed:
        """The files of a video, of a part of one, or of one that is joined from its parts."""
        if task.unit.stretch is not None:
            return see_part(path, task.unit.stretch, self._pipeline, folder)
        if task.unit.parts:
            seen, seconds = seen_in_parts(task.unit, self._records, task.fetched)
            processed = self._pipeline.process_into(path, folder, seen)
            return replace(processed, seconds=added(processed.seconds, seconds))
        return self._pipeline.process_into(path, folder)


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


class _Said(Silent):
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


def _share_cores(threads: int) -> None:
    """Compute with so many threads; called before numpy and torch are imported."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import cv2

    cv2.setNumThreads(threads)


def _load(pipeline: Pipeline) -> None:
    """Load all models, so that no video is blamed for it."""
    parts = pipeline.parts
    _ = parts.lifter, parts.keypointer, parts.detector


def _facts_of(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def _failure(error: Exception, task: Task) -> Failure:
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


def _without_secrets(facts: dict[str, Any], task: Task) -> dict[str, Any]:
    """The facts for a record, with its video named as the record names it."""
    texts = ("warnings", "notes")
    named = {name: [_named(text, task) for text in facts.get(name, [])] for name in texts}
    return {**facts, **named}


def _named(text: str, task: Task) -> str:
    """A text in which the video is called as in its record, whatever it was opened as."""
    text = text.replace(f"{task.fetched}{os.sep}", "")
    return text.replace(task.unit.address, shown(task.unit))


def _is_of_destination(error: BaseException, out: Path | None) -> bool:
    """Whether an error says that nothing can be written, whatever the video."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, DestinationError):
            return True
        if isinstance(cause, OSError):
            inside = out is not None and Path(str(cause.filename or "/")).is_relative_to(out)
            if cause.errno in _FULL or (cause.errno in _FORBIDDEN and inside):
                return True
        cause = cause.__cause__
    return False


def _trouble(error: BaseException) -> Trouble:
    if isinstance(error, PoseliftError):
        return Trouble(error.message, error.hint)
    return Trouble(f"{error}", "Make room in the destination, or choose another.")
