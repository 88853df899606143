"""Limbs that two readings claim: whose they are is decided by motion and by the body's proportions.

A crop of somebody who is half hidden also shows whoever stands in front, and the keypointer then
puts a hidden leg onto the leg that it sees. That leg is read for its owner as well: two people
claim it. It belongs to whoever was moving there and whose bones reach there; the other's joint is
hidden, and to say so is better than to be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from poselift.detectors.moving import SURE, Moving
from poselift.skeleton import Skeleton

#: Two joints of one kind nearer than this, in parts of the smaller person's longer side, are one.
_SAME = 0.06
#: What a joint costs whose place was not known before, in the same parts.
_UNKNOWN = 0.12
#: A claim that costs less is not given up: limbs do cross each other.
_GOOD = 0.1
#: How much cheaper the winner's claim must be.
_CLEAR = 0.02
#: Trust from which the expected place of a joint counts.
_TRUST = 0.1
#: What a place costs that the picture says nothing for; its score is worth so much.
_BLIND = 0.1
#: Another place than the picture's best is taken only if it costs less than this.
_SECOND_BEST = 0.15
#: How far a joint may be from where it is expected, in parts of the size: that much for a score of
#: 1, less for a lower one, and what readings differ by.
_SUDDEN = 0.4
_NOISE = 0.05
#: Readings after which it is known how somebody moves.
_ACQUAINTED = 5
#: A bone may be so many times as long as it ever was.
_STRETCH = 1.15
_KINDS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
#: What hangs on a joint and goes with it.
_FARTHER = {"ankle": ("heel", "toe", "small toe"), "wrist": ("pinky", "index", "thumb")}


def settle(
    xy: np.ndarray, score: np.ndarray, people: Sequence[Moving | None], skeleton: Skeleton
) -> tuple[np.ndarray, np.ndarray]:
    """Choose one place for each joint, so that no two people share a limb.

    Args:
        xy: (N, K, C, 2) pixels, for each joint of each person the places where it may be, the
            best first by the picture alone.
        score: (N, K, C) of those; 0 where there are fewer.
        people: how each of the N moved so far; None for somebody new.
        skeleton: of the joints.

    Returns:
        (N, K, 2) and (N, K); a joint that belongs to somebody else has score 0.
    """
    cost = _costs(xy, score, people, skeleton)
    # The picture's own choice stands, unless another fits the motion far better.
    worse = np.full(cost.shape, _SECOND_BEST)
    worse[..., 0] = 0
    choice = (cost + worse).argmin(axis=2)
    size = np.array([_size(xy[i, :, 0], score[i, :, 0], one) for i, one in enumerate(people)])
    lost = np.zeros(choice.shape, bool)
    for rows in _joints_of(skeleton):
        _share_out(rows, xy, cost, choice, lost, size, _expected(rows, people))
    person, joint = np.indices(choice.shape)
    chosen, sure = xy[person, joint, choice], score[person, joint, choice]
    for i, one in enumerate(people):
        if one is not None and one.readings >= _ACQUAINTED:
            away = np.linalg.norm(chosen[i] - one.expected, axis=1) / size[i]
            lost[i] |= np.minimum(one.trust, 1) * away > _SUDDEN * sure[i] + _NOISE
            lost[i] |= _overstretched(chosen[i], lost[i], one, skeleton)
    for joint_, hanging in _hanging(skeleton):
        lost[:, hanging] |= lost[:, [joint_]]
    return chosen, np.where(lost, 0, sure).astype(np.float32)


def _share_out(
    rows: Sequence[int],
    xy: np.ndarray,
    cost: np.ndarray,
    choice: np.ndarray,
    lost: np.ndarray,
    size: np.ndarray,
    expected: Sequence[tuple[int, np.ndarray, float]],
) -> None:
    """Settle who has which limb of a kind; changes `choice` and `lost`."""
    limbs = [(i, joint) for i in range(len(xy)) for joint in rows]
    taken: list[tuple[int, np.ndarray, float]] = list(expected)
    for limb in sorted(limbs, key=lambda limb: float(cost[limb][choice[limb]])):
        i, joint = limb
        others = [place for place in np.argsort(cost[limb]) if place != choice[limb]]
        for place in [choice[limb], *others]:
            price = float(cost[i, joint, place])
            if place != choice[limb] and price > _SECOND_BEST:
                continue
            rival = _rival(i, xy[i, joint, place], taken, size)
            # Limbs do cross each other: a good claim stands beside a better one.
            if rival is None or price < _GOOD or price <= rival + _CLEAR:
                choice[limb] = place
                taken.append((i, xy[i, joint, place], price))
                break
        else:
            lost[limb] = True


def _expected(
    rows: Sequence[int], people: Sequence[Moving | None]
) -> list[tuple[int, np.ndarray, float]]:
    """What everybody may claim without having been read there: where the limbs are expected."""
    return [
        (i, one.expected[joint], _UNKNOWN * float(2 - one.trust[joint]))
        for i, one in enumerate(people)
        if one is not None and one.readings >= _ACQUAINTED
        for joint in rows
        if one.trust[joint] > _TRUST
    ]


def _overstretched(xy: np.ndarray, lost: np.ndarray, one: Moving, skeleton: Skeleton) -> np.ndarray:
    """(K,) bool: joints farther from their parent, where it is seen, than the bone reaches."""
    parents = np.array(skeleton.parents)
    known = (parents >= 0) & ~lost[parents] & (one.longest > 0)
    length = np.linalg.norm(xy - xy[parents], axis=1)
    too_far: np.ndarray = known & (length > _STRETCH * one.longest + _NOISE * one.size)
    return too_far


def _rival(
    person: int, place: np.ndarray, taken: Sequence[tuple[int, np.ndarray, float]], size: np.ndarray
) -> float | None:
    """The cost of the best claim that somebody else has on a place; None for nobody."""
    costs = [
        price
        for other, where, price in taken
        if other != person
        and np.linalg.norm(where - place) < _SAME * min(size[other], size[person])
    ]
    return min(costs) if costs else None


def _size(xy: np.ndarray, score: np.ndarray, one: Moving | None) -> float:
    if one is not None:
        return one.size
    seen = xy[score >= SURE]
    return float(max(np.ptp(seen, axis=0).max(), 1)) if len(seen) > 1 else 1.0


def _costs(
    xy: np.ndarray, score: np.ndarray, people: Sequence[Moving | None], skeleton: Skeleton
) -> np.ndarray:
    """(N, K, C) how badly a place fits a person's motion, proportions and the picture.

    In parts of the body's size; infinite for a place that does not exist.
    """
    cost = np.full(score.shape, _UNKNOWN)
    parents = np.array(skeleton.parents)
    for i, one in enumerate(people):
        if one is None:
            continue
        away = np.linalg.norm(xy[i] - one.expected[:, None], axis=-1) / one.size
        trust = np.minimum(one.trust, 1)[:, None]
        cost[i] = trust * away + (1 - trust) * _UNKNOWN
        # A bone may look shorter at any time, as it turns to or from the camera; never longer.
        start = np.where((one.trust[parents] > _TRUST)[:, None], one.expected[parents],
                         xy[i, parents, 0])  # fmt: skip
        length = np.linalg.norm(xy[i] - start[:, None], axis=-1)
        known = (parents >= 0) & (one.longest > 0)
        longer = np.maximum(length - 1.1 * one.longest[:, None], 0) / one.size
        cost[i] += np.where(known[:, None], longer, 0)
    cost += _BLIND * (1 - score)
    return np.where(score >= SURE, cost, np.where(score > 0, cost + _BLIND, np.inf))


@lru_cache(maxsize=8)
def _joints_of(skeleton: Skeleton) -> list[list[int]]:
    """For each kind of limb joint the indices of its left and right."""
    found = [
        [i for i, name in enumerate(skeleton.names) if name in (f"left {kind}", f"right {kind}")]
        for kind in _KINDS
    ]
    return [rows for rows in found if rows]


@lru_cache(maxsize=8)
def _hanging(skeleton: Skeleton) -> list[tuple[int, list[int]]]:
    """Each ankle and wrist with what goes with it."""
    pairs = []
    for kind, farther in _FARTHER.items():
        for side in ("left", "right"):
            names = [f"{side} {name}" for name in farther if f"{side} {name}" in skeleton.names]
            if f"{side} {kind}" in skeleton.names and names:
                pairs.append((skeleton.index(f"{side} {kind}"), list(map(skeleton.index, names))))
    return pairs
