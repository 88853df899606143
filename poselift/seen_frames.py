"""The people of one frame as they are kept, and blocks of such frames as arrays and back."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from poselift.skeleton import FEET4, H36M17
from poselift.types import BACKGROUND, Keypoints


@dataclass(frozen=True)
class SeenFrame:
    """The numbered people of one frame.

    Attributes:
        index: the frame's number in the clip.
        time: seconds.
        ids: (N,) each person's number; -1 for people not confirmed.
        joints: their joints in H36M-17.
        feet: their heels and toes in FEET4, where the keypointer reads them.
        background: (8,) how what is behind them moved since the frame before.
    """

    index: int
    time: float
    ids: np.ndarray
    joints: Keypoints
    feet: Keypoints | None = None
    background: np.ndarray = field(default_factory=lambda: np.zeros(BACKGROUND))


def arrays_of(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of a block that was written as npz."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def block_of(frames: list[SeenFrame], state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Frames, and what `See` remembered after them, as arrays."""
    return {
        "index": np.array([frame.index for frame in frames]),
        "time": np.array([frame.time for frame in frames]),
        "count": np.array([len(frame.ids) for frame in frames]),
        "ids": np.concatenate([frame.ids for frame in frames]),
        "xy": np.concatenate([frame.joints.xy for frame in frames]),
        "score": np.concatenate([frame.joints.score for frame in frames]),
        "background": np.stack([frame.background for frame in frames]),
        **_feet_block([frame.feet for frame in frames]),
        **{f"state.{name}": array for name, array in state.items()},
    }


def _feet_block(feet: list[Keypoints | None]) -> dict[str, np.ndarray]:
    """The feet of all frames; nothing where a keypointer reads none."""
    read = [one for one in feet if one is not None]
    if len(read) < len(feet):
        return {}
    return {
        "feet_xy": np.concatenate([one.xy for one in read]),
        "feet_score": np.concatenate([one.score for one in read]),
    }


def frames_of(block: Mapping[str, np.ndarray]) -> Iterator[SeenFrame]:
    """The frames of a block."""
    cuts = np.cumsum(block["count"])[:-1]
    people = zip(*(np.split(block[name], cuts) for name in ("ids", "xy", "score")), strict=True)
    feet: Iterator[Keypoints | None] = iter([None] * len(block["index"]))
    if "feet_xy" in block:
        points, scores = (np.split(block[name], cuts) for name in ("feet_xy", "feet_score"))
        feet = (Keypoints(xy, score, FEET4) for xy, score in zip(points, scores, strict=True))
    background = block["background"]
    # Earlier versions knew less of it: of those frames the rest stays unknown.
    unknown = np.zeros((len(background), BACKGROUND - background.shape[1]))
    background = np.concatenate([background, unknown], axis=1)
    for index, time, moved, (ids, xy, score) in zip(
        block["index"].tolist(), block["time"].tolist(), background, people, strict=True
    ):
        yield SeenFrame(index, time, ids, Keypoints(xy, score, H36M17), next(feet), moved)
