"""The files that others write 2D poses to."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from poselift.errors import PoseliftError
from poselift.reading import damage_told, kind_of, read_arrays, read_json
from poselift.skeleton import COCO17, H36M17, Skeleton

_KNOWN = (
    "Read are: a .npz of ours, .json of AlphaPose (COCO or Halpe joints) or in COCO's format, "
    "and a folder of OpenPose's .json files."
)
#: COCO-17 joint by joint, as indices of OpenPose's 25 and of its older 18 joints.
_FROM_BODY25 = (0, 16, 15, 18, 17, 5, 2, 6, 3, 7, 4, 12, 9, 13, 10, 14, 11)
_FROM_OPENPOSE18 = (0, 15, 14, 17, 16, 5, 2, 6, 3, 7, 4, 11, 8, 12, 9, 13, 10)
#: AlphaPose's Halpe-26, Halpe-136 and COCO-WholeBody-133 begin with COCO's 17.
_BEGIN_WITH_COCO = (17, 26, 133, 136)
#: People of one frame that are read: more are no scene whose people could be told apart.
CROWD = 200
_MOST_FRAMES = 100_000_000
_LONGEST_NAME = 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Poses:
    """N poses of any number of people and frames.

    Attributes:
        frames: (N,) int, the frame of each, as its file numbers them.
        xy: (N, 17, 2) float32 pixels; 0 where nothing was seen.
        score: (N, 17) float32 in 0..1.
        skeleton: COCO17 or H36M17.
    """

    frames: np.ndarray
    xy: np.ndarray
    score: np.ndarray
    skeleton: Skeleton


def read_poses(path: Path) -> Poses:
    """The poses of a file or folder, whatever wrote it."""
    if kind_of(path) == "nothing":
        raise PoseliftError(f"No such file: {path}", "Check the path of the 2D joints.")
    with damage_told(path, "a file of 2D joints", _KNOWN):
        if path.is_dir():
            poses = _read_openpose(path)
        elif path.suffix == ".npz":
            poses = _read_npz(path)
        elif path.suffix == ".json":
            poses = _read_json(read_json(path), path.name)
        else:
            raise PoseliftError(f"{path.name} holds no 2D joints that can be read.", _KNOWN)
        return _without_crowds(_cleaned(poses), path.name)


def _without_crowds(poses: Poses, file: str) -> Poses:
    """The poses of frames that a clip can have, with the surest `CROWD` people of each frame."""
    if len(poses.frames) and not 0 <= poses.frames.min() <= poses.frames.max() < _MOST_FRAMES:
        raise PoseliftError(
            f"{file} has joints for frame {int(poses.frames.max())} and back to "
            f"{int(poses.frames.min())}.",
            f"Frames are counted from 0 to {_MOST_FRAMES}.",
        )
    order = np.lexsort((-poses.score.sum(axis=1), poses.frames))
    frames = poses.frames[order]
    place = np.arange(len(frames)) - np.searchsorted(frames, frames)  # in its frame
    kept = np.sort(order[place < CROWD])
    if len(kept) < len(frames):
        _log.warning(
            "%s: %d people are left out, as frames have more than %d",
            file, len(frames) - len(kept), CROWD,
        )  # fmt: skip
    return Poses(poses.frames[kept], poses.xy[kept], poses.score[kept], poses.skeleton)


def _cleaned(poses: Poses) -> Poses:
    """Without what is not a number, and without people of whom nothing was seen."""
    good = np.isfinite(poses.xy).all(axis=-1) & np.isfinite(poses.score)
    score = np.where(good, np.clip(poses.score, 0, 1), 0).astype(np.float32)
    xy = np.where(good[..., None], poses.xy, 0).astype(np.float32)
    somebody = (score > 0).any(axis=1)
    return Poses(poses.frames[somebody], xy[somebody], score[somebody], poses.skeleton)


def _read_npz(path: Path) -> Poses:
    """Ours: `pose2d` (P, T, 17, 2) or (T, 17, 2), `score` likewise; `skeleton` where not H36M."""
    content = read_arrays(path)
    if "pose2d" not in content:
        raise PoseliftError(
            f"{path.name} has no array `pose2d`; it has {', '.join(content)[:200] or 'nothing'}.",
            "Expected pose2d (P, T, 17, 2) or (T, 17, 2) in pixels, score of the same shape "
            "without the last axis, and skeleton ('h36m17' or 'coco17').",
        )
    xy = np.asarray(content["pose2d"], np.float32)
    score = np.asarray(content.get("score", np.isfinite(xy).all(-1)), np.float32)
    name = str(content.get("skeleton", H36M17.name))
    skeletons = {H36M17.name: H36M17, COCO17.name: COCO17}
    if xy.ndim == 3:
        xy, score = xy[None], score.reshape(1, *score.shape[-2:])
    if xy.ndim != 4 or xy.shape[2:] != (17, 2) or score.shape != xy.shape[:3]:
        raise PoseliftError(
            f"The arrays of {path.name} do not fit: pose2d {xy.shape}, score {score.shape}.",
            "Expected (P, T, 17, 2) and (P, T, 17).",
        )
    if name not in skeletons:
        raise PoseliftError(
            f"The skeleton {name!r} of {path.name} is not known.", f"Known: {', '.join(skeletons)}."
        )
    people, length = xy.shape[:2]
    return Poses(
        np.tile(np.arange(length), people),
        xy.reshape(-1, 17, 2),
        score.reshape(-1, 17),
        skeletons[name],
    )


def _read_json(content: Any, file: str) -> Poses:
    """AlphaPose's and COCO's results, a list of poses, or COCO's annotations."""
    rows = content["annotations"] if isinstance(content, Mapping) else content
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise ValueError("expected a list of poses")
    rows = [row for row in rows if row.get("keypoints")]
    order = _image_order(content.get("images", [])) if isinstance(content, Mapping) else {}
    frames = [order[row["image_id"]] if order else _number_of(row["image_id"]) for row in rows]
    joints = np.stack([_coco_joints(row["keypoints"], file) for row in rows] or [_NOBODY])
    if not rows:
        joints = joints[:0]
    score = joints[..., 2]
    if len(score) and np.isin(score, (0, 1, 2)).all() and (score == 2).any():
        score = (score > 0).astype(np.float32)  # COCO's annotations: 1 hidden, 2 visible
    return Poses(np.array(frames, int), joints[..., :2], score, COCO17)


