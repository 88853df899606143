"""What a page for the browser carries: a motion packed small, and the look that it is drawn in."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from poselift.drawing import body3d, scene3d, style, viewpoint, views
from poselift.drawing.ground import FLOOR
from poselift.export.key_frames import key_frames
from poselift.export.rig import FOOT, HAND, NODES
from poselift.result import ClipMotion
from poselift.skeleton import H36M17
from poselift.types import Extra

_MOST = 32_000  # units: what fits into 16 bits, with some room
_BEYOND = 1.5  # joints are guessed up to so many widths of the picture away


def packed_motion(motion: ClipMotion) -> dict[str, Any]:
    """A motion as JSON: poses in millimetres, pixels in fractions of the picture, deflated.

    `page/result.js` reads it. Of 8 s and two people it is about 70 kB.
    """
    present = motion.present
    pose3d = np.nan_to_num(motion.pose3d.astype(np.float64))
    pose2d = np.nan_to_num(motion.pose2d.astype(np.float64))
    unit3d = max(0.001, float(np.abs(pose3d).max(initial=0)) / _MOST)
    unit2d = max(*motion.size, 1) * _BEYOND / _MOST
    state = np.where(present, np.where(motion.filled, 2, 1), 0).astype(np.uint8)
    steps = np.diff(np.rint((motion.time - motion.time[:1]) * 1e6), prepend=0).astype("<u4")
    score = np.rint(np.clip(np.nan_to_num(motion.score), 0, 1) * 255).astype(np.uint8)
    parts = [
        steps.tobytes(),
        state.tobytes(),
        score.transpose(0, 2, 1).tobytes(),  # (P, 17, T): neighbours in time compress best
        _steps(_held(pose3d, present), unit3d),
        _steps(_held(pose2d, present), unit2d),
        *_packed_extra(motion.extra, present, unit2d),
    ]
    return {
        "name": motion.name,
        "frames": len(motion.time),
        "fps": float(motion.fps),
        "start": float(motion.time[0]) if len(motion.time) else 0.0,
        "size": [int(side) for side in motion.size],
        "ids": [int(number) for number in motion.ids],
        "placed": bool(motion.placed),
        "joints": list(H36M17.names),
        "extra": list(motion.extra.names) if motion.extra is not None else [],
        "unit3d": unit3d,
        "unit2d": unit2d,
        "camera": _camera(motion.meta.get("camera")),
        "scales": [_scale(motion, row) for row in range(len(motion.ids))],
        "keys": [key_frames(pose).tolist() for pose in motion.pose3d],
        "packed": base64.b64encode(zlib.compress(b"".join(parts), 9)).decode("ascii"),
    }


def _camera(camera: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The clip's camera, to look through; None where it is not known, or moved."""
    if not camera or np.ndim(camera["rotation"]) != 2:
        return None
    names = "rotation", "position", "focal", "size", "centre"
    return {name: np.round(np.asarray(camera[name], float), 5).tolist() for name in names}


def _packed_extra(extra: Extra | None, present: np.ndarray, unit: float) -> list[bytes]:
    """Heels and toes, (P, T, E): first their scores, then their places."""
    if extra is None:
        return []
    seen = np.isfinite(extra.xy).all(-1)
    score = np.where(seen, np.clip(np.nan_to_num(extra.score), 0, 1), 0)
    bits = np.rint(score * 255).astype(np.uint8)
    xy = np.where(seen[..., None], np.nan_to_num(extra.xy.astype(np.float64)), 0)
    return [bits.transpose(0, 2, 1).tobytes(), _steps(_held(xy, present), unit)]


def _held(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """(P, T, 17, C) with absent frames as the frame before: no steps, so nothing to store."""
    last = np.maximum.accumulate(np.where(present, np.arange(present.shape[1]), 0), axis=1)
    return np.take_along_axis(values, last[:, :, None, None], axis=1)


def _steps(values: np.ndarray, unit: float) -> bytes:
    """(P, T, 17, C) in `unit`s, as steps in time of each channel; low bytes before high ones."""
    whole = np.clip(np.rint(values / unit), -32_767, 32_767).astype(np.int32)
    series = whole.transpose(0, 2, 3, 1)  # (P, 17, C, T)
    steps = np.diff(series, axis=-1, prepend=0).astype(np.uint16)  # wraps, as its reader does
    return (steps & 255).astype(np.uint8).tobytes() + (steps >> 8).astype(np.uint8).tobytes()


def _scale(motion: ClipMotion, row: int) -> float:
    there = np.flatnonzero(motion.present[row])
    return body3d.body_scale(motion.pose3d[row, there[0]]) if len(there) else 1.0


def look() -> dict[str, Any]:
    """The colours, sizes and views of the MP4, for the page to draw with."""
    joints = range(len(H36M17))
    sides = [1 if j in H36M17.left else 2 if j in H36M17.right else 0 for j in joints]
    return {
        "themes": {"dark": _theme(style.DARK), "light": _theme(style.LIGHT)},
        "left": _rgb(style.LEFT),
        "right": _rgb(style.RIGHT),
        "accents": [_rgb(colour) for colour in style.ACCENTS],
        "sides": sides,
        "mirror": list(H36M17.mirror),
        "bones": [list(bone) for bone in H36M17.bones],
        "limbs": [list(limb) for limb in body3d.LIMBS],
        "trunk": [[joints.tolist(), radii.tolist()] for joints, radii in body3d.TRUNK],
        "head_radius": body3d.HEAD_RADIUS,
        "neck_radius": body3d.NECK_RADIUS,
        "body": viewpoint.BODY,
        "floor": FLOOR,
        "unseen": scene3d.UNSEEN,
        "filled": scene3d.FILLED,
        "views": {name: list(angles) for name, angles in views.VIEW_ANGLES.items()},
        "turn_seconds": viewpoint.TURN_SECONDS,
        "field_of_view": viewpoint.FIELD_OF_VIEW,
        "rig": [_node(node) for node in NODES],
        "hand": HAND,
        "foot": FOOT,
    }


def _node(node: Any) -> list[Any]:
    to = None if node.to is None else H36M17.index(node.to)
    return [node.name, node.parent, H36M17.index(node.at), to, list(node.rest), node.order]


def _theme(theme: style.Theme) -> dict[str, Any]:
    values = {name: getattr(theme, name) for name in ("top", "bottom", "floor", "grid", "outline")}
    return {name: _rgb(colour) for name, colour in values.items()} | {"shadow": theme.shadow}


def _rgb(colour: style.Colour) -> list[int]:
    return list(reversed(colour))
