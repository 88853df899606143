"""Long form for spreadsheets and pandas: a row for each joint of each person and frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from poselift import large
from poselift.angles import ANGLES, joint_angles
from poselift.export.people import each_pose
from poselift.files import atomic_path
from poselift.result import ClipMotion
from poselift.skeleton import H36M17
from poselift.types import Extra

COLUMNS = ("time", "person", "joint", "x", "y", "z", "u", "v", "score")
#: The row that carries a person's angles in a frame: once, not seventeen times.
ANGLES_ON = H36M17.names[0]


def write_csv(result: ClipMotion, path: Path) -> list[Path]:
    """Write `path`; returns it. Frames in which a person is not there have no rows."""
    angles, begin = np.zeros((0, 0, 0)), 0
    with atomic_path(path) as part, part.open("w", newline="\n", encoding="utf-8") as file:
        file.write(",".join([*COLUMNS, *(f"{name}_deg" for name in ANGLES)]) + "\n")
        for frame, person in each_pose(result):
            if not begin <= frame < begin + angles.shape[1]:
                begin = frame  # of some frames at once: one by one is slow, all are too large
                some = joint_angles(result.pose3d[:, begin : begin + large.BLOCK])
                angles = np.stack(list(some.values()), axis=-1)  # (P, B, 9)
            file.write(_rows(result, person, frame, angles[person, frame - begin]))
    return [path]


def _rows(result: ClipMotion, person: int, frame: int, degrees: np.ndarray) -> str:
    """All rows of one person in one frame."""
    at = (person, frame)
    # (17, 6): x, y, z, u, v, score
    values = np.column_stack([result.pose3d[at], result.pose2d[at], result.score[at]]).ravel()
    start = f"{result.time[frame]:.6f},{int(result.ids[person])}"
    head, rest = values[:6].tolist(), values[6:].tolist()  # the pelvis comes first
    rows = _POSE % (*head, *degrees.tolist(), *rest)
    rows = rows.replace("nan", "").replace(_START, start)
    return rows + (_extra_rows(start, result.extra, person, frame) if result.extra else "")


def _extra_rows(start: str, extra: Extra, person: int, frame: int) -> str:
    """Heels and toes, which have no place in 3D and no angles."""
    rest = "," * len(ANGLES)
    at = person, frame
    return "".join(
        f"{start},{name},,,,{u:.2f},{v:.2f},{score:.4f}{rest}\n".replace("nan", "")
        for name, (u, v), score in zip(extra.names, extra.xy[at], extra.score[at], strict=True)
    )


def _pose_template() -> str:
    """All rows of one pose, to be filled in at once: a row at a time is five times slower."""
    rows = []
    for name in H36M17.names:
        angles = ",%.2f" * len(ANGLES) if name == ANGLES_ON else "," * len(ANGLES)
        rows.append(f"{_START},{name},%.5f,%.5f,%.5f,%.2f,%.2f,%.4f{angles}\n")
    return "".join(rows)


_START = "@"
_POSE = _pose_template()
