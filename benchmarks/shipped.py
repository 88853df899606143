"""What the lifters that ship cost: `python -m benchmarks.shipped [LIFTER ...] [--json FILE]`.

Each lifts the same minute of one person as `lifter.load` comes, mirror averaging on, and the same
frames one by one as a live stream; ratios are to the first lifter, measured in turn in one run. A
lifter that is called `NAME:DTYPE` computes in that type. `moved` is how far joints are from where
float32 puts them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import machine
from benchmarks.lift import SIZE, walk
from poselift import lifter, weights
from poselift.lifter import models
from poselift.lifter.clip import ClipLifter
from poselift.types import Track
from poselift.weights.lifters import TRAINED

_FRAMES, _LIVE_FRAMES = 1800, 150


def loaded(name: str) -> ClipLifter:
    """A lifter by its name, and by its type after a colon."""
    name, _, dtype = name.partition(":")
    return lifter.load(name, device="cpu", dtype=dtype or "auto")


def moved(name: str, lift: ClipLifter) -> float:
    """Millimetres from the poses of float32, in the mean."""
    exact = loaded(f"{name.partition(':')[0]}:float32")
    poses = [one([walk(300)], image_size=SIZE, fps=30)[0].pose3d for one in (lift, exact)]
    return 1000 * float(np.linalg.norm(poses[0] - poses[1], axis=-1).mean())


def parameters(name: str) -> int:
    """The network's parameters as it was trained; for lifting some are merged."""
    file = weights.get(name.partition(":")[0])
    return sum(weight.numel() for weight in models.load(file).parameters())


def macs_a_frame(lift: ClipLifter) -> float:
    """Multiply-adds for one lifted frame of a clip, both of its mirror images counted."""
    net = lift.net
    windows = torch.zeros(2, net.frames, 17, net.channels)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(windows)
    whole = net.output == "all"
    frames = lift.settings.stride(net.frames) if whole else 1
    return counter.get_total_flops() / 2 / frames


def live(lift: ClipLifter, track: Track) -> np.ndarray:
    """The last pose of a stream."""
    stream = lifter.Stream(lift, image_size=SIZE, lookahead=2, fps=30)
    pose = None
    for xy, score in zip(track.xy, track.score, strict=True):
        pose = stream.push(xy, score)
    assert pose is not None
    return pose


def measure(names: list[str], rounds: int, busy: bool = False) -> list[dict[str, Any]]:
    """A row of figures a lifter."""
    lifters = {name: loaded(name) for name in names}
    long, short = walk(_FRAMES), walk(_LIVE_FRAMES)
    jobs: dict[str, Callable[[], object]] = {}
    for name, lift in lifters.items():
        jobs[f"{name} clip"] = lambda lift=lift: lift([long], image_size=SIZE, fps=30)
        jobs[f"{name} live"] = lambda lift=lift: live(lift, short)
        live(lift, short)
    clock = time.process_time if busy else time.perf_counter
    seconds = machine.best_seconds(jobs, rounds, clock)
    return [
        {
            "lifter": name,
            "parameters_m": parameters(name) / 1e6,
            "mmacs": macs_a_frame(lift) / 1e6,
            "fps": _FRAMES / seconds[f"{name} clip"],
            "ratio": seconds[f"{names[0]} clip"] / seconds[f"{name} clip"],
            "live_ms": 1000 * seconds[f"{name} live"] / _LIVE_FRAMES,
            "live_ratio": seconds[f"{names[0]} live"] / seconds[f"{name} live"],
            "moved_mm": moved(name, lift),
        }
        for name, lift in lifters.items()
    ]


def show(results: list[dict[str, Any]]) -> str:
    """The table for people."""
    headings = ["lifter", "parameters, M", "MMACs per frame", "clip, frames/s", "ratio",
                "live, ms per frame", "ratio", "moved, mm"]  # fmt: skip
    rows = [
        [
            r["lifter"], f"{r['parameters_m']:.2f}", f"{r['mmacs']:.1f}", f"{r['fps']:.0f}",
            f"{r['ratio']:.2f}", f"{r['live_ms']:.1f}", f"{r['live_ratio']:.2f}",
            f"{r['moved_mm']:.2f}",
        ]
        for r in results
    ]  # fmt: skip
    return machine.table(headings, rows)


def main() -> None:
    """Measure, and print the machine and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lifters", nargs="*", default=[entry.name for entry in TRAINED])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json")
    parser.add_argument(
        "--busy", action="store_true", help="other work runs here: one thread, processor time"
    )
    options = parser.parse_args()
    if options.busy:
        torch.set_num_threads(1)
    results = measure(list(options.lifters), options.rounds, options.busy)
    print(machine.in_words(machine.describe()))
    print(show(results))
    if options.json:
        machine.write_json(options.json, {"shipped": results})


if __name__ == "__main__":
    main()
