"""How fast tracks are lifted: `python -m benchmarks.lift [CASE ...] [--json FILE]`.

Each model at its published settings, random weights, two ways in one run and in turn:
(a) the plain way of the published demos, one window a pass, the mirrored input as a second pass;
(b) `ClipLifter`, mirror averaging on: frames encoded once, windows in batches, weights folded;
(c) the same with `runtime="onnxruntime"`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from benchmarks import machine
from poselift.lifter import models, normalise
from poselift.lifter.body import metres_a_unit
from poselift.lifter.clip import ClipLifter
from poselift.lifter.engine import WindowSettings, mirror
from poselift.lifter.models.base import LifterNet
from poselift.types import Track

SIZE = (1280, 720)


@dataclass(frozen=True)
class Case:
    """A model at some settings, and how many frames are lifted in each way."""

    model: str
    settings: dict[str, Any]
    plain_frames: int
    frames: int
    window: dict[str, Any] = field(default_factory=dict)


CASES = {
    "poseformerv2 243/27/27": Case(
        "poseformerv2", {"frames": 243, "frames_kept": 27, "coefficients_kept": 27}, 8, 96
    ),
    "poseformerv2 81/9/9": Case(
        "poseformerv2", {"frames": 81, "frames_kept": 9, "coefficients_kept": 9}, 16, 160
    ),
    "poseformerv2 27/3/3": Case(
        "poseformerv2", {"frames": 27, "frames_kept": 3, "coefficients_kept": 3}, 24, 320
    ),
    "ftcm 243": Case("ftcm", {"frames": 243}, 8, 64),
    "ftcm 81": Case("ftcm", {"frames": 81}, 16, 128),
    "convformer 243": Case("convformer", {"frames": 243}, 8, 96),
    "convformer 27": Case("convformer", {"frames": 27}, 24, 320),
    "sct 243": Case("sct", {"frames": 243}, 243, 425),
    "sct 243 without mirror": Case("sct", {"frames": 243}, 243, 425, {"mirror": False}),
}


def make(case: Case) -> LifterNet:
    """The network with seeded random weights."""
    torch.manual_seed(0)
    return models.create(case.model, **case.settings).eval()


def walk(frames: int) -> Track:
    """Points of a body that sways."""
    rng = np.random.default_rng(0)
    body = rng.uniform(-150, 150, (1, 17, 2)) + np.array([600, 350])
    times = np.arange(frames)[:, None, None]
    sway = np.sin(times / 9 + rng.uniform(0, 6, (1, 17, 2))) * 30
    return Track(1, np.arange(frames), body + sway + times, np.ones((frames, 17)))


@torch.no_grad()
def plain_way(net: LifterNet, track: Track, frames: int, mirrored: bool = True) -> np.ndarray:
    """The first `frames` poses, a window at a time, the mirrored window after it."""
    points = normalise.screen(track.xy, SIZE)
    x = torch.from_numpy(normalise.network_input(points, track.score, net.channels))
    middle = (net.frames - 1) // 2
    poses = []
    whole = net.output == "all"
    for frame in range(0, frames, net.frames if whole else 1):
        start = frame if whole else frame - middle
        index = np.clip(np.arange(start, start + net.frames), 0, len(x) - 1)
        window = x[index][None]
        pose = net(window)
        if mirrored:
            pose = (pose + mirror(net(mirror(window)))) / 2
        poses.append(pose[0])
    out = torch.cat(poses)[:frames].numpy()
    out[:, 0] = 0
    return out


def engine_way(net: LifterNet, case: Case, how: str) -> ClipLifter:
    """Our way: in torch with the dtype `how`, or in onnxruntime."""
    settings = WindowSettings(**case.window)
    if how == "onnxruntime":
        return ClipLifter.from_net(net, runtime="onnxruntime", settings=settings)
    return ClipLifter.from_net(net, dtype=how, settings=settings)


def macs_a_frame(net: LifterNet, case: Case) -> tuple[float, float]:
    """Multiply-adds for one lifted frame: the plain way, ours."""
    from torch.utils.flop_counter import FlopCounterMode

    def macs(run: Callable[[], object]) -> float:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            run()
        return counter.get_total_flops() / 2

    frozen = models.freeze(net)
    settings = WindowSettings(**case.window)
    passes = 2 if settings.mirror else 1
    window = torch.zeros(1, net.frames, 17, net.channels)
    kept = torch.zeros(1, net.frames, 17, net.channels)[:, net.encoded_frames]
    encoded = frozen.encode(kept[0])[None]
    encode = macs(lambda: frozen.encode(window[0, :1]))
    lift = macs(lambda: frozen.lift(encoded, window))
    whole = net.output == "all"
    plain = macs(lambda: net(window)) / (net.frames if whole else 1)
    return passes * plain, passes * (encode + lift / (settings.stride(net.frames) if whole else 1))


def measure(name: str, rounds: int, dtypes: tuple[str, ...], busy: bool) -> dict[str, Any]:
    """All figures of one case; on a `busy` machine by one thread's own processor time."""
    case = CASES[name]
    if busy:
        torch.set_num_threads(1)
    net = make(case)
    track = walk(case.frames)
    mirrored = case.window.get("mirror", True)

    def run(lifter: ClipLifter) -> np.ndarray:
        return lifter([track], image_size=SIZE, fps=30)[0].pose3d

    jobs: dict[str, Callable[[], object]] = {
        "plain": lambda: plain_way(net, track, case.plain_frames, mirrored)
    }
    lifters = {"float32": engine_way(net, case, "float32")}
    poses = {"float32": run(lifters["float32"])}
    peak = _peak_mb()  # before anything else is made
    for how in ("onnxruntime", *dtypes):
        lifters[how] = engine_way(net, case, how)
        poses[how] = run(lifters[how])
    for dtype, lifter in lifters.items():
        jobs[dtype] = lambda lifter=lifter: run(lifter)
    jobs["plain"]()
    clock = time.process_time if busy else time.perf_counter
    seconds = machine.best_seconds(jobs, rounds, clock)
    plain_macs, our_macs = macs_a_frame(net, case)
    result = {
        "case": name,
        "parameters_m": sum(p.numel() for p in net.parameters()) / 1e6,
        "plain_mmacs": plain_macs / 1e6,
        "mmacs": our_macs / 1e6,
        "plain_fps": case.plain_frames / seconds["plain"],
        "peak_mb": peak,
    }
    scale = metres_a_unit(poses["float32"]) * 1000
    for dtype in lifters:
        result[f"{dtype}_fps"] = case.frames / seconds[dtype]
        result[f"{dtype}_ratio"] = result[f"{dtype}_fps"] / result["plain_fps"]
        result[f"{dtype}_off_mm"] = float(np.abs(poses[dtype] - poses["float32"]).max()) * scale
    if net.output == "centre":
        plain = plain_way(net, track, case.plain_frames, mirrored)
        result["plain_off"] = float(np.abs(poses["float32"][: len(plain)] - plain).max())
    return result


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def show(results: list[dict[str, Any]]) -> str:
    """The table for people."""
    rows = [
        [
            r["case"],
            f"{r['parameters_m']:.1f}",
            f"{r['plain_mmacs']:.0f}",
            f"{r['mmacs']:.0f}",
            f"{r['plain_fps']:.1f}",
            f"{r['float32_fps']:.1f}",
            f"{r['onnxruntime_fps']:.1f}",
            f"{r['float32_ratio']:.1f}, {r['onnxruntime_ratio']:.1f}",
            f"{r['plain_off']:.0e}" if "plain_off" in r else "-",
            f"{r['peak_mb']:.0f}",
        ]
        for r in results
    ]
    headings = [
        "model", "parameters, M", "MMACs per frame, (a)", "(b)", "frames per second, (a)", "(b)",
        "(c)", "ratios", "largest difference", "memory (b), MB",
    ]  # fmt: skip
    return machine.table(headings, rows)


def main() -> None:
    """Measure each case in a process of its own, so that peaks of memory are its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=f"default: all of {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dtypes", nargs="*", default=[], help="bfloat16, float16")
    parser.add_argument(
        "--busy", action="store_true", help="other work runs here: one thread, processor time"
    )
    parser.add_argument("--json")
    options = parser.parse_args()
    results = []
    for name in options.cases or CASES:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            results.append(
                pool.apply(measure, (name, options.rounds, tuple(options.dtypes), options.busy))
            )
        print(json.dumps(results[-1]), flush=True)
    print(machine.in_words(machine.describe()))
    print(show(results))
    if options.json:
        machine.write_json(options.json, {"lift": results})


if __name__ == "__main__":
    main()
