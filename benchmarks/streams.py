"""Which past a live window should show: `python -m benchmarks.streams MOCAP ... [--lifter NAME]`.

The lifter's network gets streams' windows of other frames than it was trained on: as many of the
newest ones as a row says, or fewer of them and then every third, fourth and so on. Errors are those
of the newest frame, with a keypointer's errors and one pass, on the validation clips: the same
moments, seen by the same cameras, in every row. Times are of one window and its mirror image on one
thread, all rows in turn; the ratio is to the newest 27.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import best_seconds, describe, in_words, table
from poselift import weights
from poselift.device import torch_threads
from poselift.lifter import models, normalise, references
from poselift.lifter.data.mocap import read_sets, split
from poselift.lifter.data.windows import WindowBatch, validation_windows
from poselift.lifter.models.packed import pose_of
from poselift.lifter.models.poselift2 import Poselift2
from poselift.lifter.training.validate import measure, predict_live

_LONGEST = 81
_REPEATS = 20


def newest(count: int) -> tuple[int, ...]:
    """How many frames ago the newest ones are, the oldest first."""
    return tuple(range(count - 1, -1, -1))


def thinned(dense: int, gaps: Sequence[int]) -> tuple[int, ...]:
    """The newest ones, and before them frames so many frames apart."""
    older = dense - 1 + np.cumsum(gaps)
    return (*older[::-1].tolist(), *newest(dense))


ROWS: dict[str, tuple[int, ...]] = {
    "newest 27": newest(27),
    "newest 14": newest(14),
    "newest 22": newest(22),
    "newest 55": newest(55),
    "newest 81": newest(_LONGEST),
    "newest 14, 13 every third": thinned(14, [3] * 13),
    "newest 14, then every third to tenth": thinned(14, range(3, 11)),
    "newest 9, then every second to tenth": thinned(9, range(2, 11)),
    "newest 5, then every second to ninth": thinned(5, range(2, 10)),
}


def shown(windows: WindowBatch, ages: Sequence[int]) -> torch.Tensor:
    """What a stream's windows of these ages see of the same moments."""
    x = windows.x[:, [_LONGEST - 1 - age for age in ages]].numpy()
    points = normalise.crop(x[..., :2], x[..., 2])  # the box is that of the frames that are shown
    return torch.from_numpy(normalise.network_input(points, x[..., 2], 3))


def with_ages(net: Poselift2, ages: Sequence[int]) -> Poselift2:
    """The same network with other streams' windows, frozen."""
    other = models.create(net.name, **{**net.settings, "live_ages": list(ages)})
    other.load_state_dict(net.state_dict())
    frozen = models.freeze(other)
    assert isinstance(frozen, Poselift2)
    return frozen


def errors(net: Poselift2, windows: WindowBatch, ages: Sequence[int]) -> dict[str, float]:
    """Of the newest frame, millimetres."""
    last = predict_live(net, shown(windows, ages), len(ages) - 1)
    return measure(pose_of(last), windows.y[:, -1:]).summary()


def seconds(nets: Mapping[str, Poselift2], rounds: int) -> dict[str, float]:
    """Of one window with its mirror image."""

    def several(net: Poselift2) -> None:
        window = torch.rand(2, len(net.live_ages), 17, 3)
        with torch.inference_mode():
            for _ in range(_REPEATS):
                net.live_at(window, window.shape[1] - 1)

    jobs: dict[str, Callable[[], object]] = {
        name: partial(several, net) for name, net in nets.items()
    }
    with torch_threads(1):
        taken = best_seconds(jobs, rounds)
    return {name: value / _REPEATS for name, value in taken.items()}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("mocap", nargs="+", type=Path)
    options.add_argument("--lifter", default="poselift-2")
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    net = references.load(weights.get(given.lifter))
    assert isinstance(net, Poselift2), "other networks' windows have neighbouring frames only"
    _, clips = split(read_sets(given.mocap))
    windows, _ = validation_windows(clips, _LONGEST, 30.0, "detected", stride=5)
    print(in_words(describe()), flush=True)
    nets = {name: with_ages(net, ages) for name, ages in ROWS.items()}
    time = seconds(nets, given.rounds)
    rows = []
    for name, ages in ROWS.items():
        found = errors(nets[name], windows, ages)
        ratio = time[name] / time["newest 27"]
        own = " (its own)" if tuple(ages) == net.live_ages else ""
        rows.append(
            [name + own, len(ages), ages[0] + 1, f"{found['p_mpjpe']:.1f}",
             f"{found['mpjpe']:.1f}", f"{1000 * time[name]:.1f}", f"{ratio:.2f}"]
        )  # fmt: skip
    headings = ["frames", "shown", "of the last", "P-MPJPE", "MPJPE", "ms", "ratio"]
    print(f"\n{table(headings, rows)}")


if __name__ == "__main__":
    main()
