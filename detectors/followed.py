"""What is known of somebody who is followed, and the same as arrays for an interrupted run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace

import numpy as np

from poselift.detectors.limb_colours import LIMBS
from poselift.detectors.moving import Moving
from poselift.detectors.turned import Turning


@dataclass
class Followed:
    """Somebody who was in the last frame."""

    box: np.ndarray  # (4,) where to look in the next frame
    score: float
    moving: Moving
    read: tuple[np.ndarray, np.ndarray]  # (K, 2), (K,) the joints as last read
    unread: int = 0  # frames in a row that the joints were not readable
    undetected: int = 0  # detections in a row that did not find them
    number: int = -1  # the tracker's
    tall: float = 0.0  # by their width, if the lower border cuts them; else 0
    turning: Turning = field(default_factory=Turning)  # how the crop is turned
    # (8, 3) of arms and legs
    colours: np.ndarray = field(default_factory=lambda: np.full((LIMBS, 3), np.nan, np.float32))

    def carried(self) -> Followed:
        """The same who were not read, moved on as they moved."""
        box = self.box + np.tile(self.moving.body_step, 2)
        self.moving.carry()
        return replace(self, box=box.astype(np.float32), unread=self.unread + 1)


def as_arrays(everybody: Sequence[Followed]) -> dict[str, np.ndarray]:
    """Everything about them, by name, for `from_arrays`."""
    counts = [
        (one.unread, one.undetected, one.number, one.moving.readings, one.moving.held)
        for one in everybody
    ]
    joints = {
        "xy": [one.moving.xy for one in everybody],
        "trust": [one.moving.trust for one in everybody],
        "step": [one.moving.step for one in everybody],
        "longest": [one.moving.longest for one in everybody],
        "read_xy": [one.read[0] for one in everybody],
        "read_score": [one.read[1] for one in everybody],
        "colours": [one.colours for one in everybody],
    }
    return {
        "boxes": np.array([one.box for one in everybody], np.float32).reshape(-1, 4),
        "scores": np.array([one.score for one in everybody], np.float64),
        "cut": np.array([one.tall for one in everybody], np.float64),
        "counts": np.array(counts, np.int64).reshape(-1, 5),
        "turnings": np.array([astuple(one.turning) for one in everybody], int).reshape(-1, 3),
        **{name: np.array(rows, np.float32) for name, rows in joints.items()},
    }


def from_arrays(state: Mapping[str, np.ndarray]) -> list[Followed]:
    """Who was followed when `as_arrays` was asked."""
    out = []
    for i, (unread, undetected, number, readings, held) in enumerate(state["counts"].tolist()):
        xy, trust, step, longest = (
            state[name][i].copy() for name in ("xy", "trust", "step", "longest")
        )
        out.append(
            Followed(
                state["boxes"][i],
                float(state["scores"][i]),
                Moving(xy, trust, step, longest, readings, held),
                (state["read_xy"][i], state["read_score"][i]),
                unread,
                undetected,
                number,
                float(state["cut"][i]),
                Turning(*state["turnings"][i].tolist()),
                state["colours"][i],
            )
        )
    return out
