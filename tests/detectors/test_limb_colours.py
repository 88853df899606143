"""Limbs in a neighbour's colours are the neighbour's; where both wear the same, nothing is told."""

from __future__ import annotations

import numpy as np

from poselift.detectors.follow import Follower
from poselift.detectors.limb_colours import LIMBS, limb_colours, others_limbs
from poselift.detectors.looks import remembered
from poselift.detectors.similarity import in_h36m
from poselift.skeleton import COCO17, H36M17
from poselift.types import Keypoints, People

RED, BLUE, SKIN, GREY = (30, 30, 200), (200, 60, 30), (140, 170, 220), (110, 110, 110)
BODY = {
    "nose": (0, -85), "left eye": (4, -88), "right eye": (-4, -88), "left ear": (8, -86),
    "right ear": (-8, -86), "left shoulder": (22, -60), "right shoulder": (-22, -60),
    "left elbow": (28, -30), "right elbow": (-28, -30), "left wrist": (30, 0),
    "right wrist": (-30, 0), "left hip": (15, 0), "right hip": (-15, 0), "left knee": (16, 50),
    "right knee": (-16, 50), "left ankle": (16, 100), "right ankle": (-16, 100),
}  # fmt: skip
PLACES = np.array([BODY[name] for name in COCO17.names], np.float32) + np.array([0, 130])
LEGS = [
    COCO17.index(f"{side} {joint}") for side in ("left", "right") for joint in ("knee", "ankle")
]
SURE = np.full(17, 0.9, np.float32)


def picture(*people: tuple[float, tuple[int, int, int]]) -> np.ndarray:
    """People with bare arms at x, in trousers of a colour."""
    image = np.full((260, 640, 3), GREY, np.uint8)
    for x, colour in people:
        image[60:135, int(x) - 35 : int(x) + 36] = SKIN
        image[135:240, int(x) - 25 : int(x) + 26] = colour
    return image


def test_legs_are_told_by_their_colours_and_bare_arms_are_not() -> None:
    image = picture((100, RED), (300, BLUE))
    red, blue = (limb_colours(image, PLACES + np.array([x, 0]), SURE, COCO17) for x in (100, 300))
    assert red.shape == (LIMBS, 3)
    assert np.isfinite(red).all()
    assert sorted(others_limbs(blue, red, [blue], COCO17)) == sorted(LEGS)
    assert others_limbs(blue, red, [], COCO17) == []
    assert others_limbs(red, red, [blue], COCO17) == []
    assert others_limbs(blue, blue, [blue], COCO17) == []
    other_light = blue + 40
    assert others_limbs(other_light, red, [blue], COCO17) == []  # nor the neighbour's


def test_nothing_is_told_by_limbs_that_were_never_seen() -> None:
    unknown = np.full((LIMBS, 3), np.nan)
    blue = limb_colours(picture((300, BLUE)), PLACES + np.array([300, 0]), SURE, COCO17)
    assert np.isnan(limb_colours(picture((300, BLUE)), PLACES, 0 * SURE, COCO17)).all()
    assert others_limbs(unknown, blue, [blue], COCO17) == []
    assert others_limbs(blue, unknown, [blue], COCO17) == []
    assert others_limbs(blue, blue, [unknown], COCO17) == []
    assert (remembered(unknown, blue) == blue).all()
    assert (remembered(blue, unknown) == blue).all()


def test_a_leg_that_was_read_onto_a_neighbour_is_unseen() -> None:
    def read(*places: float) -> Keypoints:
        xy = np.stack([PLACES + np.array([x, 0]) for x in places]).astype(np.float32)
        return Keypoints(xy, np.tile(SURE, (len(places), 1)), COCO17)

    def boxes(*places: float) -> People:
        box = [(x - 60, 30, x + 60, 240) for x in places]
        return People(np.array(box, np.float32), np.ones(len(places), np.float32))

    follower = Follower()
    for _ in range(4):
        image, joints = picture((100, RED), (300, BLUE)), read(100, 300)
        candidates = follower.candidates(boxes(100, 300))
        follower.take(candidates, joints, in_h36m(joints))
        follower.remember_colours(image, COCO17)
    # Now the one in red is half behind the one in blue, and both are read on the latter.
    follower.followed[0].box = boxes(270).boxes[0]
    candidates = follower.candidates(None)
    both = read(300, 300)
    kept = follower.own_limbs(picture((270, RED), (300, BLUE)), candidates, both)
    assert (kept.score[0][LEGS] == 0).all()
    assert (kept.score[0][:11] > 0).all()
    assert (kept.score[1] > 0).all()


def test_other_skeletons_are_left_alone() -> None:
    blue = limb_colours(picture((300, BLUE)), PLACES, SURE, H36M17)
    assert blue.shape == (LIMBS, 3)
