"""The clip for other languages: one JSON object for each person and frame."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from poselift.export.people import each_pose
from poselift.files import atomic_path
from poselift.npz import plain
from poselift.result import ClipMotion
from poselift.skeleton import H36M17

#: Raised when a reader of the last version would go wrong. `schema.json` describes this one.
VERSION = 1
SCHEMA = Path(__file__).with_name("schema.json")


def write_json(result: ClipMotion, path: Path) -> list[Path]:
    """Write `path`; returns it. `SCHEMA` describes it; absent people are left out."""
    with atomic_path(path) as part, part.open("w", encoding="utf-8") as file:
        head = _dump(_head(result))
        # The head is an object that stays open for the poses, written one by one: a long clip
        # never is one string in memory.
        file.write(head[:-1] + ',\n"poses": [')
        _write_poses(result, file)
        file.write("\n]}\n")
    return [path]


def _head(result: ClipMotion) -> dict[str, Any]:
    return {
        "format": "poselift",
        "version": VERSION,
        "name": result.name,
        "fps": float(result.fps),
        "frame_count": len(result.time),
        "size": [int(side) for side in result.size],
        "lifter": result.lifter,
        "placed": bool(result.placed),
        "people": [int(number) for number in result.ids],
        "joints": list(H36M17.names),
        "bones": [list(bone) for bone in H36M17.bones],
        **({"extra": list(result.extra.names)} if result.extra is not None else {}),
        "meta": dict(result.meta),
    }


def _write_poses(result: ClipMotion, file: TextIO) -> None:
    separator = "\n"
    for frame, person in each_pose(result):
        pose = {
            "person": int(result.ids[person]),
            "frame": frame,
            "time": round(float(result.time[frame]), 6),
            "filled": bool(result.filled[person, frame]),
            "pose3d": _rounded(result.pose3d[person, frame], 5),
            "pose2d": _rounded(result.pose2d[person, frame], 2),
            "score": _rounded(result.score[person, frame], 4),
        }
        if result.extra is not None:
            pose["extra2d"] = _rounded(result.extra.xy[person, frame], 2)
            pose["extra_score"] = _rounded(result.extra.score[person, frame], 4)
        file.write(separator + _dump(pose))
        separator = ",\n"


def _rounded(values: np.ndarray, digits: int) -> Any:
    """Nested lists; JSON has no NaN, null stands for it."""
    rounded = np.round(values.astype(np.float64), digits)
    if np.isfinite(rounded).all():
        return rounded.tolist()
    holed = rounded.astype(object)
    holed[~np.isfinite(rounded)] = None
    return holed.tolist()


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=plain)
