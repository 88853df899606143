"""What the files with one person each have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from poselift import large
from poselift.gaps import without_gaps
from poselift.result import ClipMotion
from poselift.scene.camera import Camera
from poselift.scene.soles import Toes, toes_of


def each_person(result: ClipMotion, path: Path) -> Iterator[tuple[Path, np.ndarray, Toes | None]]:
    """A file's path, the gapless poses (T, 17, 3) and the toes of each person who is there at all.

    One person's file is called `path`; of several, each has the person's number in its name.
    """
    there = [person for person in range(len(result.ids)) if result.present[person].any()]
    for person in there:
        target = path
        if len(result.ids) > 1:
            target = path.with_name(f"{path.stem}_{int(result.ids[person])}{path.suffix}")
        pose = result.pose3d[person]
        gapless = without_gaps(pose, np.isfinite(pose).all(axis=-1), result.time)
        yield target, gapless, _toes(result, person)


def _toes(result: ClipMotion, person: int) -> Toes | None:
    """Where the toes of one person are in the room; None where they or the camera are unknown."""
    camera = result.meta.get("camera")
    if result.extra is None or not result.placed or camera is None:
        return None
    extra = replace(result.extra, xy=result.extra.xy[person], score=result.extra.score[person])
    return toes_of(
        result.pose3d[person], result.pose2d[person], extra, Camera.from_dict(camera), result.fps
    )


def frame_blocks(result: ClipMotion) -> Iterator[slice]:
    """The clip's frames in blocks, for what is written piece by piece: a clip may be long."""
    extra = () if result.extra is None else (result.extra.xy, result.extra.score)
    arrays = (result.pose3d, result.pose2d, result.score, *extra)
    return large.blocks(len(result.time), *arrays)


def each_pose(result: ClipMotion) -> Iterator[tuple[int, int]]:
    """Frame and row of everybody who is present, frame after frame."""
    present = result.present
    for block in frame_blocks(result):
        for frame in range(block.start, block.stop):
            for person in np.flatnonzero(present[:, frame]).tolist():
                yield frame, person


def y_up(points: np.ndarray) -> np.ndarray:
    """World points (..., 3) with z up to the same with y up, right-handed still.

    >>> y_up(np.array([1.0, 2.0, 3.0])).tolist()
    [1.0, 3.0, -2.0]
    """
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)
