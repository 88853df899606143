"""The engine of one machine: processes, watched, replaced when they die or exceed a limit."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from poselift.batch.engine import Queue
from poselift.batch.memory import resident_mb
from poselift.batch.object_records import records_at
from poselift.batch.plan import Limits, Plan, Task, Trouble, share_of_cores
from poselift.batch.records import Failure, Record
from poselift.batch.scratch import scratch_for
from poselift.batch.stamps import stamp_of
from poselift.batch.telling import record_of
from poselift.batch.units import Unit
from poselift.batch.worker import READY, work
from poselift.errors import PoseliftError

#: How often a unit is tried whose process dies.
TRIES = 2
_SECONDS_A_LOOK = 0.25


@dataclass(frozen=True)
class Local:
    """So many worker processes on this machine, which share its cores."""

    jobs: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.jobs <= 1000:
            raise PoseliftError(
                f"{self.jobs} jobs cannot run.", "Give 1 to 1000; 2 need two cores."
            )

    @property
    def threads(self) -> int:
        """How many each worker computes with."""
        return share_of_cores(self.jobs)

    def records(
        self,
        plan: Plan,
        units: Iterator[Unit | None],
        limits: Limits,
        stopping: Callable[[], bool],
    ) -> Iterator[Record]:
        """The records of the units, as `Engine` says."""
        crew = Crew(plan, self.jobs, limits, stopping)
        try:
            yield from crew.records(units)
        finally:
            crew.end()


class _Worker:
    """One process and the task it has."""

    def __init__(self, plan: Plan) -> None:
        # A forked copy of a process with threads (torch, OpenMP) may hang.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, plan), daemon=True)
        with _ctrl_c_kept_back():
            self.process.start()
        theirs.close()
        self.task: Task | None = None
        self.ready = False
        self.begun = 0.0

    def give(self, task: Task) -> None:
        """Hand over a task; it waits in the pipe until the models are loaded."""
        self.task, self.begun = task, time.monotonic()
        try:
            self.pipe.send(task)
        except OSError:  # it has just died, which is noticed when it is heard
            return

    def end(self) -> None:
        """Kill the process and remove what it had not finished."""
        self.process.kill()
        self.process.join()
        self.pipe.close()
        if self.task is not None:
            self.task.clean()


@contextmanager
def _ctrl_c_kept_back() -> Iterator[None]:
    """Let a process that is started in this block inherit that Ctrl-C does not reach it.

    While it starts it could not say so itself. Here a Ctrl-C is only late.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Crew:
    """Worker processes of one machine; they stay until `end`, with their models loaded.

    Args:
        plan: for the workers.
        jobs: how many, at most.
        limits: what one video may take.
        stopping: asked again and again; after it says so no unit is begun.
    """

    def __init__(self, plan: Plan, jobs: int, limits: Limits, stopping: Callable[[], bool]) -> None:
        self._plan, self._jobs, self._limits, self._stopping = plan, jobs, limits, stopping
        self._records = records_at(plan.out)
        self._workers: list[_Worker] = []
        self._queue = Queue(iter(()))
        self._loaded = False

    def records(self, units: Iterator[Unit | None]) -> Iterator[Record]:
        """The records of the units, as they finish."""
        self._queue = Queue(units)
        while True:
            self._hand_out()
            if not any(worker.task for worker in self._workers):
                return
            for worker in self._with_news():
                record = self._heard(worker)
                if record is not None:
                    yield record
            yield from self._over_limits()

    def end(self) -> None:
        """End all workers; tasks that are running are dropped."""
        for worker in self._workers:
            worker.end()
        self._workers = []

    def _hand_out(self) -> None:
        """Give every free worker a task; start one only when there is something for it to do."""
        while not self._stopping():
            free = next((worker for worker in self._workers if worker.task is None), None)
            if free is None and len(self._workers) >= self._jobs:
                return
            next_one = self._queue.take()
            if next_one is None:
                return
            unit, attempt = next_one
            if free is None:
                free = _Worker(self._plan)
                self._workers.append(free)
            free.give(Task(unit, scratch_for(self._plan.out, unit.id), attempt))

    def _with_news(self) -> list[_Worker]:
        """The workers that have said something or have died, after a short wait."""
        busy = [worker for worker in self._workers if worker.task is not None]
        handles = [worker.pipe for worker in busy] + [worker.process.sentinel for worker in busy]
        ready = set(map(id, wait(handles, _SECONDS_A_LOOK)))
        return [
            worker
            for worker in busy
            if id(worker.pipe) in ready or not worker.process.is_alive() or worker.pipe.poll()
        ]

    def _heard(self, worker: _Worker) -> Record | None:
        """Take what a worker has to say: a record, or None if the unit goes on or again."""
        try:
            said: Any = worker.pipe.recv() if worker.pipe.poll() else None
        except (EOFError, OSError):
            said = None
        if said == READY:
            self._loaded = worker.ready = True
            worker.begun = time.monotonic()
            return None
        if isinstance(said, Trouble):
            raise PoseliftError(said.message, said.hint)
        if isinstance(said, Record):
            assert worker.task is not None
            worker.task = None
            return said
        return self._died(worker)

    def _died(self, worker: _Worker) -> Record | None:
        worker.process.join()
        how = _how_it_ended(worker.process.exitcode)
        if not worker.ready and not self._loaded:
            raise PoseliftError(
                f"A worker process ended while it loaded the models: {how}.",
                "Try one video with `poselift video CLIP` to see why.",
            )
        return self._failed(worker, Failure("crash", f"Its process ended: {how}.", _CRASH_HINT))

    def _failed(self, worker: _Worker, failure: Failure, tries: int = TRIES) -> Record | None:
        """End a worker and try its unit again, or record the failure."""
        task = worker.task
        assert task is not None
        begun = worker.begun
        worker.end()
        self._workers.remove(worker)
        if task.attempt < tries:
            self._queue.again(task.unit, task.attempt + 1)
            return None
        record = record_of(
            task,
            stamp=stamp_of(task.unit.address),
            settings=self._plan.settings,
            seconds={"total": round(time.monotonic() - begun, 3)},
            error=failure,
        )
        self._records.of(task.unit).write(record)
        return record

    def _over_limits(self) -> Iterator[Record]:
        """The records of units whose workers were ended for what they took."""
        for worker in [one for one in self._workers if one.task is not None and one.ready]:
            record = None
            seconds, most = self._limits.seconds, self._limits.memory
            if seconds is not None and time.monotonic() - worker.begun > seconds:
                failure = Failure("time", f"It took longer than {seconds:g} s.", _TIME_HINT)
                record = self._failed(worker, failure, tries=1)
            elif most is not None and resident_mb(worker.process.pid or 0) > most:
                failure = Failure(
                    "memory", f"Its process took more than {most:g} MB.", _MEMORY_HINT
                )
                record = self._failed(worker, failure)
            if record is not None:
                yield record


_CRASH_HINT = "Check the video in a player, and the memory of the machine."
_TIME_HINT = "Give more time, or a part of the video (`start`, `end`)."
_MEMORY_HINT = "Give more memory, or a part of the video (`start`, `end`)."


def _how_it_ended(code: int | None) -> str:
    """An exit code in words.

    >>> _how_it_ended(-11), _how_it_ended(3)
    ('SIGSEGV', 'exit code 3')
    """
    if code is None or code >= 0:
        return f"exit code {code}"
    names = {number.value: number.name for number in signal.Signals}
    name = names.get(-code, f"signal {-code}")
    return f"{name}, probably for want of memory" if name == "SIGKILL" else name
