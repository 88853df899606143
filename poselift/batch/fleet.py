"""The actors of a batch on Ray: who does what, and what happens when one is lost.

An actor watches its worker as `local.py` does on one machine, so a video that crashes, hangs or
takes too much memory ends in the same way. Here it is about machines: units go to whichever actor
is free, a lost actor is replaced, and its unit is tried again a bounded number of times.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poselift.batch.engine import Queue
from poselift.batch.local import Crew
from poselift.batch.object_records import records_at
from poselift.batch.plan import Limits, Plan, Task, Trouble
from poselift.batch.records import Failure, Record
from poselift.batch.scratch import scratch_for
from poselift.batch.stamps import has_changed, stamp_of
from poselift.batch.telling import record_of
from poselift.batch.units import Unit
from poselift.errors import PoseliftError
from poselift.version import installed_version

if TYPE_CHECKING:
    from poselift.batch.on_ray import OnRay

_log = logging.getLogger(__name__)
#: How often a unit is tried whose actor or machine is lost.
TRIES = 4
#: Actors in a row that may end before they are ready.
_FALSE_STARTS = 5
_SECONDS_A_LOOK = 1.0
_SECONDS_A_COUNT = 5.0  # between two looks at how large the cluster is
_SECONDS_TO_TELL = 60.0


class Seat:
    """What runs in an actor: a crew of one."""

    def __init__(self, plan: Plan, limits: Limits) -> None:
        # Else the worker process would import Ray's own program as if it were the user's script.
        sys.modules["__main__"].__file__ = None
        self._crew = Crew(plan, 1, limits, lambda: False)

    def version(self) -> str:
        """That of Poselift on this machine."""
        return installed_version()

    def do(self, unit: Unit) -> Record | Trouble:
        """Process a unit. The models stay loaded for the next one."""
        try:
            [record] = self._crew.records(iter([unit]))
        except PoseliftError as error:
            self._crew.end()
            return Trouble(error.message, error.hint)
        return record


@dataclass(eq=False)
class _Actor:
    """An actor as the driver sees it.

    Attributes:
        handle: to call it by.
        answer: what it was asked last: its version at first, then records.
        ready: whether it has started.
        unit: what it does; None if it is free or starts.
        attempt: which try at it this is.
    """

    handle: Any
    answer: Any
    ready: bool = False
    unit: Unit | None = None
    attempt: int = 0
    begun: float = field(default_factory=time.monotonic)


class Fleet:
    """The actors of a batch, each with the unit that it does.

    Args:
        ray: the module, connected.
        wanted: how many workers, and what each takes.
        plan: of the batch.
        queue: its units.
        limits: of a video.
        stopping: whether no further unit is to begin.
    """

    def __init__(
        self,
        ray: Any,
        wanted: OnRay,
        plan: Plan,
        queue: Queue,
        limits: Limits,
        stopping: Callable[[], bool],
    ) -> None:
        self._ray, self._wanted, self._plan, self._limits = ray, wanted, plan, limits
        self._queue, self._stopping = queue, stopping
        self._records = records_at(plan.out)
        self._actors: list[_Actor] = []
        self._next: deque[tuple[Unit, int]] = deque()
        self._false_starts = 0
        self._room, self._counted = 0, 0.0
        self._told = False

    def records(self) -> Iterator[Record]:
        """The records of all units, as they finish."""
        while True:
            if not self._stopping():
                self._hand_out()
                self._grow()
            if self._is_over():
                return
            for actor in self._with_news():
                record = self._heard(actor)
                if record is not None:
                    yield record

    def _is_over(self) -> bool:
        if any(actor.unit is not None for actor in self._actors):
            return False
        if not self._stopping() and not self._next and (task := self._queue.take()):
            self._next.append(task)
        return self._stopping() or not self._next

    def end(self) -> None:
        """End all actors; units that are running are dropped."""
        for actor in self._actors:
            self._ray.kill(actor.handle)
        self._actors = []

    def _hand_out(self) -> None:
        for actor in self._actors:
            if actor.ready and actor.unit is None:
                task = self._next.popleft() if self._next else self._queue.take()
                if task is None:
                    return
                actor.unit, actor.attempt = task
                actor.answer = actor.handle.do.remote(actor.unit)

    def _grow(self) -> None:
        """Start actors while there is room, and for each one there is a unit that waits."""
        starting = sum(not actor.ready for actor in self._actors)
        while len(self._actors) < self._most():
            if len(self._next) <= starting:
                task = self._queue.take()
                if task is None:
                    return
                self._next.append(task)
            self._start()
            starting += 1
        self._tell_waiting()

    def _most(self) -> int:
        if self._wanted.workers is not None:
            return self._wanted.workers
        now = time.monotonic()
        if not self._room or now - self._counted > _SECONDS_A_COUNT:
            self._counted = now
            self._room = sum(self._fitting(node) for node in self._ray.nodes() if node["Alive"])
        return self._room

    def _fitting(self, node: dict[str, Any]) -> int:
        """How many workers fit on a machine."""
        has = node["Resources"]
        fits = int(has.get("CPU", 0) // self._wanted.cpus)
        if self._wanted.gpus:
            fits = min(fits, int(has.get("GPU", 0) / self._wanted.gpus))
        return fits

    def _start(self) -> None:
        options = {
            "num_cpus": self._wanted.cpus,
            "num_gpus": self._wanted.gpus,
            "max_restarts": 0,
            "max_task_retries": 0,
            "scheduling_strategy": "SPREAD",
        }
        handle = self._ray.remote(Seat).options(**options).remote(self._plan, self._limits)
        self._actors.append(_Actor(handle, handle.version.remote()))

    def _with_news(self) -> list[_Actor]:
        """The actors that have answered or are lost, after a short wait."""
        asked = {
            actor.answer: actor
            for actor in self._actors
            if not actor.ready or actor.unit is not None
        }
        if not asked:
            time.sleep(_SECONDS_A_LOOK)
            return []
        answered, _ = self._ray.wait(list(asked), timeout=_SECONDS_A_LOOK)
        return [asked[answer] for answer in answered]

    def _heard(self, actor: _Actor) -> Record | None:
        try:
            said = self._ray.get(actor.answer)
        except self._ray.exceptions.RayActorError as error:
            return self._lost(actor, error)
        if not actor.ready:
            ours = installed_version()
            if said != ours:
                raise PoseliftError(
                    f"A machine of the cluster has Poselift {said}, this one {ours}.",
                    "Install the same version on all of them.",
                )
            actor.ready, self._false_starts = True, 0
            return None
        if isinstance(said, Trouble):
            raise PoseliftError(said.message, said.hint)
        actor.unit = None
        record: Record = said
        return record

    def _lost(self, actor: _Actor, error: Exception) -> Record | None:
        """Replace an actor that is gone; its unit has a record already, or is tried again."""
        self._actors.remove(actor)
        self._ray.kill(actor.handle)  # it may only be out of reach
        lines = str(error).strip().splitlines()
        cause, unit = lines[0], actor.unit
        if unit is None:
            self._false_starts += 1
            if self._false_starts >= _FALSE_STARTS:
                raise PoseliftError(
                    f"Workers cannot start on the cluster: {lines[-1]}",
                    "Poselift has to be installed on every machine; see the logs of Ray.",
                )
            return None
        _log.warning("a worker was lost with %s: %s", unit.address, cause)
        record = self._records.of(unit).read(unit.id)
        if record and not record.failed:
            changed = has_changed(unit.address, record.stamp, record.content)
            if not changed:
                return record
        if actor.attempt < TRIES:
            self._queue.again(unit, actor.attempt + 1)
            return None
        failed = record_of(
            Task(unit, scratch_for(self._plan.out, unit.id), actor.attempt),
            stamp=stamp_of(unit.address),
            settings=self._plan.settings,
            error=Failure(
                "crash",
                f"Its worker was lost {actor.attempt} times: {cause}",
                "See the logs of Ray; `--retry-failed` tries it again.",
            ),
        )
        self._records.of(unit).write(failed)
        return failed

    def _tell_waiting(self) -> None:
        """Say once that the cluster gives no workers; it may be about to grow."""
        if self._told or any(actor.ready for actor in self._actors):
            return
        since = min((actor.begun for actor in self._actors), default=self._counted)
        if not self._actors or time.monotonic() - since > _SECONDS_TO_TELL:
            self._told = True
            _log.warning(
                "no machine of the cluster has room for a worker of %d CPUs and %g GPUs yet; "
                "waiting",
                self._wanted.cpus,
                self._wanted.gpus,
            )
