from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.border import in_both, in_picture
from poselift.skeleton import COCO17
from poselift.types import Keypoints

SIZE = (640, 480)
ANKLE, WRIST, NOSE = (COCO17.index(name) for name in ("left ankle", "left wrist", "nose"))


def person(feet: float, **joints: tuple[float, float, float]) -> tuple[Keypoints, np.ndarray]:
    """Somebody 300 pixels high with all joints at (320, feet - 150), but for those that are given
    as x, y and score; and their box.
    """
    xy = np.full((1, 17, 2), (320.0, feet - 150), np.float32)
    score = np.full((1, 17), 0.9, np.float32)
    xy[0, NOSE], xy[0, ANKLE] = (320, feet - 290), (320, feet - 10)
    for name, (x, y, sure) in joints.items():
        at = COCO17.index(name.replace("_", " "))
        xy[0, at], score[0, at] = (x, y), sure
    return Keypoints(xy, score, COCO17), np.array([[250, feet - 300, 390, feet]])


def test_what_is_read_outside_is_unseen() -> None:
    keypoints, box = person(460, left_wrist=(320, 490, 0.9))
    assert in_picture(keypoints, box, SIZE).score[0, WRIST] == 0
    just_outside, box = person(460, left_wrist=(320, 481, 0.9))
    assert in_picture(just_outside, box, SIZE).score[0, WRIST] > 0


def test_an_unsure_joint_at_the_border_that_cuts_the_body_is_unseen() -> None:
    for score, seen in ((0.35, False), (0.8, True)):
        keypoints, box = person(480, left_ankle=(320, 476, score))
        assert (in_picture(keypoints, box, SIZE).score[0, ANKLE] > 0) == seen


def test_an_unsure_joint_farther_from_that_border_is_seen() -> None:
    keypoints, box = person(480, left_wrist=(320, 300, 0.15), nose=(320, 190, 0.15))
    seen = in_picture(keypoints, box, SIZE).score[0]
    assert seen[WRIST] > 0
    assert seen[NOSE] > 0


def test_near_a_border_that_does_not_cut_the_body_nothing_changes() -> None:
    keypoints, box = person(460, left_ankle=(320, 455, 0.2))
    assert in_picture(keypoints, box, SIZE).score[0, ANKLE] == pytest.approx(0.2)


def test_a_joint_that_the_mirror_image_puts_elsewhere_is_invented() -> None:
    here, box = person(460)
    there, _ = person(460, left_wrist=(360, 310, 0.9), left_ankle=(320, 450, 0.2))
    both = in_both(here, there, box).score[0]
    assert both[WRIST] == both[ANKLE] == 0
    assert (np.delete(both, [WRIST, ANKLE]) > 0).all()


def test_a_mirror_image_that_shows_somebody_else_is_not_believed() -> None:
    here, box = person(460)
    elsewhere = Keypoints(here.xy + 100, here.score, COCO17)
    assert (in_both(here, elsewhere, box).score > 0).all()


def test_nobody() -> None:
    none = Keypoints(np.zeros((0, 17, 2), np.float32), np.zeros((0, 17), np.float32), COCO17)
    assert len(in_picture(none, np.zeros((0, 4)), SIZE)) == 0
