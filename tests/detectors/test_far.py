from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.far import FarPeople, squares_of
from poselift.detectors.see import See
from poselift.types import Frame, People
from tests.detectors.pictures import clip

PICTURE = Frame(0, 0.0, np.zeros((720, 1280, 3), np.uint8))
NOBODY = People(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


class Detector:
    """Finds the same box in whatever it sees, and remembers where that was cut from."""

    side = 416

    def __init__(self, *box: float) -> None:
        self.box = np.array([box], np.float32)
        self.asked: list[tuple[int, ...]] = []

    def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
        self.asked += [image.shape[:2] for image in images]
        return [People(self.box, np.ones(len(self.box), np.float32)) for _ in images]


def test_small_people_are_added_where_they_are_in_the_picture() -> None:
    found = FarPeople().add(Detector(300, 300, 330, 380), PICTURE, NOBODY)
    assert sorted(found.boxes[:, 0].tolist()) == [300, 580, 860]
    assert (found.boxes[:, 1] == 300).all()


def test_people_who_are_known_large_or_cut_are_not() -> None:
    known = People(np.array([[582, 302, 611, 379]], np.float32), np.ones(1, np.float32))
    assert len(FarPeople().add(Detector(300, 300, 330, 380), PICTURE, known)) == 3
    assert len(FarPeople().add(Detector(300, 100, 400, 500), PICTURE, NOBODY)) == 0
    # At the left end of a square: only where that is the picture's own.
    assert len(FarPeople().add(Detector(0, 300, 30, 380), PICTURE, NOBODY)) == 1


def at(seconds: float) -> Frame:
    return replace(PICTURE, time=seconds)


def test_all_squares_at_first_then_one_in_turn() -> None:
    detector, far = Detector(300, 300, 330, 380), FarPeople()
    counts = []
    for index in range(0, 60, 5):
        before = len(detector.asked)
        far.add(detector, at(index / 30), NOBODY)
        counts.append(len(detector.asked) - before)
    assert counts == [3, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]
    assert set(detector.asked) == {(720, 720)}


def test_where_nobody_is_it_looks_half_as_often() -> None:
    detector, far = Detector(), FarPeople()
    detector.box = np.zeros((0, 4), np.float32)
    looked = []
    for step in range(30):
        before = len(detector.asked)
        far.add(detector, at(step / 10), NOBODY)
        looked += [step] * (len(detector.asked) - before)
    assert looked == [0, 0, 0, 10, 20]


def test_it_goes_on_where_it_was() -> None:
    detector, far = Detector(300, 300, 330, 380), FarPeople()
    for seconds in (0.0, 0.7):
        far.add(detector, at(seconds), NOBODY)
    again = FarPeople()
    again.restore(far.state())
    for seconds, count in ((0.9, 0), (1.1, 1)):
        one, other = (each.add(detector, at(seconds), NOBODY) for each in (far, again))
        assert len(one) == count
        assert (one.boxes == other.boxes).all()
    fresh = FarPeople()
    fresh.restore(FarPeople().state())
    assert len(fresh.add(detector, PICTURE, NOBODY)) == 3


def test_runs_that_began_elsewhere_look_at_the_same_squares() -> None:
    detector = Detector(300, 300, 330, 380)
    whole, part = FarPeople(), FarPeople()
    for step in range(20):
        whole.add(detector, at(step / 10), NOBODY)
    for step in range(20, 60):
        one, other = (each.add(detector, at(step / 10), NOBODY) for each in (whole, part))
        if step > 20:
            assert (one.boxes == other.boxes).all()


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (417, 417), (2000, 300)])
def test_small_pictures_need_no_squares(size: tuple[int, int]) -> None:
    assert squares_of(*size, 416) == []


@pytest.mark.parametrize("size", [(1280, 720), (1080, 1920), (3840, 2160), (4000, 500)])
def test_squares_cover_the_picture_and_overlap(size: tuple[int, int]) -> None:
    seen = np.zeros(size[::-1], int)
    for x0, y0, x1, y1 in squares_of(*size, 416):
        assert x1 - x0 == y1 - y0 == min(size)
        seen[y0:y1, x0:x1] += 1
    assert seen.min() >= 1
    assert (seen > 1).mean() > 0.2


def test_detectors_that_do_not_say_what_they_see_are_left_alone() -> None:
    detector = load_detector("nanodet")
    plain = lambda images: detector(images)  # noqa: E731
    assert FarPeople().add(plain, PICTURE, NOBODY) is NOBODY


def test_somebody_of_60_pixels_is_found_in_720p() -> None:
    frame = clip("two_people_small")[0].image
    height, width = frame.shape[:2]
    small = cv2.resize(frame, (width * 3 // 10, height * 3 // 10), interpolation=cv2.INTER_AREA)
    picture = np.full((720, 1280, 3), 110, np.uint8)
    picture[300 : 300 + small.shape[0], 500 : 500 + small.shape[1]] = small
    detector, keypointer = load_detector("nanodet"), load_keypointer("lightning")
    assert len(detector([picture])[0]) == 0
    (seen,) = See(detector, keypointer).frames([Frame(0, 0.0, picture)])
    assert len(seen.people) == 1
