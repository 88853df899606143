"""People are told apart by the colours of what they wear, and by nothing that covers them."""

from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.looks import LOOK, alike, looks_of
from poselift.detectors.track import Tracker
from poselift.skeleton import H36M17
from poselift.types import Keypoints

RED, BLUE, GREY = (30, 30, 200), (200, 60, 30), (110, 110, 110)
BODY = {
    "pelvis": (0, 0), "right hip": (-15, 0), "left hip": (15, 0), "right knee": (-16, 50),
    "left knee": (16, 50), "right ankle": (-16, 100), "left ankle": (16, 100), "spine": (0, -30),
    "thorax": (0, -60), "neck": (0, -70), "head": (0, -85), "left shoulder": (22, -60),
    "left elbow": (28, -30), "left wrist": (30, 0), "right shoulder": (-22, -60),
    "right elbow": (-28, -30), "right wrist": (-30, 0),
}  # fmt: skip
PLACES = np.array([BODY[name] for name in H36M17.names], np.float32)


def picture(*people: tuple[float, tuple[int, int, int]]) -> np.ndarray:
    """People at x in clothes of a colour, the nearer ones later."""
    image = np.full((240, 640, 3), GREY, np.uint8)
    for x, colour in people:
        image[50:200, int(x) - 30 : int(x) + 30] = colour
    return image


def bodies(*places: float) -> Keypoints:
    xy = np.stack([PLACES + np.array([x, 130]) for x in places]).astype(np.float32)
    return Keypoints(xy, np.full(xy.shape[:2], 0.9, np.float32), H36M17)


def test_the_same_clothes_are_alike_in_another_light() -> None:
    looks = looks_of(picture((100, RED), (300, BLUE)), bodies(100, 300))
    darker = (0.9 * picture((100, RED), (300, BLUE))).astype(np.uint8)
    fits = alike(looks, looks_of(darker, bodies(100, 300)))
    assert fits.diagonal().min() > 0.5
    assert fits[0, 1] < 0.1
    assert fits[1, 0] < 0.1


def test_what_is_not_seen_is_unknown() -> None:
    joints = bodies(100, 5000)
    joints.score[
        0, [H36M17.index("left shoulder"), *map(H36M17.index, ("left hip", "right hip"))]
    ] = 0
    looks = looks_of(picture((100, RED)), joints)
    assert looks.shape == (2, LOOK)
    assert np.isnan(looks).all()
    assert alike(looks, looks).tolist() == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize("clothes", [(RED, BLUE), (BLUE, RED)])
def test_who_comes_out_on_the_other_side_keeps_the_number(
    clothes: tuple[tuple[int, int, int], tuple[int, int, int]],
) -> None:
    # Both go back from where they meet, while one is hidden: by motion they have changed places.
    tracker, mine, other = Tracker(), *clothes
    ways = [(100 + 9 * t, 500 - 9 * t) for t in range(20)]
    ways += [(300.0, None)] * 8 + [(255 - 5 * t, 345 + 5 * t) for t in range(6)]
    for a, b in ways:
        people = [(a, mine)] if b is None else [(b, other), (a, mine)]
        image = picture(*people)
        joints = bodies(a) if b is None else bodies(a, b)
        ids = tracker.update(joints, None, looks_of(image, joints))
    assert ids.tolist() == [1, 2]


def test_somebody_in_other_clothes_is_somebody_else() -> None:
    tracker = Tracker()
    for x in range(100, 200, 5):
        tracker.update(
            bodies(x, 500), None, looks_of(picture((x, RED), (500, GREY)), bodies(x, 500))
        )
    for _ in range(4):
        tracker.update(bodies(500), None, looks_of(picture((500, GREY)), bodies(500)))
    for x in range(215, 255, 5):
        image = picture((x, BLUE), (500, GREY))
        ids = tracker.update(bodies(x, 500), None, looks_of(image, bodies(x, 500)))
    assert ids.tolist() == [1, 2]  # nobody known wears that: motion decides

    tracker = Tracker()
    for x in range(100, 200, 5):
        joints = bodies(x, 500)
        tracker.update(joints, None, looks_of(picture((x, RED), (500, BLUE)), joints))
    for _ in range(4):
        tracker.update(Keypoints.none(H36M17))
    for x in range(215, 255, 5):  # the one in blue went there, while nobody was seen
        ids = tracker.update(bodies(x), None, looks_of(picture((x, BLUE)), bodies(x)))
    assert ids.tolist() == [2]


def test_an_interrupted_run_remembers_clothes() -> None:
    image, joints = picture((100, RED), (300, BLUE)), bodies(100, 300)
    first = Tracker()
    first.update(joints, None, looks_of(image, joints))
    second = Tracker()
    second.restore(first.state())
    swapped = bodies(300, 100)
    ids = second.update(swapped, None, looks_of(image, swapped))
    assert ids.tolist() == first.update(swapped, None, looks_of(image, swapped)).tolist() == [2, 1]