_NOBODY = np.zeros((17, 3), np.float32)


def _coco_joints(values: Sequence[float], file: str) -> np.ndarray:
    """(17, 3) x, y, score."""
    table = np.asarray(values, np.float32).reshape(-1, 3)
    if len(table) not in _BEGIN_WITH_COCO:
        raise PoseliftError(
            f"{file} has poses of {len(table)} joints.",
            f"Read are those of COCO and Halpe: {', '.join(map(str, _BEGIN_WITH_COCO))} joints.",
        )
    return table[:17]


def _image_order(images: Sequence[Mapping[str, Any]]) -> dict[Any, int]:
    """The frame of each image: in the order of their file names, where they have such."""
    ordered = sorted(images, key=lambda image: _natural(str(image.get("file_name", image["id"]))))
    return {image["id"]: frame for frame, image in enumerate(ordered)}


def _natural(name: str) -> list[Any]:
    """Digits count as numbers: 9.jpg before 10.jpg."""
    parts = re.split(r"(\d+)", name[:_LONGEST_NAME])
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]


def _number_of(image: Any) -> int:
    """The frame's number of an image's id: 12, "12.jpg", "clip_000012.jpg"."""
    if isinstance(image, int):
        return image
    digits = re.findall(r"\d+", Path(str(image)[:_LONGEST_NAME]).stem)
    if not digits:
        raise ValueError(f"the image {image!r} has no number")
    return int(digits[-1])


def _read_openpose(folder: Path) -> Poses:
    """A folder of `clip_000000000012_keypoints.json`."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise PoseliftError(f"The folder {folder} holds no .json files.", _KNOWN)
    frames: list[int] = []
    joints: list[np.ndarray] = []
    for file in files:
        for person in read_json(file)["people"]:
            table = np.asarray(person["pose_keypoints_2d"], np.float32).reshape(-1, 3)
            if len(table) not in (18, 25):
                raise PoseliftError(
                    f"{file.name} has poses of {len(table)} joints.",
                    "OpenPose's BODY_25 and COCO models are read.",
                )
            picked = _FROM_BODY25 if len(table) == 25 else _FROM_OPENPOSE18
            joints.append(table[list(picked)])
            frames.append(_number_of(file.name.removesuffix("_keypoints.json")))
    stacked = np.stack(joints) if joints else np.zeros((0, 17, 3), np.float32)
    return Poses(np.array(frames, int), stacked[..., :2], stacked[..., 2], COCO17)
