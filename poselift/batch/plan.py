"""What every worker of a batch is told."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poselift.batch.units import Unit
from poselift.errors import PoseliftError
from poselift.settings import Settings


@dataclass(frozen=True)
class Limits:
    """What one video may take; None for any amount.

    Attributes:
        seconds: of wall time.
        memory: of its process, in MB of resident memory.
    """

    seconds: float | None = None
    memory: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("time", self.seconds), ("memory", self.memory)):
            if value is not None and not value > 0:
                raise PoseliftError(
                    f"A {name} limit of {value:g} lets no video finish.",
                    "Give a number above 0, or no limit.",
                )


@dataclass(frozen=True)
class Plan:
    """How the units of a batch are processed.

    Attributes:
        work: a pickled `(Settings, own parts by name)`. Pickled here, so that a worker can set its
            number of threads before numpy or torch are imported.
        out: the destination.
        threads: of each worker.
        settings: by name, for records.
    """

    work: bytes
    out: str
    threads: int
    settings: dict[str, Any]

    @classmethod
    def made(cls, settings: Settings, parts: Mapping[str, Any], jobs: int) -> Plan:
        """The plan for `jobs` workers on this machine, which share its cores."""
        # The 2D tracks would be kept in a scratch folder, where no later run looks for them.
        settings = settings.changed(cache=False)
        try:
            work = pickle.dumps((settings, dict(parts)))
        except Exception as error:  # pickle raises whatever the object raises
            raise PoseliftError(
                f"A part cannot be sent to the worker processes: {error}",
                "Use parts that can be pickled, defined at the top of a module.",
            ) from error
        return cls(work, settings.out, max(1, _cores() // jobs), settings.as_dict("video"))


@dataclass(frozen=True)
class Task:
    """One try at a unit.

    Attributes:
        unit: the unit.
        scratch: a folder for this try alone.
        attempt: 1 for the first.
    """

    unit: Unit
    scratch: Path
    attempt: int


@dataclass(frozen=True)
class Trouble:
    """What stops the whole batch: settings that do not work, a destination that is full."""

    message: str
    hint: str


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
