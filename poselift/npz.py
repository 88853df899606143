"""Motion as NumPy arrays in one .npz and back, and 2D poses from the .npz of others. No pickle."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from poselift import large
from poselift.errors import PoseliftError
from poselift.files import atomic_path, file_name
from poselift.poses2d import Poses2D, tracks_from_arrays
from poselift.reading import checked_rate, damage_told, read_arrays
from poselift.result import ClipMotion
from poselift.skeleton import H36M17
from poselift.types import Extra

#: What the 2D points may be called in the files of others.
POINTS = ("xy", "pose2d", "keypoints", "positions_2d")
_NEEDED = ("pose3d", "pose2d", "score", "filled", "ids", "time", "fps")


def write_npz(motion: ClipMotion, path: Path) -> list[Path]:
    """Write `path`; returns it. `docs/formats.md` lists the arrays."""
    arrays: dict[str, Any] = {
        "pose3d": np.asarray(motion.pose3d, np.float32),
        "pose2d": np.asarray(motion.pose2d, np.float32),
        "score": np.asarray(motion.score, np.float32),
        "filled": np.asarray(motion.filled, bool),
        "ids": np.asarray(motion.ids, np.int64),
        "time": np.asarray(motion.time, np.float64),
        "fps": np.float64(motion.fps),
        "size": np.asarray(motion.size, np.int64),
        "placed": np.bool_(motion.placed),
        "joint_names": np.array(H36M17.names),
        "bones": np.array(H36M17.bones),
        "name": np.array(motion.name),
        "lifter": np.array(motion.lifter),
        **_extra_arrays(motion.extra),
        "meta": np.array(json.dumps(dict(motion.meta), default=plain)),
    }
    with atomic_path(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            _write_array(archive, name, np.asanyarray(array))
    return [path]


def _write_array(archive: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    """As `np.savez_compressed`, but in small pieces: it copies 16 MB at a time."""
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        plain_array = np.asarray(array)
        header = np.lib.format.header_data_from_array_1_0(plain_array)
        np.lib.format.write_array_header_1_0(file, {**header, "fortran_order": False})
        rows = plain_array.reshape(-1, *plain_array.shape[2:])
        for block in large.blocks(len(rows), plain_array):
            file.write(np.ascontiguousarray(rows[block]).tobytes())


def read_npz(path: str | Path) -> ClipMotion:
    """The motion that `write_npz` wrote; equal to it but for the path of its clip."""
    path = Path(path)
    arrays = read_arrays(path)
    missing = [name for name in _NEEDED if name not in arrays]
    if missing:
        raise PoseliftError(
            f"{path.name} holds no motion: {', '.join(missing)} is missing.",
            "Give an .npz that Poselift wrote; `poselift.lift` turns 2D joints into 3D.",
        )
    with damage_told(path, "a motion that Poselift wrote", "Get it again, or make it anew."):
        width, height = (int(side) for side in arrays.get("size", np.zeros(2)))
        motion = ClipMotion(
            name=file_name(str(arrays.get("name", path.stem))),
            time=arrays["time"],
            fps=checked_rate(arrays["fps"], path.name),
            size=(width, height),
            ids=arrays["ids"],
            pose3d=arrays["pose3d"],
            pose2d=arrays["pose2d"],
            score=arrays["score"],
            filled=arrays["filled"],
            placed=bool(arrays.get("placed", False)),
            lifter=str(arrays.get("lifter", "")),
            meta=json.loads(str(arrays.get("meta", "{}"))),
            extra=_extra_of(arrays),
        )
        _check(motion)
    return motion


def _check(motion: ClipMotion) -> None:
    """ValueError where arrays do not fit each other, or hold what is no number or no time."""
    people, frames = len(motion.ids), len(motion.time)
    shapes = {
        "time": (frames,), "ids": (people,), "pose3d": (people, frames, 17, 3),
        "pose2d": (people, frames, 17, 2), "score": (people, frames, 17),
        "filled": (people, frames),
    }  # fmt: skip
    for name, shape in shapes.items():
        array = getattr(motion, name)
        if array.shape != shape or array.dtype.kind not in "biuf":
            raise ValueError(f"{name} is {array.dtype} of shape {array.shape}, not {shape}")
    extra = motion.extra
    if extra is not None and extra.xy.shape[:2] != (people, frames):
        raise ValueError(f"its further joints are of shape {extra.xy.shape}")
    if not np.isfinite(motion.time).all() or (np.diff(motion.time) < 0).any():
        raise ValueError("its times do not rise")
    if not isinstance(motion.meta, dict):
        raise ValueError("its meta is no dictionary")


def _extra_arrays(extra: Extra | None) -> dict[str, Any]:
    if extra is None:
        return {}
    return {
        "extra2d": np.asarray(extra.xy, np.float32),
        "extra_score": np.asarray(extra.score, np.float32),
        "extra_names": np.array(extra.names),
    }


def _extra_of(arrays: Mapping[str, np.ndarray]) -> Extra | None:
    if "extra2d" not in arrays:
        return None
    names = tuple(str(name) for name in arrays["extra_names"])
    return Extra(names, arrays["extra2d"], arrays["extra_score"])


def read_poses(path: str | Path, joints: str = H36M17.name) -> Poses2D:
    """The people of an .npz of 2D points.

    It holds the points in pixels as `xy`, `pose2d`, `keypoints` or `positions_2d`, (T, K, 2) or
    (P, T, K, 2), or with the score as a third channel; and where it likes `score` (T, K) or
    (P, T, K), `fps`, `image_size` or `size` (width, height) and `ids` (P,). What `write_npz` wrote
    is one of these. A point that is not a number was not seen. `joints` names their skeleton:
    h36m17, coco17 or blazepose33.
    """
    path = Path(path)
    arrays = read_arrays(path)
    key = next((key for key in POINTS if key in arrays), None)
    if key is None:
        raise PoseliftError(
            f"{path.name} holds no 2D points: expected one of {', '.join(POINTS)}, "
            f"got {', '.join(arrays) or 'nothing'}.",
            "Save them as np.savez(path, xy=..., score=...).",
        )
    called = f"{key} of {path.name}", f"score of {path.name}"
    with damage_told(path, "a file of 2D points", "Save them as np.savez(path, xy=..., ...)."):
        tracks = tracks_from_arrays(
            arrays[key], arrays.get("score"), joints, arrays.get("ids"), called=called
        )
        size = arrays.get("image_size", arrays.get("size"))
        return Poses2D(
            tracks,
            checked_rate(arrays["fps"], path.name) if "fps" in arrays else None,
            (int(size[0]), int(size[1])) if size is not None else None,
        )


def plain(value: Any) -> Any:
    """`value` as JSON knows it; arrays become lists, paths and whatever else their text."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return str(value)
