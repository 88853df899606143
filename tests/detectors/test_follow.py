from __future__ import annotations

import numpy as np

from poselift.detectors.candidates import Candidates
from poselift.detectors.follow import Follower
from poselift.detectors.regions import box_of_joints
from poselift.detectors.similarity import in_h36m
from poselift.skeleton import COCO17
from poselift.types import Keypoints, People

RNG = np.random.default_rng(0)
POSE = RNG.uniform(0, 1, (17, 2)) * [60, 180]


def _people(*boxes: list[float]) -> People:
    return People(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.6, np.float32))


def _read(*people: tuple[tuple[float, float], float]) -> Keypoints:
    xy = np.stack([POSE + place for place, _ in people]).astype(np.float32)
    score = np.stack([np.full(17, sure, np.float32) for _, sure in people])
    return Keypoints(xy, score, COCO17)


def _step(follower: Follower, detected: People | None, read: Keypoints) -> tuple[list[int], bool]:
    kept, news = follower.take(follower.candidates(detected), read, in_h36m(read))
    return kept.tolist(), news


def test_a_person_is_followed_without_detections() -> None:
    follower = Follower()
    assert _step(follower, _people([100, 50, 160, 230]), _read(((100, 50), 0.8))) == ([0], True)
    for step in range(1, 30):
        assert len(follower.candidates(None).people) == 1
        assert _step(follower, None, _read(((100 + 5 * step, 50), 0.8))) == ([0], False)
    x0, y0, x1, y1 = follower.boxes[0]
    assert x0 < 245 < 305 < x1
    assert y0 < 55 < 220 < y1


def test_a_ghost_of_the_detector_is_no_person() -> None:
    follower = Follower()
    assert _step(follower, _people([100, 50, 160, 230]), _read(((100, 50), 0.2)))[0] == []
    assert len(follower.boxes) == 0


def test_a_box_of_low_score_must_be_read_well() -> None:
    for box_score, joints, kept in ((0.6, 0.35, [0]), (0.2, 0.35, []), (0.2, 0.45, [0])):
        detected = _people([100, 50, 160, 230])
        detected.scores[:] = box_score
        assert _step(Follower(), detected, _read(((100, 50), joints)))[0] == kept


def test_head_and_shoulders_are_enough_of_who_may_be_cut() -> None:
    read = _read(((100, 50), 0.0))
    read.score[0, [COCO17.names.index(name) for name in ("nose", "left eye", "right eye")]] = 0.7
    for side in ("left", "right"):
        read.score[0, [COCO17.index(f"{side} {joint}") for joint in ("ear", "shoulder")]] = 0.7
    for cut, expected in ((True, [0]), (False, [])):
        follower = Follower()
        boxes = _people([100, 50, 160, 230])
        boxes.scores[:] = 0.35  # of 0.4 and more they are enough anyhow
        found = follower.candidates(boxes)
        kept, _ = follower.take(found, read, in_h36m(read), may_be_cut=np.array([cut]))
        assert kept.tolist() == expected


def test_a_known_person_may_be_unreadable_for_a_moment() -> None:
    follower = Follower()
    _step(follower, _people([100, 50, 160, 230]), _read(((100, 50), 0.8)))
    for _ in range(3):
        assert _step(follower, None, _read(((100, 50), 0.05))) == ([], True)
    assert _step(follower, None, _read(((100, 50), 0.7))) == ([0], False)
    for _ in range(6):
        if len(follower.boxes):
            _step(follower, None, _read(((100, 50), 0.05)))
    assert len(follower.boxes) == 0


def test_who_was_lost_comes_back_when_they_are_read_well() -> None:
    follower = Follower()
    boxes = _people([100, 50, 160, 230], [130, 50, 190, 230])
    _step(follower, boxes, _read(((100, 50), 0.8), ((130, 50), 0.8)))
    # Half hidden, a known person may score little, but not after they were lost.
    for surety, kept in ((0.2, [0, 1]), (0.05, [0]), (0.2, [0]), (0.3, [0, 1]), (0.2, [0, 1])):
        assert _step(follower, None, _read(((100, 50), 0.8), ((130, 50), surety)))[0] == kept


def test_who_is_found_again_elsewhere_is_no_longer_looked_for() -> None:
    follower = Follower()
    _step(follower, _people([100, 50, 160, 230]), _read(((100, 50), 0.8)))
    follower.number(np.array([1]))
    # Lost there, and somebody new is read elsewhere whom the tracker takes for the same.
    new = _read(((100, 50), 0.05), ((300, 50), 0.8))
    assert _step(follower, _people([300, 50, 360, 230]), new)[0] == [1]
    assert len(follower.boxes) == 2
    follower.number(np.array([1]))
    assert len(follower.boxes) == 1
    assert follower.boxes[0, 0] > 250


def test_two_new_boxes_with_one_head_are_one_person() -> None:
    twice = _read(((100, 50), 0.8), ((100, 50), 0.7))
    below = [i for i, name in enumerate(COCO17.names) if name.split()[-1] in
             ("elbow", "wrist", "hip", "knee", "ankle")]  # fmt: skip
    twice.xy[1, below] += 150
    boxes = _people([100, 50, 160, 230], [100, 50, 310, 380])
    assert _step(Follower(), boxes, twice)[0] == [0]


def test_a_detection_of_who_is_followed_is_nobody_new() -> None:
    follower = Follower()
    _step(follower, _people([100, 50, 160, 230]), _read(((100, 50), 0.8)))
    both = follower.candidates(_people([95, 45, 165, 240], [300, 50, 360, 230]))
    assert both.known.tolist() == [0, -1]
    assert both.people.boxes[1].tolist() == [300, 50, 360, 230]


def test_two_readings_of_one_person_are_one() -> None:
    follower = Follower()
    everybody = Candidates(
        _people([100, 50, 160, 230], [110, 50, 170, 230], [300, 50, 360, 230]), np.full(3, -1)
    )
    read = _read(((100, 50), 0.8), ((102, 50), 0.7), ((300, 50), 0.6))
    kept, _ = follower.take(everybody, read, in_h36m(read))
    assert kept.tolist() == [0, 2]


def test_who_stands_close_is_two_people() -> None:
    follower = Follower()
    _step(
        follower,
        _people([100, 50, 160, 230], [130, 50, 190, 230]),
        _read(((100, 50), 0.8), ((130, 50), 0.8)),
    )
    assert len(follower.boxes) == 2
    again = follower.candidates(_people([100, 50, 160, 230], [130, 50, 190, 230]))
    assert again.known.tolist() == [0, 1]


def test_the_box_holds_the_seen_joints_and_never_jumps_smaller() -> None:
    score = np.full(17, 0.9, np.float32)
    box = box_of_joints(POSE, score, np.zeros(4))
    assert (box[:2] < POSE.min(axis=0)).all()
    assert (box[2:] > POSE.max(axis=0)).all()
    assert box_of_joints(POSE, np.zeros(17), np.arange(4.0)).tolist() == [0, 1, 2, 3]
    follower = Follower()
    _step(follower, _people([0, 0, 60, 180]), _read(((0, 0), 0.8)))
    before = follower.boxes[0]
    half = _read(((0, 0), 0.8))
    half.score[0, POSE[:, 1] > 90] = 0.1
    half.score[0, :5] = 0.9
    follower.take(follower.candidates(None), half, in_h36m(half))
    after = follower.boxes[0]
    assert after[3] - after[1] > 0.9 * (before[3] - before[1])
