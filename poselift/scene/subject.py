"""The people of a clip, each with as many looks as tell something new about the camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from poselift.scene.planted import Moves, planted_feet
from poselift.scene.rays import Sight, joint_weights, look
from poselift.types import Motion

RATE = 12.0  # looks a second: more says nothing new
PIECE_SECONDS = 0.5
_MOST_PIECES = 40  # a person, so that an hour costs no more than half a minute


@dataclass(frozen=True)
class Subject:
    """One person, ready to be looked at with any focal length; rows at `frames` of the clip."""

    motion: Motion
    rows: np.ndarray
    pose: np.ndarray
    xy: np.ndarray
    weight: np.ndarray
    planted: np.ndarray
    piece: np.ndarray
    turn: np.ndarray | None
    zoom: np.ndarray
    carried: bool

    def look(self, focal: float, centre: np.ndarray) -> Sight:
        """What is seen with this focal length (of the first frame, if it zooms)."""
        return look(
            self.pose, self.xy, self.weight, focal * self.zoom[:, None, None], centre, self.turn
        )


def subjects(motions: Sequence[Motion], moves: Moves | None = None) -> list[Subject]:
    """The people of a clip with as many looks as tell something new."""
    out = []
    for motion in motions:
        weight = joint_weights(motion.track.xy, motion.track.score)
        seen = np.flatnonzero(weight.any(axis=1))
        if not len(seen):
            continue
        step = max(round(motion.fps / RATE), 1)
        xy = np.nan_to_num(motion.track.xy).astype(np.float64)
        planted = planted_feet(motion, weight, moves)
        rows = seen[seen % step == seen[0] % step]
        piece = (rows / (PIECE_SECONDS * motion.fps)).astype(int)
        longer = max(int(np.ceil((len(np.unique(piece))) / _MOST_PIECES)), 1)
        frames = motion.track.frames[rows]
        turn = None if moves is None else moves.turn[frames]
        zoom = np.ones(len(rows)) if moves is None else moves.zoom[frames]
        out.append(
            Subject(
                motion, rows, motion.pose3d[rows].astype(np.float64), xy[rows], weight[rows],
                planted[rows], piece // longer, turn, zoom, moves is not None and moves.carried,
            )
        )  # fmt: skip
    return out


def means_by_piece(
    piece: np.ndarray, sure: np.ndarray, *values: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Weighted means of (T, 3) values over each piece, and the total weight of each."""
    number = piece - piece.min()
    count = int(number.max()) + 1
    total = np.bincount(number, sure, count)
    means = []
    for value in values:
        sums = np.stack([np.bincount(number, sure * column, count) for column in value.T], axis=1)
        means.append(sums / np.maximum(total, 1e-9)[:, None])
    return means, total
