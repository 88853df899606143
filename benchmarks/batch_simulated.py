"""Ten thousand videos on 1 to 1,000 workers, simulated with the times that were measured.

    python -m benchmarks.batch_simulated
    python -m benchmarks.batch_simulated --times output/batch.json --videos 100000

Each video takes what a measured one took, for a length of its own (log-normal about 1, as archives
have). Some kill their worker halfway, which loads its models again, and are tried twice; some are
ten times as long. "One queue" gives a video to whoever is free, as `--jobs` and Ray do, "largest
first" the longest ones at the beginning, as `--largest-first` does; "shards" are fixed by the hash
of the video. Whoever hands out takes a moment for each video.
"""

from __future__ import annotations

import argparse
import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.machine import table

TIMES = Path(__file__).with_name("batch_times.json")


@dataclass(frozen=True)
class World:
    """What is assumed.

    Attributes:
        loading: seconds until a worker has its models.
        handing: seconds that handing out and recording a video takes the one who does it.
        failing: share of videos that kill their worker, both times.
        straggling: share that takes ten times as long.
        spread: of the lengths, the standard deviation of their logarithm.
    """

    loading: float
    handing: float
    failing: float = 0.01
    straggling: float = 0.01
    spread: float = 0.5


@dataclass(frozen=True)
class Outcome:
    """How long it took, and which share of all workers' time went into videos."""

    hours: float
    used: float


def videos(seconds: Sequence[float], number: int, world: World, seed: int = 0) -> np.ndarray:
    """(number, 2): what each video takes, and whether it kills its worker."""
    chance = np.random.default_rng(seed)
    taken = chance.choice(np.asarray(seconds, float), number)
    taken = taken * np.exp(chance.normal(0, world.spread, number) - world.spread**2 / 2)
    taken[chance.random(number) < world.straggling] *= 10
    return np.stack([taken, chance.random(number) < world.failing], axis=1)


def one_queue(work: np.ndarray, workers: int, world: World) -> Outcome:
    """Each video goes to whoever is free next."""
    free = [world.loading] * min(workers, len(work))
    hander, used, end = 0.0, 0.0, 0.0
    for seconds in _tries(work):
        begin = max(heapq.heappop(free), hander)
        hander = begin + world.handing
        killed = seconds < 0
        done = hander + abs(seconds)
        used += abs(seconds)
        end = max(end, done)
        heapq.heappush(free, done + world.loading * killed)
    return Outcome(end / 3600, used / (workers * end))


def shards(work: np.ndarray, workers: int, world: World, seed: int = 1) -> Outcome:
    """Each video belongs to a worker from the beginning."""
    whose = np.random.default_rng(seed).integers(0, workers, len(work))
    tries = np.where(work[:, 1] > 0, 2 * 0.5, 1.0) * work[:, 0]
    cost = tries + world.handing + np.where(work[:, 1] > 0, 2 * world.loading, 0.0)
    spent = np.bincount(whose, cost, minlength=workers) + world.loading
    return Outcome(spent.max() / 3600, float(tries.sum() / (workers * spent.max())))


def _tries(work: np.ndarray) -> Iterator[float]:
    """The seconds of each try; negative where it kills the worker, halfway."""
    for seconds, kills in work:
        if kills:
            yield -seconds / 2
            yield -seconds / 2
        else:
            yield seconds


def main() -> None:
    """Print a row for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", default=str(TIMES), help="figures of benchmarks.batch --json")
    parser.add_argument("--videos", type=int, default=10_000)
    parser.add_argument("--loading", type=float, help="seconds to load the models")
    parser.add_argument("--handing", type=float, default=0.005, help="seconds to hand out a video")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 32, 100, 320, 1000])
    options = parser.parse_args()
    kept = json.loads(Path(options.times).read_text())
    measured = [one["total"] for one in kept["seconds"]]
    world = World(options.loading or kept["loading"], options.handing)
    work = videos(measured, options.videos, world)
    print(
        f"{options.videos} videos, {work[:, 0].mean():.1f} s each on average, "
        f"{world.loading:.1f} s to load the models, {1000 * world.handing:g} ms to hand one out\n"
    )
    largest = work[np.argsort(-work[:, 0])]
    rows = []
    for workers in options.workers:
        ways = (
            one_queue(work, workers, world),
            one_queue(largest, workers, world),
            shards(work, workers, world),
        )
        rows.append([workers, *(f"{way.hours:.2f} h, {100 * way.used:.0f} %" for way in ways)])
    print(table(["workers", "one queue", "largest first", "shards"], rows))


if __name__ == "__main__":
    main()
