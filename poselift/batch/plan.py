"""What every worker of a batch is told."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poselift.batch.scratch import remove_scratch, temporary
from poselift.batch.units import Unit
from poselift.errors import PoseliftError
from poselift.settings import Settings


@dataclass(frozen=True)
class Limits:
    """What one video may take; None for any amount.

    Attributes:
        seconds: of wall time.
        memory: of its process, in MB of resident memory.
        fetched: of the disk for temporary files, in MB, where it comes from an object store.
    """

    seconds: float | None = None
    memory: float | None = None
    fetched: float | None = None

    def __post_init__(self) -> None:
        limits = (("time", self.seconds), ("memory", self.memory), ("scratch", self.fetched))
        for name, value in limits:
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
        fetched: the largest video in MB that is fetched from an object store.
    """

    work: bytes
    out: str
    threads: int
    settings: dict[str, Any]
    fetched: float | None = None

    @classmethod
    def made(
        cls,
        settings: Settings,
        parts: Mapping[str, Any],
        threads: int,
        fetched: float | None = None,
    ) -> Plan:
        """The plan for workers of so many threads each."""
        # The 2D tracks would be kept in a scratch folder, where no later run looks for them.
        settings = settings.changed(cache=False)
        try:
            work = pickle.dumps((settings, dict(parts)))
        except Exception as error:  # pickle raises whatever the object raises
            raise PoseliftError(
                f"A part cannot be sent to the worker processes: {error}",
                "Use parts that can be pickled, defined at the top of a module.",
            ) from error
        return cls(work, settings.out, threads, settings.as_dict("video"), fetched)


@dataclass(frozen=True)
class Task:
    """One try at a unit.

    Attributes:
        unit: the unit.
        scratch: a folder for this try alone, on the file system of the results.
        attempt: 1 for the first.
    """

    unit: Unit
    scratch: Path
    attempt: int

    @property
    def fetched(self) -> Path:
        """Another such folder, on a disk of this machine, for a video from an object store."""
        return temporary() / f"{self.scratch.name}.source"

    def clean(self) -> None:
        """Remove what was made by this try and has not become a result."""
        remove_scratch(self.scratch)
        remove_scratch(self.fetched)


@dataclass(frozen=True)
class Trouble:
    """What stops the whole batch: settings that do not work, a destination that is full."""

    message: str
    hint: str


def share_of_cores(jobs: int) -> int:
    """The threads of each of `jobs` processes that share this machine."""
    return max(1, _cores() // jobs)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
