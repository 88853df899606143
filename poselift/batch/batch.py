"""A batch: which videos, what is still to be done, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from poselift.batch.engine import Engine
from poselift.batch.interrupts import Interrupts
from poselift.batch.local import Local
from poselift.batch.object_records import records_at
from poselift.batch.objects import is_object
from poselift.batch.plan import Limits, Plan
from poselift.batch.records import Record
from poselift.batch.scratch import remove_left
from poselift.batch.sources import Sources, refuse_other_stores
from poselift.batch.stamps import stamp_of
from poselift.batch.to_do import ToDo
from poselift.batch.units import Identity, Shard, Unit
from poselift.errors import PoseliftError
from poselift.files import make_folder
from poselift.parts import Lifter, Parts
from poselift.progress import Reporter, Silent
from poselift.settings import Settings

if TYPE_CHECKING:
    from poselift.detectors import Keypointer, PersonDetector


@dataclass(frozen=True)
class Summary:
    """How a run over a batch ended.

    Attributes:
        done: videos processed by this run.
        failed: videos that failed in this run.
        kept: videos that earlier runs had done.
        kept_failed: videos that failed in earlier runs and were not tried again.
        waiting: videos in parts whose parts in other shards are not all done yet.
        interrupted: whether it was stopped before all videos had their turn.
    """

    done: int
    failed: int
    kept: int
    kept_failed: int
    waiting: int
    interrupted: bool


class Batch:
    """Videos, how they are processed, and where the results go (`settings.out`).

    Run from a script, guard the call with `if __name__ == "__main__":`, because the worker
    processes import the script.

    Args:
        sources: folders, files, patterns, addresses, and lists in text files.
        settings: those of all videos.
        shard: only this part of the videos.
        split: minutes; longer videos are seen in parts of about this length, each by whichever
            worker is free, and joined. None leaves videos whole.
        reporter: hears how it goes.
        detector: a name, or an object that can be pickled.
        keypointer: likewise.
        lifter: likewise.
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        settings: Settings | None = None,
        *,
        shard: Shard | None = None,
        split: float | None = None,
        reporter: Reporter | None = None,
        detector: PersonDetector | str | None = None,
        keypointer: Keypointer | str | None = None,
        lifter: Lifter | str | None = None,
    ) -> None:
        given = {"detector": detector, "keypointer": keypointer, "lifter": lifter}
        self._parts = {name: part for name, part in given.items() if part is not None}
        self.settings = Parts(settings, **self._parts).settings  # type: ignore[arg-type]
        refuse_other_stores(self.settings.out)
        self.records = records_at(self.settings.out)
        self._sources = Sources(sources, self.settings.out)
        self._split = None if split is None else _seconds_of(split)
        self._identity = Identity(self.settings, self._split)
        self._shard = shard
        self._reporter: Reporter = reporter or Silent()

    def units(self) -> Iterator[Unit]:
        """The videos of this shard, each once."""
        return self._identity.units(self._sources, self._shard)

    def missing(self, retry_failed: bool = False) -> Iterator[Unit]:
        """Those still to be processed, looked up one by one."""
        found = self.records.looked_up(self.units(), retry_failed)
        return (unit for unit, record in found if record is None)

    def run(
        self,
        *,
        jobs: int = 1,
        engine: Engine | None = None,
        limits: Limits | None = None,
        retry_failed: bool = False,
        limit: int | None = None,
        largest_first: bool = False,
        told: Callable[[Record], None] = lambda record: None,
    ) -> Summary:
        """Process what is missing.

        Ctrl-C lets the running videos finish; a second one drops them. Both leave what is done.

        Args:
            jobs: processes, which share the cores of the machine.
            engine: where the workers run instead, such as `OnRay()`; it knows how many.
            limits: what one video may take.
            retry_failed: try videos again that failed in earlier runs.
            limit: at most this many videos.
            largest_first: begin with the largest files, so that no long video runs alone at the
                end; all sources are looked at first.
            told: called with every record of this run.
        """
        engine = engine or Local(jobs)
        limits = limits or Limits()
        if not is_object(self.settings.out):
            make_folder(Path(self.settings.out))
        remove_left(self.settings.out)
        interrupts = Interrupts(self._tell_interrupted)
        plan = Plan.made(self.settings, self._parts, engine.threads, limits.fetched)
        units = self.units() if self._split is None else self._identity.units(self._sources)
        todo = ToDo(
            self.records,
            sorted(units, key=_size, reverse=True) if largest_first else units,
            self.settings,
            retry_failed=retry_failed,
            limit=limit,
            split=self._split,
            shard=self._shard,
        )
        with interrupts.watched(), self._reporter.stage("videos", self._total()) as advance:
            todo.advance = advance
            done = engine.records(plan, iter(todo), limits, lambda: interrupts.asked)
            with closing(done):  # type: ignore[type-var]
                for record in done:
                    if todo.heard(record):
                        told(record)
        return Summary(**vars(todo.count), interrupted=interrupts.asked)

    def _total(self) -> int:
        return sum(1 for _ in self.units())

    def _tell_interrupted(self) -> None:
        self._reporter.say(
            "stopping: the videos that are running will be finished; Ctrl-C again drops them",
            stopping=True,
        )


def _size(unit: Unit) -> int:
    """The bytes of a video; 0 where nobody can know."""
    stamp = stamp_of(unit.address)
    return stamp.bytes if stamp is not None else 0


def _seconds_of(minutes: float) -> float:
    seconds = minutes * 60
    if not seconds >= 1:
        raise PoseliftError(f"Parts of {minutes:g} minutes.", "Give 5 or more, or no `--split`.")
    return seconds
