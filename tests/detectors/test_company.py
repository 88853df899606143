"""Who is read in a crowd, and how well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poselift.detectors.company import FEW, FINE, largest, plan
from poselift.detectors.moving import Moving
from poselift.detectors.see import See, Seen
from poselift.skeleton import COCO17
from poselift.types import Frame, Keypoints, People

POSE = np.random.default_rng(0).uniform(0, 1, (17, 2)).astype(np.float32)
SURE = np.full(17, 0.8, np.float32)


def _boxes(*heights: float) -> np.ndarray:
    return np.array([[200.0 * i, 0, 200 * i + 50, h] for i, h in enumerate(heights)], np.float32)


def _moving(step: float, frames: int = 5) -> Moving:
    one = Moving.begin(100 * POSE, SURE, COCO17)
    for frame in range(1, frames):
        one.see(100 * POSE + step * frame, SURE, COCO17)
    return one


def test_a_few_are_all_read_with_care() -> None:
    few = plan(_boxes(*[100] * FEW), [_moving(0)] * FEW, np.zeros(FEW, int))
    assert few.fine.all()
    assert not few.quick.any()


def test_of_a_crowd_the_largest_are_read_with_care() -> None:
    crowd = plan(_boxes(100, 300, 90, 200, 120), [_moving(5)] * 5, np.zeros(5, int))
    assert np.flatnonzero(crowd.fine).tolist() == [1, 3]
    assert crowd.fine.sum() == FINE
    assert (crowd.fine | crowd.quick).all()


def test_all_are_read_with_care_where_nobody_is_known() -> None:
    first = plan(_boxes(100, 300, 90, 200, 120), [None] * 5, np.zeros(5, int))
    assert first.fine.all()
    assert not first.quick.any()


def test_who_stands_still_is_read_in_every_second_frame() -> None:
    people = [_moving(5), _moving(5), _moving(0), _moving(5), None]
    boxes = _boxes(300, 300, 100, 100, 100)
    assert plan(boxes, people, np.zeros(5, int)).quick.tolist() == [
        False, False, False, True, True
    ]  # fmt: skip
    assert people[2] is not None
    people[2].held = 1
    assert plan(boxes, people, np.zeros(5, int)).quick[2]


def test_those_who_would_be_dropped_are_not_read() -> None:
    boxes = _boxes(100, 300, 110, 200)
    assert largest(boxes, np.zeros(4, bool), 2).tolist() == [1, 3]
    # Somebody new must be clearly larger than whoever is followed.
    assert largest(boxes, np.array([True, True, False, True]), 3).tolist() == [0, 1, 3]
    assert largest(boxes, np.zeros(4, bool), None).tolist() == [0, 1, 2, 3]


class Crowd:
    """Six people in a row, two of them large, who walk; counts how many of them it reads."""

    skeleton = COCO17

    def __init__(self, quick: Crowd | None = None) -> None:
        self.quick = quick
        self.read = 0

    def detect(self, images: Sequence[np.ndarray]) -> list[People]:
        step = float(images[0][0, 0, 0])
        left = np.arange(6) * 200.0 + step * (np.arange(6) % 2)
        height = np.array([100, 100, 250, 100, 250, 100])
        boxes = np.stack([left, left * 0 + 10, left + 60, 10 + height], axis=1)
        return [People(boxes.astype(np.float32), np.full(6, 0.8, np.float32))]

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        self.read += len(people[0])
        there = self.detect(images)[0].boxes
        middle = people[0].boxes[:, ::2].mean(axis=1)
        nearest = np.abs(middle[:, None] - there[:, ::2].mean(axis=1)[None]).argmin(axis=1)
        box = there[nearest]
        xy = box[:, None, :2] + POSE * (box[:, 2:] - box[:, :2])[:, None]
        return [Keypoints(xy, np.full(xy.shape[:2], 0.9, np.float32), COCO17)]


def _frames(count: int) -> list[Frame]:
    shape = 300, 1300, 3
    return [Frame(i, i / 30, np.full(shape, 2 * i, np.uint8)) for i in range(count)]


def _see(crowd: Crowd, most: int | None = None) -> See:
    class Detector:
        def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
            return crowd.detect(images)

    return See(Detector(), crowd, most=most)


def _joints(seen: Sequence[Seen]) -> list[tuple[list[int], bytes, bytes]]:
    return [
        (np.asarray(s.people.ids).tolist(), s.joints.xy.tobytes(), s.joints.score.tobytes())
        for s in seen
    ]


def test_a_crowd_costs_less_and_all_are_seen() -> None:
    quick = Crowd()
    crowd = Crowd(quick)
    seen = list(_see(crowd).frames(_frames(30)))
    assert {len(one.people) for one in seen} == {6}
    assert seen[-1].people.ids is not None
    assert sorted(seen[-1].people.ids.tolist()) == [1, 2, 3, 4, 5, 6]
    # The two large ones stand, as does one of the four others; all six are read with care at first.
    assert 0.5 * FINE * 30 <= crowd.read - 6 < 0.6 * FINE * 30
    assert 3.4 * 30 < quick.read + 4 < 3.7 * 30


def test_of_a_crowd_only_the_wanted_are_read() -> None:
    crowd = Crowd(Crowd())
    seen = list(_see(crowd, most=2).frames(_frames(10)))
    assert {len(one.people) for one in seen} == {2}
    assert 10 <= crowd.read <= 20
    assert crowd.quick is not None
    assert crowd.quick.read == 0


def test_joints_beyond_the_border_are_not_seen() -> None:
    width = 1030  # through the last of them
    frames = [Frame(i, i / 30, np.zeros((300, width, 3), np.uint8)) for i in range(3)]
    for seen in _see(Crowd(Crowd())).frames(frames):
        assert len(seen.people) == 6
        beyond = seen.keypoints.xy[..., 0] > width + 2
        assert 4 < beyond.sum() < 15
        assert (seen.keypoints.score[beyond] == 0).all()
        assert (seen.keypoints.score[seen.keypoints.xy[..., 0] < width] > 0).all()


def test_a_crowd_is_resumed_exactly() -> None:
    frames = _frames(30)
    whole = _joints(list(_see(Crowd(Crowd())).frames(frames)))
    for cut in (7, 16):
        first = _see(Crowd(Crowd()))
        begun = _joints(list(first.frames(frames[:cut])))
        state = {name: array.copy() for name, array in first.state().items()}
        second = _see(Crowd(Crowd()))
        second.restore(state)
        assert begun + _joints(list(second.frames(frames[cut:]))) == whole
