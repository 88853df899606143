"""What turning answers from the viewing ray to camera axes gives, without training.

`python -m benchmarks.rays --mocap SET.npz ... [--lifter NAME ...]`: windows of the validation clips
through lifters that were trained on crops, judged by the joints that they were trained on. Their
answers are taken as in camera axes, and as in the frame of the ray along which each window's person
is seen; by how far off the optical axis that ray is.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from benchmarks import machine
from poselift import weights
from poselift.lifter import references
from poselift.lifter.data import mocap
from poselift.lifter.data.windows import WindowBatch, validation_windows
from poselift.lifter.models.base import LifterNet
from poselift.lifter.training.validate import measure, predict, wanted

#: Degrees off the optical axis at which the windows are divided.
_BORDERS = (0, 10, 20, 30, 90)


def off_axis(windows: WindowBatch) -> Tensor:
    """(B,) degrees between the viewing ray and the optical axis."""
    assert windows.axes is not None
    return torch.rad2deg(torch.arccos(windows.axes[:, 2, 2].clamp(-1, 1)))


def errors(net: LifterNet, windows: WindowBatch) -> dict[str, Tensor]:
    """MPJPE (B,) in millimetres of each window, by the frame that the answer is taken in."""
    assert windows.axes is not None
    guess, truth = predict(net, windows.x), wanted(net, windows)
    count = guess.shape[1]
    out = {}
    # The truth is in the ray's frame: comparing there is turning the answer.
    for name, said in (("camera", guess @ windows.axes.transpose(-1, -2)[:, None]), ("ray", guess)):
        plain = torch.from_numpy(measure(said, truth).plain).mean(-1)
        out[name] = 1000 * plain.unflatten(0, (-1, count)).mean(-1)
    return out


def rows(names: Sequence[str], sets: Sequence[Path], detection: str) -> list[list[str]]:
    """Two rows of figures a lifter."""
    _, clips = mocap.split(mocap.read_sets(sets))
    out = []
    for name in names:
        net = references.load(weights.get(name))
        stride = 5 if net.output == "centre" else None
        windows, _ = validation_windows(
            clips,
            net.frames,
            30.0,
            detection,
            stride=stride,
            joints="captured",
            normalisation="crop",
        )
        angle = off_axis(windows)
        for frame, error in errors(net, windows).items():
            inside = [error[(angle >= low) & (angle < high)] for low, high in pairwise(_BORDERS)]
            cells = [f"{float(part.mean()):.1f}" if len(part) else "-" for part in inside]
            out.append([name, frame, f"{float(error.mean()):.1f}", *cells])
    return out


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mocap", nargs="+", type=Path, required=True, metavar="NPZ")
    parser.add_argument("--lifter", nargs="+", default=["poselift-27"])
    parser.add_argument("--detection", choices=("true", "detected"), default="true")
    options = parser.parse_args()
    spans = [f"{a} to {b}°" for a, b in pairwise(_BORDERS)]
    print(machine.table(
        ["MPJPE, mm", "answer taken in axes of", "all", *spans],
        rows(options.lifter, options.mocap, options.detection),
    ))  # fmt: skip


if __name__ == "__main__":
    main()
