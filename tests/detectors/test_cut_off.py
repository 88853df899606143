"""Upper bodies: who sits at a desk or stands close to the camera is somebody, furniture is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from poselift.detectors.candidates import Candidates
from poselift.detectors.cut_off import may_be_cut, whole_bodies
from poselift.detectors.follow import Follower
from poselift.detectors.movenet import MoveNet
from poselift.detectors.nanodet import NanoDet
from poselift.detectors.reader import Reader
from poselift.detectors.see import See, Seen, find_tracks
from poselift.detectors.track import Tracker, TrackerSettings
from poselift.skeleton import COCO17, H36M17
from poselift.types import Frame, Keypoints, People
from tests.detectors.pictures import clip

UPPER = [COCO17.index(name) for name in ("nose", "left shoulder", "right shoulder")]


@pytest.fixture(scope="module")
def thunder() -> MoveNet:
    return MoveNet("thunder", threads=1)


def at_a_desk(whole: Seen, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture enlarged so that it ends at that share of the trunk; (17, 2) where joints are."""
    row = int(np.ptp(whole.keypoints.xy[..., 1], axis=1).argmax())
    joints = whole.keypoints.xy[row]
    head, shoulders, hips = (
        joints[[COCO17.index(name) for name in names]].mean(axis=0)
        for names in (["nose"], ["left shoulder", "right shoulder"], ["left hip", "right hip"])
    )
    trunk = hips[1] - shoulders[1]
    top, bottom = head[1] - 0.8 * trunk, shoulders[1] + share * trunk
    size = np.array([(bottom - top) * 4 / 3, bottom - top])
    corner = np.array([head[0] - size[0] / 2, top])
    scale = 480 / size[1]
    image = cv2.warpAffine(
        whole.frame.image,
        np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]]),
        (640, 480),
        borderMode=cv2.BORDER_REPLICATE,
    )
    return image, (joints - corner) * scale


@pytest.mark.parametrize("share", [0.7, 0.45])
def test_who_sits_at_a_desk_is_followed(share: float, thunder: MoveNet) -> None:
    detector = NanoDet(threads=1)
    (whole,) = See(detector, thunder).frames(clip("two_people_small")[:1])
    image, joints = at_a_desk(whole, share)
    frames = [Frame(i, i / 30, image) for i in range(6)]
    (track,) = find_tracks(frames, detector, thunder)
    assert len(track) == len(frames)
    seen = list(See(detector, thunder).frames(frames))
    for one in seen:
        assert len(one.people) == 1
        off = np.linalg.norm(one.keypoints.xy[0] - joints, axis=1)[UPPER]
        assert off.max() < 45  # of 480: a tenth of what is seen of the body
        below = joints[:, 1] > 500
        assert (one.keypoints.score[0][below] < 0.5).all()


def test_only_an_upright_box_at_the_lower_border_may_be_cut() -> None:
    size = (640, 480)
    boxes = {
        "at a desk": (200, 150, 440, 478),
        "standing": (280, 20, 380, 478),
        "above the border": (200, 100, 440, 380),
        "small": (300, 400, 360, 478),
        "lying": (50, 350, 600, 478),
        "face and shoulders": (150, 300, 500, 478),
    }
    said = may_be_cut(np.array(list(boxes.values()), np.float32), size)
    assert dict(zip(boxes, said.tolist(), strict=True)) == {
        "at a desk": True, "standing": False, "above the border": False, "small": False,
        "lying": False, "face and shoulders": True,
    }  # fmt: skip


def _upper_bodies(count: int, score: float) -> Keypoints:
    joints = Keypoints(np.zeros((count, 17, 2)), np.zeros((count, 17)), H36M17)
    for name in ("neck", "head", "left shoulder", "right shoulder"):
        joints.score[:, H36M17.index(name)] = score
    return joints


def test_head_and_shoulders_tell_where_the_rest_may_be_out_of_the_picture() -> None:
    joints = _upper_bodies(2, 0.6)
    boxes = np.array([[200, 150, 440, 478], [200, 50, 440, 380]], np.float32)
    found = Candidates.all_new(People(boxes, np.full(2, 0.35, np.float32)))
    at_the_border, inside = found.surety(joints, may_be_cut(boxes, (640, 480)))
    assert at_the_border == pytest.approx(0.6)
    assert inside == pytest.approx(0.1)
    high = TrackerSettings().high
    assert inside < high < at_the_border
    sure = np.array([at_the_border, inside])
    assert Tracker().update(joints, surety=sure).tolist() == [1, -1]


def test_head_and_shoulders_of_a_sure_box_are_enough_wherever_it_is() -> None:
    """Behind a table, or behind somebody else."""
    inside = np.zeros(3, bool)
    boxes = np.array([[100 * i, 50, 100 * i + 90, 380] for i in range(3)], np.float32)
    found = Candidates.all_new(People(boxes, np.array([0.7, 0.35, 0.7], np.float32)))
    joints = _upper_bodies(3, 0.6)
    joints.score[2] *= 0.7
    assert found.judged(joints, np.zeros(3), inside)[1].tolist() == [True, False, False]
    assert found.surety(joints, inside) == pytest.approx([0.6, 0.1, 0.42], abs=0.02)


def test_a_box_reaches_as_far_down_as_the_body() -> None:
    boxes = np.array([[0, 0, 100, 100], [0, 0, 100, 400]], np.float32)
    np.testing.assert_allclose(whole_bodies(boxes, np.array([2.3, 0.0]))[:, 3], [230, 400])


def test_who_is_cut_is_remembered(thunder: MoveNet) -> None:
    detector = NanoDet(threads=1)
    (whole,) = See(detector, thunder).frames(clip("two_people_small")[:1])
    image, _ = at_a_desk(whole, 0.45)
    see = See(detector, thunder)
    list(see.frames([Frame(0, 0.0, image)]))
    again = See(detector, thunder)
    again.restore(see.state())
    first, second = (next(iter(one.frames([Frame(1, 1 / 30, image)]))) for one in (see, again))
    np.testing.assert_array_equal(first.keypoints.xy, second.keypoints.xy)
    assert len(first.people) == 1


def test_an_empty_state_is_restored() -> None:
    follower = Follower()
    follower.restore(Follower().state())
    assert follower.followed == []


class OnlyTall:
    """A keypointer that is sure of head and shoulders in boxes that are so tall by their width."""

    skeleton = COCO17

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, images: list[np.ndarray], people: list[People]) -> list[Keypoints]:
        (found,) = people
        width, height = (found.boxes[:, 2:] - found.boxes[:, :2]).T
        sure = (height > self.least * width).astype(np.float32)
        score = np.zeros((len(found), 17), np.float32)
        score[:, :7] = 0.6 * sure[:, None]
        return [Keypoints(np.full((len(found), 17, 2), 300, np.float32), score, COCO17)]


@pytest.mark.parametrize(("least", "tall"), [(2.0, 2.3), (4.0, 4.5), (6.0, 0.0)])
def test_a_face_is_read_as_part_of_a_taller_body(least: float, tall: float) -> None:
    boxes = np.array([[200, 250, 400, 478]], np.float32)
    candidates = Candidates(People(boxes, np.ones(1, np.float32)), np.array([-1]))
    frame = Frame(0, 0.0, np.zeros((480, 640, 3), np.uint8))
    unread = OnlyTall(99)([frame.image], [candidates.people])[0]
    read, found = Reader(OnlyTall(least)).read_upper_bodies(
        frame, candidates, np.array([0]), unread
    )
    assert found.tolist() == [tall]
    assert (read.score.max() > 0.5) == (tall > 0)
