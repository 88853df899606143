"""Everything of a clip as NumPy arrays in one .npz, readable without pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from poselift.files import atomic_path
from poselift.result import ClipMotion
from poselift.skeleton import H36M17


def plain(value: Any) -> Any:
    """`value` as JSON knows it; arrays become lists, paths and whatever else their text."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return str(value)


def write_npz(result: ClipMotion, path: Path) -> list[Path]:
    """Write `path`; returns it. `docs/formats.md` lists the arrays."""
    with atomic_path(path) as part, part.open("wb") as file:
        np.savez_compressed(
            file,
            pose3d=np.asarray(result.pose3d, np.float32),
            pose2d=np.asarray(result.pose2d, np.float32),
            score=np.asarray(result.score, np.float32),
            filled=np.asarray(result.filled, bool),
            ids=np.asarray(result.ids, np.int64),
            time=np.asarray(result.time, np.float64),
            fps=np.float64(result.fps),
            size=np.asarray(result.size, np.int64),
            placed=np.bool_(result.placed),
            joint_names=np.array(H36M17.names),
            bones=np.array(H36M17.bones),
            name=np.array(result.name),
            lifter=np.array(result.lifter),
            meta=np.array(json.dumps(dict(result.meta), default=plain)),
        )
    return [path]
