"""The engine of a cluster: actors of Ray, each with a worker process of its own."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from poselift.batch.engine import Queue
from poselift.batch.fleet import Fleet
from poselift.batch.plan import Limits, Plan
from poselift.batch.records import Record
from poselift.batch.units import Unit
from poselift.errors import PoseliftError


@dataclass(frozen=True)
class OnRay:
    """Workers on a cluster of Ray. Poselift has to be installed on every machine of it.

    Attributes:
        address: of the cluster; None for the one that RAY_ADDRESS names, else for one on this
            machine that ends with the batch.
        workers: how many to ask the cluster for; None for as many as it has room for at any time.
        cpus: of each worker.
        gpus: of each worker; may be a part of one.
    """

    address: str | None = None
    workers: int | None = None
    cpus: int = 2
    gpus: float = 0.0

    def __post_init__(self) -> None:
        if self.cpus < 1 or self.gpus < 0 or (self.workers is not None and self.workers < 1):
            raise PoseliftError(
                f"{self.workers} workers with {self.cpus} CPUs and {self.gpus:g} GPUs cannot run.",
                "A worker takes 1 CPU or more.",
            )

    @property
    def threads(self) -> int:
        """How many each worker computes with."""
        return self.cpus

    def records(
        self,
        plan: Plan,
        units: Iterator[Unit | None],
        limits: Limits,
        stopping: Callable[[], bool],
    ) -> Iterator[Record]:
        """The records of the units, as `Engine` says."""
        ray = _ray()
        ours = not ray.is_initialized()
        if ours:
            _connect(ray, self.address)
        fleet = Fleet(ray, self, plan, Queue(units), limits, stopping)
        try:
            yield from fleet.records()
        finally:
            fleet.end()
            if ours:
                ray.shutdown()


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise PoseliftError(
            "Ray is not installed.", "pip install 'poselift[ray]', or leave `--engine ray` out."
        ) from error
    return ray


def _connect(ray: Any, address: str | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    alone = address is None and "RAY_ADDRESS" not in os.environ
    options = {"include_dashboard": False} if alone else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.WARNING, **options)
    except Exception as error:  # Ray raises many kinds; all say what is wrong
        raise PoseliftError(
            f"The cluster cannot be reached: {str(error).strip().splitlines()[0]}",
            "Check `--address` (HOST:PORT of the head, or auto on one of its machines).",
        ) from error
