"""A process that holds the models and processes one unit after the other."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pickle
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poselift.batch.fetching import as_file
from poselift.batch.object_records import records_at
from poselift.batch.objects import is_object
from poselift.batch.parts import added, forget_parts, see_part, seen_in_parts
from poselift.batch.plan import Plan, Task, Trouble
from poselift.batch.records import DestinationError, Record
from poselift.batch.stamps import content_of, stamp_of
from poselift.batch.telling import Said, facts_of, failure_of, record_of, without_secrets
from poselift.errors import PoseliftError
from poselift.media.source import safe_name

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
        self._said = Said()
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
                **without_secrets(facts, task),
                settings=self._settings,
                made_by=self._made_by,
                seconds={"total": round(time.monotonic() - begun, 3)},
                error=failure_of(error, task),
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
            **without_secrets(facts, task),
            settings=self._settings,
            made_by=self._made_by,
            people=processed.people,
            frames=processed.frames,
            seconds={name: round(value, 3) for name, value in seconds.items()},
            folder=task.unit.folder,
            outputs={path.name: facts_of(path) for path in sorted(processed.files)},
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
            seen, seconds = seen_in_parts(
                task.unit, path, self._pipeline, self._records, task.fetched
            )
            processed = self._pipeline.process_into(path, folder, seen)
            return replace(processed, seconds=added(processed.seconds, seconds))
        return self._pipeline.process_into(path, folder)


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
