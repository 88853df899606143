"""OpenSim's marker trajectories, one file per person: y up, metres."""

from __future__ import annotations

from pathlib import Path

from poselift.export.people import each_person, y_up
from poselift.files import atomic_path
from poselift.result import ClipMotion

#: Marker names for the 17 joints, in their order.
MARKERS = (
    "CHip", "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "Spine", "Thorax", "Neck",
    "Head", "LShoulder", "LElbow", "LWrist", "RShoulder", "RElbow", "RWrist",
)  # fmt: skip


def write_trc(result: ClipMotion, path: Path) -> list[Path]:
    """Write a file for each person, named from `path`; returns their paths.

    Every frame of the clip has a row with its true time. Where a person is not there the markers
    move straight from where they were to where they will be, and stand still before the first and
    after the last; `ClipMotion.present` or the npz tell those frames.
    """
    written = []
    for target, pose, _ in each_person(result, path):
        with atomic_path(target) as part, part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(_header(target.name, result.fps, len(pose)))
            for number, (time, row) in enumerate(zip(result.time, y_up(pose), strict=True), 1):
                values = "\t".join(f"{value:.5f}" for value in row.reshape(-1))
                file.write(f"{number}\t{time:.6f}\t{values}\n")
        written.append(target)
    return written


def _header(name: str, fps: float, frames: int) -> str:
    rate = f"{fps:.6g}"
    axes = "\t".join(f"X{i}\tY{i}\tZ{i}" for i in range(1, len(MARKERS) + 1))
    lines = (
        f"PathFileType\t4\t(X/Y/Z)\t{name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame"
        "\tOrigNumFrames",
        f"{rate}\t{rate}\t{frames}\t{len(MARKERS)}\tm\t{rate}\t1\t{frames}",
        "Frame#\tTime\t" + "\t\t\t".join(MARKERS) + "\t\t",
        f"\t\t{axes}",
        "",
    )
    return "\n".join(lines) + "\n"
