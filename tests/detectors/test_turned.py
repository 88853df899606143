"""Who is upside down or lies is read as well as who stands."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from poselift.detectors.follow import Follower
from poselift.detectors.movenet import MoveNet
from poselift.detectors.nanodet import NanoDet
from poselift.detectors.see import See
from poselift.detectors.similarity import in_h36m, pose_similarity
from poselift.detectors.turned import (
    Turning,
    find_turned,
    leaning,
    read_turned,
    try_other_ways,
)
from poselift.skeleton import COCO17, H36M17
from poselift.types import Frame, Keypoints, People
from tests.detectors.pictures import clip

WIDE, HIGH = 96, 64


class Marked:
    """A keypointer that finds a white nose below a grey ankle, or the other way round."""

    skeleton = COCO17
    reads_crops = True

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, images: list[np.ndarray], people: list[People]) -> list[Keypoints]:
        out = []
        for image, found in zip(images, people, strict=True):
            self.asked += len(found)
            nose = np.argwhere(image[..., 0] == 255).mean(axis=0)[::-1]
            ankle = np.argwhere(image[..., 0] == 99).mean(axis=0)[::-1]
            # Sure of it only where the nose is above.
            upright = nose[1] < ankle[1] and abs(nose[0] - ankle[0]) < 3
            xy = np.linspace(nose, ankle, 17)[None].repeat(len(found), axis=0)
            score = np.full((len(found), 17), 0.9 if upright else 0.4)
            out.append(Keypoints(xy.astype(np.float32), score.astype(np.float32), COCO17))
        return out


class Blind(Marked):
    """A keypointer that reads nothing."""

    def __call__(self, images: list[np.ndarray], people: list[People]) -> list[Keypoints]:
        self.asked += sum(map(len, people))
        shapes = [(len(found), 17) for found in people]
        return [Keypoints(np.zeros((*shape, 2)), np.zeros(shape), COCO17) for shape in shapes]


def marked(quarters: int) -> tuple[np.ndarray, People, np.ndarray, np.ndarray]:
    """A picture with a nose above an ankle, turned clockwise; the person; nose and ankle."""
    image = np.zeros((HIGH, WIDE, 3), np.uint8)
    image[10, 40], image[50, 40] = 255, 99
    image = np.ascontiguousarray(np.rot90(image, -quarters))
    nose, ankle = (np.argwhere(image[..., 0] == value)[0][::-1] for value in (255, 99))
    low, high = np.minimum(nose, ankle) - 6, np.maximum(nose, ankle) + 6
    people = People(np.array([[*low, *high]], np.float32), np.ones(1, np.float32))
    return image, people, nose, ankle


@pytest.mark.parametrize("quarters", range(4))
def test_joints_come_back_to_the_picture(quarters: int) -> None:
    image, people, nose, ankle = marked(quarters)
    read = read_turned(Marked(), image, people, [quarters])
    np.testing.assert_allclose(read.xy[0, 0], nose, atol=1e-4)
    np.testing.assert_allclose(read.xy[0, 16], ankle, atol=1e-4)
    assert read.score.min() > 0.8


@pytest.mark.parametrize("quarters", range(1, 4))
def test_the_way_that_reads_best_is_found_and_kept(quarters: int) -> None:
    image, people, nose, _ = marked(quarters)
    part = Marked()
    poor = part([image], [people])[0]
    read, (turning,) = try_other_ways(part, image, people, poor, [Turning()], np.array([0]))
    assert turning.quarters == quarters
    np.testing.assert_allclose(read.xy[0, 0], nose, atol=1e-4)
    part.asked = 0
    again, (kept,) = try_other_ways(part, image, people, read, [turning], np.array([0]))
    assert part.asked == 0  # nothing more is asked once it is read well
    assert kept == Turning(quarters)
    assert again is read


def test_tries_that_do_not_help_become_rare() -> None:
    image, people, _, _ = marked(0)
    part = Blind()
    standing = np.linspace([40, 10], [40, 50], 17)[None].astype(np.float32)
    poor = Keypoints(standing, np.full((1, 17), 0.55, np.float32), COCO17)
    turnings, asked = [Turning()], []
    for _ in range(100):
        part.asked = 0
        _, turnings = try_other_ways(part, image, people, poor, turnings, np.array([0]))
        asked.append(part.asked)
    assert asked[0] == 1
    assert 4 <= sum(asked) <= 10
    assert turnings[0].quarters == 0


def test_bodies_lean_by_their_legs_and_shoulders() -> None:
    xy = np.zeros((4, 17, 2), np.float32)
    low = [H36M17.index("left ankle"), H36M17.index("right ankle")]
    high = H36M17.index("thorax")
    for row, (x, y) in enumerate([(0, -1), (1, -0.1), (0.1, 1), (0.7, -0.7)]):
        xy[row, high] = 100 * x, 100 * y
        xy[row, low] = 0
    joints = Keypoints(xy, np.full((4, 17), 0.8, np.float32), H36M17)
    assert leaning(joints, np.array([0, 0, 0, 0])).tolist() == [0, 1, 2, 0]
    assert leaning(joints, np.array([0, 1, 2, 1])).tolist() == [0, 1, 2, 1]  # 45 degrees stays
    unseen = replace(joints, score=np.zeros((4, 17), np.float32))
    assert leaning(unseen, np.array([3, 0, 0, 0])).tolist() == [3, 0, 0, 0]


def test_boxes_of_a_turned_picture_come_back() -> None:
    box = np.array([[10.0, 20.0, 30.0, 60.0]], np.float32)

    def detector(images: list[np.ndarray]) -> list[People]:
        (image,) = images
        ys, xs = np.nonzero(image[..., 0])
        found = np.array([[xs.min(), ys.min(), xs.max(), ys.max()]], np.float32)
        return [People(found, np.ones(1, np.float32))]

    image = np.zeros((HIGH, WIDE, 3), np.uint8)
    image[20:61, 10:31] = 255
    for quarters in range(4):
        np.testing.assert_allclose(find_turned(detector, image, quarters).boxes, box)


@pytest.mark.parametrize("quarters", [1, 2])
def test_a_real_person_lying_or_upside_down(quarters: int) -> None:
    detector, keypointer = NanoDet(threads=1), MoveNet("lightning", threads=1)
    first = clip("balance_small")[0].image
    (whole,) = See(detector, keypointer).frames([Frame(0, 0.0, first)])
    row = int(np.ptp(whole.joints.xy[..., 1], axis=1).argmax())
    upright = Keypoints(whole.keypoints.xy[[row]], whole.keypoints.score[[row]], COCO17)
    image = np.ascontiguousarray(np.rot90(first, -quarters))
    height, width = first.shape[:2]
    turn = {
        1: lambda xy: np.stack([height - 1 - xy[..., 1], xy[..., 0]], axis=-1),
        2: lambda xy: np.array([width - 1, height - 1]) - xy,
    }[quarters]
    true = in_h36m(replace(upright, xy=turn(upright.xy).astype(np.float32)))
    seen = list(See(detector, keypointer).frames([Frame(i, i / 30, image) for i in range(10)]))[-1]
    alike = pose_similarity(true.xy, true.score, seen.joints.xy, seen.joints.score)
    assert alike.max(initial=0) > 0.9


def test_an_interrupted_run_knows_how_crops_are_turned() -> None:
    image = np.ascontiguousarray(cv2.rotate(clip("balance_small")[0].image, cv2.ROTATE_180))
    see = See(NanoDet(threads=1), MoveNet("lightning", threads=1))
    list(see.frames([Frame(i, i / 30, image) for i in range(10)]))
    state = {k.removeprefix("follower."): v for k, v in see.state().items() if "follower." in k}
    follower = Follower()
    follower.restore(state)
    before = [one.turning for one in see._follower.followed]
    assert [one.turning for one in follower.followed] == before
    assert any(turning.quarters == 2 for turning in before)
