"""Long form for spreadsheets and pandas: a row for each joint of each person and frame."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from demo.export.angles import ANGLES, joint_angles
from demo.files import atomic_path
from demo.result import ClipMotion
from lifter.skeleton import H36M17

COLUMNS = ("time", "person", "joint", "x", "y", "z", "u", "v", "score")
#: The row that carries a person's angles in a frame: once, not seventeen times.
ANGLES_ON = "pelvis"


def write_csv(result: ClipMotion, path: Path) -> list[Path]:
    """Write `path`; returns it. Frames in which a person is not there have no rows."""
    with atomic_path(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, *(f"{name}_deg" for name in ANGLES)])
        present = result.present
        all_angles = np.stack(list(joint_angles(result.pose3d).values()), axis=-1)  # (P, T, 9)
        none = [""] * len(ANGLES)
        for frame, time in enumerate(result.time):
            for person in np.flatnonzero(present[:, frame]):
                pose = result.pose3d[person, frame]
                angles = [_number(value, 2) for value in all_angles[person, frame]]
                for joint, name in enumerate(H36M17.names):
                    writer.writerow(
                        [
                            f"{time:.6f}",
                            int(result.ids[person]),
                            name,
                            *(_number(value, 5) for value in pose[joint]),
                            *(_number(value, 2) for value in result.pose2d[person, frame, joint]),
                            _number(result.score[person, frame, joint], 4),
                            *(angles if name == ANGLES_ON else none),
                        ]
                    )
    return [path]


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else ""
