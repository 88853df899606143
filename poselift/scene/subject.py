"""The people of a clip, each with as many looks as tell something new about the camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from poselift.scene.balance import ANKLES
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

    @property
    def feet_hidden(self) -> np.ndarray:
        """(T,) bool: neither ankle is seen, and where it is, is a guess."""
        return np.asarray((self.weight[:, ANKLES] <= 0).all(axis=1))

    def look(self, focal: float, centre: np.ndarray) -> Sight:
        """What is seen with this focal length (of the first frame, if it zooms)."""
        return look(
            self.pose, self.xy, self.weight, focal * self.zoom[:, None, None], centre, self.turn
        )

    def rays(self, focal: float, centre: np.ndarray) -> np.ndarray:
        """(T, 17, 3) unit vectors to the joints, in the axes of what `look` returns."""
        flat = (self.xy - centre) / (focal * self.zoom[:, None, None])
        rays = np.concatenate([flat, np.ones((*flat.shape[:2], 1))], axis=2)
        if self.turn is not None:
            rays = rays @ self.turn.swapaxes(1, 2)
        return np.asarray(rays / np.linalg.norm(rays, axis=2, keepdims=True))


def whole(motion: Motion, moves: Moves | None = None) -> Subject:
    """One person in every frame."""
    weight = joint_weights(motion.track.xy, motion.track.score)
    frames, count = motion.track.frames, len(motion)
    return Subject(
        motion,
        np.arange(count),
        motion.pose3d.astype(np.float64),
        np.nan_to_num(motion.track.xy).astype(np.float64),
        weight,
        planted_feet(motion, weight, moves),
        np.zeros(count, int),
        None if moves is None else moves.turn[frames],
        np.ones(count) if moves is None else moves.zoom[frames],
        moves is not None and moves.carried,
    )


def subjects(motions: Sequence[Motion], moves: Moves | None = None) -> list[Subject]:
    """The people of a clip with as many looks as tell something new."""
    out = []
    for motion in motions:
        one = whole(motion, moves)
        seen = np.flatnonzero(one.weight.any(axis=1))
        if not len(seen):
            continue
        step = max(round(motion.fps / RATE), 1)
        rows = seen[seen % step == seen[0] % step]
        piece = (rows / (PIECE_SECONDS * motion.fps)).astype(int)
        longer = max(int(np.ceil((len(np.unique(piece))) / _MOST_PIECES)), 1)
        out.append(_at(one, rows, piece // longer))
    return out


def _at(one: Subject, rows: np.ndarray, piece: np.ndarray) -> Subject:
    return replace(
        one, rows=rows, pose=one.pose[rows], xy=one.xy[rows], weight=one.weight[rows],
        planted=one.planted[rows], piece=piece, zoom=one.zoom[rows],
        turn=None if one.turn is None else one.turn[rows],
    )  # fmt: skip


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
