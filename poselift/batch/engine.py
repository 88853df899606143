"""What an engine is: something that processes units with any number of workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from poselift.batch.plan import Limits, Plan
from poselift.batch.records import Record
from poselift.batch.units import Unit


class Engine(Protocol):
    """Where the workers of a batch run."""

    @property
    def threads(self) -> int:
        """How many each worker computes with."""
        ...

    def records(
        self,
        plan: Plan,
        units: Iterator[Unit | None],
        limits: Limits,
        stopping: Callable[[], bool],
    ) -> Iterator[Record]:
        """The records of the units, in whatever order they finish.

        Returns when every unit has one, or after `stopping()` when those that were begun have one.
        Closing the iterator drops what is running.

        Args:
            plan: for the workers.
            units: None in between says that the next unit has to wait for those that are running.
            limits: what one video may take.
            stopping: asked again and again.
        """
        ...


class Queue:
    """Units in turn, those first that are to be tried again."""

    def __init__(self, units: Iterator[Unit | None]) -> None:
        self._units = units
        self._again: deque[tuple[Unit, int]] = deque()

    def take(self) -> tuple[Unit, int] | None:
        """The next unit and which try at it this is; None where there is nothing to do by now."""
        if self._again:
            return self._again.popleft()
        unit = next(self._units, None)
        return (unit, 1) if unit is not None else None

    def again(self, unit: Unit, attempt: int) -> None:
        """Put a unit in front, for this try."""
        self._again.append((unit, attempt))
