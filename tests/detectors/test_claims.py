"""Whose limb it is when two people claim it."""

from __future__ import annotations

import numpy as np

from poselift.detectors.claims import settle
from poselift.detectors.moving import Moving
from poselift.skeleton import COCO17
from tests.detectors.walkers import STANDING

SURE = np.full(17, 0.8, np.float32)
#: How far somebody beside the first stands, in pixels.
BESIDE, CLOSE, FAR = np.array([60, 0]), np.array([45, 0]), np.array([300, 0])
WRIST = COCO17.index("left wrist")
KNEE, ANKLE = COCO17.index("left knee"), COCO17.index("left ankle")
#: A figure 200 pixels tall in COCO-17, from the front.
_FROM = [10, 10, 10, 10, 10, 11, 14, 12, 15, 13, 16, 4, 1, 5, 2, 6, 3]
FIGURE = (200 * (STANDING[_FROM] * [1, -1] + [0, 1])).astype(np.float32)


def _walker(x: float, step: float, frames: int = 8) -> Moving:
    """Somebody who is expected at `x` in the next frame."""
    start = x - step * frames
    one = Moving.begin(FIGURE + np.array([start, 0]), SURE, COCO17)
    for frame in range(1, frames):
        one.see((FIGURE + np.array([start + step * frame, 0])).astype(np.float32), SURE, COCO17)
    return one


def _places(*people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Readings with one place for each joint."""
    xy = np.stack(people).astype(np.float32)[:, :, None]
    return xy, np.full(xy.shape[:3], 0.8, np.float32)


def test_people_apart_keep_all_their_joints() -> None:
    xy, score = _places(FIGURE, FIGURE + FAR)
    chosen, sure = settle(xy, score, [_walker(0, 4), _walker(300, -4)], COCO17)
    np.testing.assert_array_equal(chosen, xy[:, :, 0])
    np.testing.assert_array_equal(sure, score[:, :, 0])


def test_a_leg_on_somebody_else_is_theirs() -> None:
    mine, theirs = FIGURE, FIGURE + CLOSE
    wrong = mine.copy()
    wrong[[KNEE, ANKLE]] = theirs[[KNEE, ANKLE]]
    xy, score = _places(wrong, theirs)
    _, sure = settle(xy, score, [_walker(0, 4), _walker(45, -4)], COCO17)
    assert (sure[0, [KNEE, ANKLE]] == 0).all()
    assert (sure[1, [KNEE, ANKLE]] > 0).all()
    assert (sure[0] > 0).sum() >= 14


def test_the_way_of_those_who_cross_decides() -> None:
    # They are in one place for a moment: only where they were going says whose arm it is.
    left, right = _walker(0, 8), _walker(60, -8)
    arm = FIGURE.copy()
    arm[WRIST] = (FIGURE + BESIDE)[WRIST]
    for order in ((0, 1), (1, 0)):
        xy, score = _places(*[(arm, FIGURE + BESIDE)[i] for i in order])
        _, sure = settle(xy, score, [(left, right)[i] for i in order], COCO17)
        assert sure[order.index(0), WRIST] == 0
        assert sure[order.index(1), WRIST] > 0


def test_another_place_that_fits_is_taken_instead() -> None:
    theirs = FIGURE + CLOSE
    xy, score = _places(FIGURE, theirs)
    xy, score = np.repeat(xy, 2, axis=2), np.repeat(score, 2, axis=2)
    xy[0, ANKLE, 0] = theirs[ANKLE]  # the picture's best, but somebody else's
    score[:, :, 1] = 0
    score[0, ANKLE, 1] = 0.6
    chosen, sure = settle(xy, score, [_walker(0, 4), _walker(45, -4)], COCO17)
    np.testing.assert_array_equal(chosen[0, ANKLE], FIGURE[ANKLE])
    assert sure[0, ANKLE] == np.float32(0.6)


def test_a_limb_is_longer_than_it_ever_was_only_if_it_is_wrong() -> None:
    far = FIGURE.copy()
    far[ANKLE] += [120, 30]
    xy, score = _places(far, FIGURE + BESIDE)
    _, sure = settle(xy, score, [_walker(0, 0), _walker(60, 0)], COCO17)
    assert sure[0, ANKLE] == 0
    assert (sure[0] > 0).sum() == 16


def test_nobody_and_strangers_are_no_trouble() -> None:
    none = np.zeros((0, 17, 1, 2), np.float32), np.zeros((0, 17, 1), np.float32)
    assert settle(*none, [], COCO17)[1].shape == (0, 17)
    xy, score = _places(FIGURE, FIGURE + FAR)
    assert (settle(xy, score, [None, None], COCO17)[1] > 0).all()
