"""The engine of one machine: worker processes, watched, replaced when they die or exceed a limit.

An engine is a function from a plan and units to records, in whatever order they finish. It returns
when all units have a record, or after `stopping()` when those that were begun have one.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any

from poselift.batch.memory import resident_mb
from poselift.batch.plan import Limits, Plan, Task, Trouble
from poselift.batch.records import Failure, Record, Records
from poselift.batch.scratch import remove_scratch, scratch_for
from poselift.batch.stamps import stamp_of
from poselift.batch.units import Unit
from poselift.batch.worker import READY, record_of, work
from poselift.errors import PoseliftError

#: How often a unit is tried whose process dies.
TRIES = 2
_SECONDS_A_LOOK = 0.25


def local(
    plan: Plan,
    units: Iterable[Unit],
    jobs: int,
    limits: Limits,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Record]:
    """Process units in `jobs` processes. Closing the iterator drops what is running."""
    crew = _Crew(plan, jobs, limits, stopping)
    try:
        yield from crew.records(iter(units))
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
            remove_scratch(self.task.scratch)


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


class _Crew:
    def __init__(self, plan: Plan, jobs: int, limits: Limits, stopping: Callable[[], bool]) -> None:
        self._plan, self._jobs, self._limits, self._stopping = plan, jobs, limits, stopping
        self._records = Records(plan.out)
        self._workers: list[_Worker] = []
        self._again: list[tuple[Unit, int]] = []
        self._loaded = False

    def records(self, units: Iterator[Unit]) -> Iterator[Record]:
        """The records of the units, as they finish."""
        while True:
            self._hand_out(units)
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

    def _hand_out(self, units: Iterator[Unit]) -> None:
        """Give every free worker a task; start one only when there is something for it to do."""
        while not self._stopping():
            free = next((worker for worker in self._workers if worker.task is None), None)
            if free is None and len(self._workers) >= self._jobs:
                return
            unit, attempt = self._again.pop(0) if self._again else (next(units, None), 1)
            if unit is None:
                return
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
            remove_scratch(worker.task.scratch)
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
            self._again.append((task.unit, task.attempt + 1))
            return None
        record = record_of(
            task,
            stamp=stamp_of(task.unit.address),
            settings=self._plan.settings,
            seconds={"total": round(time.monotonic() - begun, 3)},
            error=failure,
        )
        self._records.write(record)
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
