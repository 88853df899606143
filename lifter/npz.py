"""2D sequences from a researcher's own .npz, and what they were lifted to back into one."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from poselift import skeleton
from poselift.errors import PoseliftError
from poselift.files import atomic_path
from poselift.types import Motion, Track

_POINTS = ("xy", "pose2d", "keypoints", "positions_2d")
_SKELETONS = {one.name: one for one in (skeleton.H36M17, skeleton.COCO17, skeleton.BLAZEPOSE33)}


@dataclass(frozen=True)
class Poses2D:
    """What an .npz of 2D poses holds: tracks, and the clip's rate and picture if it says them."""

    tracks: list[Track]
    fps: float | None
    image_size: tuple[int, int] | None

    def picture(self, given: Sequence[int] | None) -> tuple[int, int]:
        """Width and height: `given` if it is, else what the file says."""
        if given:
            return given[0], given[1]
        if self.image_size is None:
            raise PoseliftError(
                "The file of 2D poses does not say how large the picture is.",
                "Give --size WIDTH HEIGHT.",
            )
        return self.image_size


def read_poses(path: str | Path, joints: str = skeleton.H36M17.name) -> Poses2D:
    """The people of an .npz.

    It holds the points in pixels as `xy`, `pose2d`, `keypoints` or `positions_2d`, (T, K, 2) or
    (P, T, K, 2), or with the score as a third channel; and where it likes `score` (T, K) or
    (P, T, K), `fps`, `image_size` or `size` (width, height) and `ids` (P,); the demo's own .npz is
    one of these. A point that is not a number was not seen. `joints` names their skeleton: h36m17,
    coco17 or blazepose33.
    """
    path = Path(path)
    if joints not in _SKELETONS:
        raise PoseliftError(f"Unknown skeleton {joints!r}.", f"There are {', '.join(_SKELETONS)}.")
    arrays = _read(path)
    key = next((key for key in _POINTS if key in arrays), None)
    if key is None:
        raise PoseliftError(
            f"{path.name} holds no 2D points: expected one of {', '.join(_POINTS)}, "
            f"got {', '.join(arrays) or 'nothing'}.",
            "Save them as np.savez(path, xy=..., score=...).",
        )
    points, score = _points_and_score(path.name, arrays, key, len(_SKELETONS[joints]))
    points, score = skeleton.to_h36m(points, score, _SKELETONS[joints])
    ids = np.asarray(arrays.get("ids", np.arange(1, len(points) + 1)))
    tracks = [_track(int(i), xy, seen) for i, xy, seen in zip(ids, points, score, strict=True)]
    size = arrays.get("image_size", arrays.get("size"))
    return Poses2D(
        tracks,
        float(arrays["fps"]) if "fps" in arrays else None,
        (int(size[0]), int(size[1])) if size is not None else None,
    )


def write_motions(path: str | Path, motions: Sequence[Motion], meta: Mapping[str, Any]) -> Path:
    """Write motions as one .npz: pose3d, pose2d, score, filled, ids, time, fps, joint_names, meta.

    All people share one axis of frames; where one is not there, pose3d is NaN and score 0. The file
    gets its name when it is whole.
    """
    if not motions:
        raise PoseliftError("There is nobody to write.", "Give one motion or more.")
    path = Path(path)
    start = min(int(motion.track.frames[0]) for motion in motions)
    frames = max(int(motion.track.frames[-1]) for motion in motions) + 1 - start
    people = len(motions)
    pose3d = np.full((people, frames, 17, 3), np.nan, np.float32)
    pose2d = np.full((people, frames, 17, 2), np.nan, np.float32)
    score = np.zeros((people, frames, 17), np.float32)
    filled = np.zeros((people, frames), bool)
    for person, motion in enumerate(motions):
        rows = motion.track.frames - start
        pose3d[person, rows], pose2d[person, rows] = motion.pose3d, motion.track.xy
        score[person, rows], filled[person, rows] = motion.track.score, motion.filled
    with atomic_path(path) as part, part.open("wb") as file:
        np.savez_compressed(
            file,
            pose3d=pose3d,
            pose2d=pose2d,
            score=score,
            filled=filled,
            ids=np.array([motion.track.id for motion in motions]),
            time=(start + np.arange(frames)) / motions[0].fps,
            fps=np.float64(motions[0].fps),
            joint_names=np.array(skeleton.H36M17.names),
            meta=json.dumps(dict(meta)),
        )
    return path


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise PoseliftError(f"No such file: {path}", "Check the path.")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files if key in (*_POINTS, *_EXTRAS)}
    except (ValueError, OSError, zipfile.BadZipFile, AttributeError) as error:
        raise PoseliftError(
            f"{path.name} is not an .npz of plain arrays ({error}).",
            "Save it as np.savez(path, xy=..., score=...); objects and pickles are not read. Of a "
            "video, `python demo/vis.py --video CLIP --save npz` makes one.",
        ) from error


_EXTRAS = ("score", "fps", "image_size", "size", "ids")


def _points_and_score(
    name: str, arrays: Mapping[str, np.ndarray], key: str, joints: int
) -> tuple[np.ndarray, np.ndarray]:
    """(P, T, K, 2) and (P, T, K), checked."""
    points = np.asarray(arrays[key])
    if points.ndim == 3:
        points = points[None]
    if points.ndim != 4 or points.shape[2] != joints or points.shape[3] not in (2, 3):
        raise PoseliftError(
            f"{key} of {name}: expected (T, {joints}, 2) or (P, T, {joints}, 2), "
            f"got {np.shape(arrays[key])}.",
            "Name their skeleton with --joints: h36m17, coco17, blazepose33.",
        )
    points = points.astype(np.float32)
    score = np.ones(points.shape[:3], np.float32)
    if "score" in arrays:
        score = np.asarray(arrays["score"], np.float32).reshape(
            arrays["score"].shape if arrays["score"].ndim == 3 else (1, *arrays["score"].shape)
        )
    elif points.shape[3] == 3:
        score = points[..., 2]
    if score.shape != points.shape[:3]:
        raise PoseliftError(
            f"score of {name}: expected {points.shape[:3]}, got {score.shape}.",
            "There is one score for each point.",
        )
    seen = np.isfinite(points).all(axis=-1) & np.isfinite(score)
    return np.where(seen[..., None], points[..., :2], 0), np.where(seen, score, 0)


def _track(person: int, xy: np.ndarray, score: np.ndarray) -> Track:
    """A track from the first to the last frame in which the person was seen."""
    seen = np.flatnonzero((score > 0).any(axis=1))
    if len(seen) == 0:
        raise PoseliftError(f"Person {person} was never seen.", "Leave them out.")
    rows = slice(seen[0], seen[-1] + 1)
    return Track(person, np.arange(rows.start, rows.stop), xy[rows], score[rows])
