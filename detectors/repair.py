"""Undoing sudden left-right swaps: frames in which a keypointer confused the two legs or arms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from poselift.detectors.similarity import person_size
from poselift.gaps import at_times, without_gaps
from poselift.skeleton import FEET4, H36M17
from poselift.types import Extra, Track

#: The limbs that are swapped as one: hip, knee, ankle; shoulder, elbow, wrist.
LEGS = ((1, 2, 3), (4, 5, 6))
ARMS = ((14, 15, 16), (11, 12, 13))
#: What is swapped alone, where a limb is half on one side and half on the other.
_JOINTS = (((2,), (5,)), ((3,), (6,)), ((15,), (12,)), ((16,), (13,)))

#: What beginning or ending a swap costs, in mean movement of the joints, in parts of the person's
#: size, for a limb and for a joint alone. Legs that truly cross in a walk seen from the side save
#: less than this by being called uncrossed; single ankles are quicker than whole legs.
_LIMB_TURN, _JOINT_TURN = 0.1, 0.3
#: What each frame of a swap costs, so that "one or a few frames" is meant: what lasts longer than
#: a second or so is left, since then nobody knows which side was the right one.
_STAY = 0.03
#: Movements are clipped at this many sizes, so that one outlier does not look like a swap.
_FARTHEST = 0.6


def undo_swaps(track: Track) -> tuple[Track, np.ndarray]:
    """Give limbs that changed sides for a few frames back to their sides.

    For legs and arms apart, then for knees, ankles, elbows and wrists by themselves, the labelling
    of left and right is sought over the whole track that moves the joints least, with a price on
    every change and every swapped frame. Points are only renamed, never moved.

    Returns:
        The track, and (T,) bool: the frames that were changed.
    """
    xy, score = track.xy.copy(), track.score.copy()
    changed = np.zeros(len(track), bool)
    if len(track) < 3:
        return track, changed
    size = _steady_size(track)
    turned = np.zeros(len(track), bool)  # whether the ankles, and so the feet, changed sides
    for right, left in (LEGS, ARMS, *_JOINTS):
        turn = _LIMB_TURN if len(right) > 1 else _JOINT_TURN
        swapped = _swapped(xy, score, list(right), list(left), size, turn)
        both = [*right, *left]
        other = [*left, *right]
        rows = np.flatnonzero(swapped)[:, None]
        xy[rows, both] = xy[rows, other]
        score[rows, both] = score[rows, other]
        changed |= swapped
        if H36M17.index("right ankle") in right:
            turned ^= swapped
    return replace(track, xy=xy, score=score, extra=_turned_feet(track.extra, turned)), changed


def _turned_feet(extra: Extra | None, turned: np.ndarray) -> Extra | None:
    """Heels and toes go with their ankles to the other side."""
    if extra is None:
        return None
    xy, score = extra.xy.copy(), extra.score.copy()
    rows, other = np.flatnonzero(turned)[:, None], list(FEET4.mirror)
    xy[rows, np.arange(len(FEET4))] = extra.xy[rows, other]
    score[rows, np.arange(len(FEET4))] = extra.score[rows, other]
    return replace(extra, xy=xy, score=score)


def _steady_size(track: Track) -> np.ndarray:
    """(T,) the person's size, the median of a second or so around each frame."""
    from scipy.ndimage import median_filter

    seen = (track.score > 0).any(axis=1)
    if not seen.any():
        return np.ones(len(track))
    frames = np.arange(len(track))
    size = at_times(person_size(track.xy[seen], track.score[seen]), frames[seen], frames)
    steady: np.ndarray = median_filter(size, size=31, mode="nearest")
    return steady


def _swapped(
    xy: np.ndarray,
    score: np.ndarray,
    right: list[int],
    left: list[int],
    size: np.ndarray,
    price: float,
) -> np.ndarray:
    """(T,) bool: the cheapest labelling, by dynamic programming over straight (0), swapped (1)."""
    points = without_gaps(xy, score > 0)
    a, b = points[:, right], points[:, left]  # (T, joints, 2)
    weight = np.sqrt(score[:, right] * score[:, left])
    weight = np.minimum(weight[1:], weight[:-1])  # (T - 1, joints)
    share = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-6)

    def moved(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        far = np.linalg.norm(end[1:] - start[:-1], axis=-1) / size[1:, None]
        cost: np.ndarray = (share * np.minimum(far, _FARTHEST)).sum(axis=1)
        return cost

    keep = moved(a, a) + moved(b, b)
    change = moved(b, a) + moved(a, b) + price
    best = np.array([0.0, _STAY])
    came = np.zeros((len(xy), 2), int)
    for t in range(1, len(xy)):
        cost = (
            np.array([[keep[t - 1], change[t - 1]], [change[t - 1], keep[t - 1]]]) + best[:, None]
        )
        came[t] = cost.argmin(axis=0)
        best = cost.min(axis=0) + np.array([0.0, _STAY])
    state = np.zeros(len(xy), int)
    state[-1] = best.argmin()
    for t in range(len(xy) - 1, 0, -1):
        state[t - 1] = came[t, state[t]]
    return state.astype(bool)
