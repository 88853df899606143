"""What a run has to do, unit by unit, and how much of it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from poselift.batch.records import Record, Records
from poselift.batch.splitting import stretches
from poselift.batch.units import Shard, Unit, part_of
from poselift.settings import Settings


@dataclass
class Count:
    """Videos by what became of them; parts of videos are not counted.

    Attributes:
        done: by this run.
        failed: in this run.
        kept: done by earlier runs.
        kept_failed: failed in earlier runs, and not tried again.
        waiting: not joined, as other shards have not done their parts yet.
    """

    done: int = 0
    failed: int = 0
    kept: int = 0
    kept_failed: int = 0
    waiting: int = 0

    @property
    def seen(self) -> int:
        """Videos about which nothing is left to do in this run."""
        return self.done + self.failed + self.kept + self.kept_failed


@dataclass
class ToDo:
    """The units of a run, as an engine takes them.

    Attributes:
        records: those of the batch.
        units: its videos, of all shards where they are split.
        retry_failed: try failed videos again.
        limit: at most so many videos.
        split: seconds of a part; None leaves videos whole.
        settings: of the batch.
        shard: of this run. The parts of a video go to all shards; whoever does the last one joins
            them, or the shard that the video belongs to.
        advance: is told how many videos are dealt with.
        count: how many those are.
    """

    records: Records
    units: Iterable[Unit]
    settings: Settings
    retry_failed: bool = False
    limit: int | None = None
    split: float | None = None
    shard: Shard | None = None
    advance: Callable[[int], None] = lambda done: None
    count: Count = field(default_factory=Count)
    _running: set[str] = field(default_factory=set)  # parts that were handed out
    _ours: set[str] = field(default_factory=set)  # all of those that this run did
    _joins: list[Unit] = field(default_factory=list)

    def __iter__(self) -> Iterator[Unit | None]:
        begun = 0
        for unit, record in self.records.looked_up(self.units, self.retry_failed):
            yield from self._ready_joins()
            if record is not None:
                self._keep(unit, record)
                continue
            if begun == self.limit:
                break
            for one in self._units_of(unit):
                begun += one.stretch is None or one.stretch.number == 1
                yield one
        while self._joins:
            yield from self._ready_joins()
            if self._joins:
                yield None

    def heard(self, record: Record) -> bool:
        """Take note of a record of this run; whether it is that of a video, not of a part."""
        if record.id in self._running:
            self._running.remove(record.id)
            return False
        self.count.failed += record.failed
        self.count.done += not record.failed
        self.advance(self.count.seen)
        return True

    def _units_of(self, unit: Unit) -> Iterator[Unit]:
        """A video that is missing: itself, or the parts of it that are missing."""
        found = stretches(unit.address, self.split, self.settings) if self.split else []
        if not found:
            if self._is_ours(unit):
                yield unit
            return
        whole = replace(unit, parts=tuple(part_of(unit, stretch) for stretch in found))
        self._joins.append(whole)
        for part in whole.parts:
            if not self._is_ours(part):
                continue
            if self.records.of(part).settled(part, self.retry_failed) is None:
                self._running.add(part.id)
                self._ours.add(part.id)
                yield part

    def _ready_joins(self) -> Iterator[Unit]:
        """Videos none of whose parts is running any more: to be joined if all of them are there."""
        ready = [one for one in self._joins if not any(p.id in self._running for p in one.parts)]
        self._joins = [one for one in self._joins if one not in ready]
        for whole in ready:
            if not self._is_ours(whole) and not any(p.id in self._ours for p in whole.parts):
                continue
            record = self.records.settled(whole, self.retry_failed)
            if record is not None:  # joined by another shard meanwhile
                self._keep(whole, record)
            elif all(self.records.of(part).settled(part) for part in whole.parts):
                yield whole
            else:
                self.count.waiting += 1

    def _keep(self, unit: Unit, record: Record) -> None:
        if self._is_ours(unit):
            self.count.kept_failed += record.failed
            self.count.kept += not record.failed
            self.advance(self.count.seen)

    def _is_ours(self, unit: Unit) -> bool:
        return self.shard is None or self.shard.holds(int(unit.id, 16))
