"""From frames to tracks with the models that ship, on real pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from poselift.detectors.movenet import MoveNet
from poselift.detectors.nanodet import NanoDet
from poselift.detectors.see import See, Seen, find_tracks
from poselift.skeleton import COCO17
from poselift.types import Frame, Keypoints, People
from tests.detectors.pictures import WALKING_WOMAN, astronaut, clip, farthest


@pytest.fixture(scope="module")
def detector() -> NanoDet:
    return NanoDet(threads=1)


@pytest.fixture(scope="module")
def lightning() -> MoveNet:
    return MoveNet("lightning", threads=1)


@pytest.fixture(scope="module")
def two_people(detector: NanoDet) -> list[Seen]:
    return list(See(detector, MoveNet(threads=1)).frames(clip("two_people_small")[:25]))


def _frames(images: Iterable[np.ndarray]) -> list[Frame]:
    return [Frame(i, i / 30, image) for i, image in enumerate(images)]


def test_both_people_are_seen_in_every_frame(two_people: list[Seen]) -> None:
    assert [seen.frame.index for seen in two_people] == list(range(25))
    assert {len(seen.people) for seen in two_people} == {2}


def test_numbers_stay_with_their_people(two_people: list[Seen]) -> None:
    places = []
    for seen in two_people:
        assert seen.people.ids is not None
        assert sorted(seen.people.ids.tolist()) == [1, 2]
        places.append(seen.keypoints.xy[np.argsort(seen.people.ids), :, 0].mean(axis=1))
    # The man stays on the left, the woman comes nearer from the right.
    left_is_first = [bool(first < second) for first, second in places]
    assert left_is_first == left_is_first[:1] * len(places)


def test_joints_are_where_a_person_sees_them(two_people: list[Seen]) -> None:
    xy = two_people[0].keypoints.xy
    woman = xy[xy[:, :, 0].mean(axis=1).argmax()]
    assert farthest(WALKING_WOMAN, woman, COCO17.names) < 0.05 * 214


def test_between_detections_the_joints_show_the_way(two_people: list[Seen]) -> None:
    assert two_people[0].detected
    assert sum(seen.detected for seen in two_people) < 10


def test_left_and_right_are_the_persons_own_all_along(
    detector: NanoDet, lightning: MoveNet
) -> None:
    # The man faces us on the whole: his left shoulder and hip stay on the picture's right.
    tracks = find_tracks(clip("balance_small")[:25], detector, lightning)
    man = max(tracks, key=lambda track: np.ptp(track.xy[..., 1]))
    assert len(man) == 25
    left, right = man.xy[:, [4, 11], 0].mean(axis=1), man.xy[:, [1, 14], 0].mean(axis=1)
    assert (left > right).mean() > 0.95


def test_a_mirrored_clip_gives_mirrored_tracks(detector: NanoDet, lightning: MoveNet) -> None:
    frames = clip("two_people_small")[:10]
    width = frames[0].image.shape[1]
    mirrored = [Frame(f.index, f.time, np.ascontiguousarray(f.image[:, ::-1])) for f in frames]
    straight = find_tracks(frames, detector, lightning)
    turned = find_tracks(mirrored, detector, lightning)
    assert len(straight) == len(turned) == 2
    pelvis = [sorted(t.xy[:, 0, 0].mean() for t in tracks) for tracks in (straight, turned)]
    np.testing.assert_allclose(width - np.array(pelvis[1])[::-1], pelvis[0], atol=12)


def test_a_cropped_clip_gives_the_same_joints_shifted(
    detector: NanoDet, lightning: MoveNet
) -> None:
    frames = clip("balance_small")[:8]
    cut = [Frame(f.index, f.time, f.image[150:650, 100:480].copy()) for f in frames]
    whole = find_tracks(frames, detector, lightning)
    part = find_tracks(cut, detector, lightning)
    man, same_man = (max(tracks, key=lambda t: np.ptp(t.xy[..., 1])) for tracks in (whole, part))
    apart = np.linalg.norm(same_man.xy + np.array([100, 150]) - man.xy, axis=-1)
    assert np.median(apart) < 0.02 * 355


def test_one_frame_is_enough(detector: NanoDet, lightning: MoveNet) -> None:
    (track,) = find_tracks(_frames([astronaut()]), detector, lightning)
    assert len(track) == 1


def test_who_leaves_and_comes_back_is_found_again(detector: NanoDet, lightning: MoveNet) -> None:
    here = clip("balance_small")[0].image
    away = np.full_like(here, 120)
    seen = list(See(detector, lightning).frames(_frames([here] * 6 + [away] * 8 + [here] * 12)))
    counts = [len(one.people) for one in seen]
    assert min(counts[:6]) >= 1
    assert max(counts[8:14]) == 0
    assert min(counts[18:]) >= 1


def test_people_who_are_half_out_of_the_picture(detector: NanoDet, lightning: MoveNet) -> None:
    woman = clip("two_people_small")[0].image[:, :762].copy()  # cut through her middle
    waist_up = clip("balance_small")[0].image[:400].copy()
    for image in (woman, waist_up):
        (seen,) = See(detector, lightning).frames(_frames([image]))
        assert len(seen.people) >= 1
        assert np.isfinite(seen.keypoints.xy).all()
        assert seen.joints.skeleton.name == "h36m17"
        assert len(seen.joints) == len(seen.people) == len(seen.keypoints)


def test_blocks_see_what_single_frames_see(detector: NanoDet, lightning: MoveNet) -> None:
    frames = clip("two_people_small")[:10]
    blocks = list(See(detector, lightning, batch=4).frames(frames))
    assert [seen.frame.index for seen in blocks] == list(range(10))
    assert {len(seen.people) for seen in blocks} == {2}
    assert all(seen.people.ids is not None for seen in blocks)


class _Crowd:
    """Finds fifty people, one beside the other, in every picture, and reads them all alike."""

    skeleton = COCO17

    def __call__(
        self, images: Sequence[np.ndarray], people: Sequence[People] | None = None
    ) -> list[People] | list[Keypoints]:
        boxes = np.array([[40 * i, 10, 40 * i + 30, 110] for i in range(50)], np.float32)
        if people is None:
            return [People(boxes, np.full(50, 0.8, np.float32)) for _ in images]
        pose = np.random.default_rng(1).uniform(0.1, 0.9, (17, 2)).astype(np.float32)
        return [
            Keypoints(
                found.boxes[:, None, :2]
                + pose * (found.boxes[:, 2:] - found.boxes[:, :2])[:, None],
                np.full((len(found), 17), 0.9, np.float32),
                COCO17,
            )
            for found in people
        ]


def test_a_crowd_of_fifty() -> None:
    crowd = _Crowd()
    see = See(crowd, crowd, every=1)  # type: ignore[arg-type]
    counts = [
        len(seen.people) for seen in see.frames(_frames([np.zeros((120, 2000, 3), np.uint8)] * 4))
    ]
    assert counts == [50] * 4


def test_a_crowd_is_read_by_the_real_keypointer(lightning: MoveNet) -> None:
    image = clip("two_people_small")[0].image
    boxes = np.repeat(np.array([[700, 296, 815, 510]], np.float32), 50, axis=0)
    (read,) = lightning([image], [People(boxes, np.ones(50, np.float32))])
    assert read.xy.shape == (50, 17, 2)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((16, 16, 3), np.uint8),
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((4320, 7680, 3), np.uint8),
        np.zeros((90, 160), np.uint8),
        np.zeros((90, 160, 4), np.uint8),
        np.full((90, 160, 3), np.nan, np.float32),
        np.full((90, 160, 3), 40000, np.uint16),
    ],
    ids=["16x16", "1x1", "8K", "grey", "four channels", "NaN", "uint16"],
)
def test_odd_pictures_of_nobody(image: np.ndarray, detector: NanoDet, lightning: MoveNet) -> None:
    (seen,) = See(detector, lightning).frames([Frame(7, 0.1, image)])
    assert seen.frame.index == 7
    assert seen.frame.image.dtype == np.uint8
    assert len(seen.people) == len(seen.keypoints) == 0


def test_odd_pictures_of_somebody(detector: NanoDet, lightning: MoveNet) -> None:
    image = astronaut()
    odd = [
        image.astype(np.uint16) * 257,
        image.astype(np.float32) / 255,
        np.dstack([image, np.full(image.shape[:2], 3, np.uint8)]),
        image.mean(axis=2).astype(np.uint8),
    ]
    for picture in odd:
        (seen,) = See(detector, lightning).frames(_frames([picture]))
        assert len(seen.people) == 1


def test_a_clip_of_nobody_has_no_tracks(detector: NanoDet, lightning: MoveNet) -> None:
    counted: list[Seen] = []
    nobody = _frames([np.zeros((90, 160, 3), np.uint8)] * 5)
    assert find_tracks(nobody, detector, lightning, progress=counted.append) == []
    assert len(counted) == 5


class _Inventor:
    """Finds one person where it is told, and invents a left wrist that its mirror image lacks."""

    skeleton = COCO17
    reads_crops = True

    def __init__(self, left: float, ankles: float) -> None:
        self._ankles = ankles
        self._box = np.array([[left, 10, left + 60, 190]], np.float32)

    def __call__(
        self, images: Sequence[np.ndarray], people: Sequence[People] | None = None
    ) -> list[People] | list[Keypoints]:
        if people is None:
            return [People(self._box, np.full(1, 0.8, np.float32)) for _ in images]
        pose = np.random.default_rng(1).uniform(0.1, 0.9, (17, 2)).astype(np.float32)
        out = []
        for image, found in zip(images, people, strict=True):
            mirrored = image[0, 0, 0] == 0  # its left border is white
            place = ([1, 0] + [-1, 1] * pose)[list(COCO17.mirror)] if mirrored else pose
            xy = found.boxes[:, None, :2] + place * [60, 180]
            if not mirrored:
                xy[:, COCO17.index("left wrist"), 0] = found.boxes[:, 0] + 3
            score = np.full((len(found), 17), 0.9, np.float32)
            score[:, -2:] = self._ankles
            out.append(Keypoints(xy, score, COCO17))
        return out


@pytest.mark.parametrize(
    ("left", "ankles", "seen"),
    [(1.0, 0.05, False), (100.0, 0.05, True), (1.0, 0.9, True)],  # not cut; nothing is missing
)
def test_what_the_mirror_image_puts_elsewhere_is_invented_at_a_side_border(
    left: float, ankles: float, seen: bool
) -> None:
    image = np.zeros((200, 320, 3), np.uint8)
    image[:, 0] = 255
    inventor = _Inventor(left, ankles)
    [one] = See(inventor, inventor).frames(_frames([image]))  # type: ignore[arg-type]
    wrist = COCO17.index("left wrist")
    assert (one.keypoints.score[0, wrist] > 0) == seen
    assert (np.delete(one.keypoints.score[0, :-2], wrist) > 0).all()


class _Ready:
    """Knows the people of every frame beforehand."""

    skeleton = COCO17

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        raise AssertionError("a finder is asked for frames, not for crops")

    def find(self, frames: Sequence[Frame]) -> list[tuple[People, Keypoints]]:
        pose = np.random.default_rng(1).uniform(10, 80, (1, 17, 2)).astype(np.float32)
        box = np.array([[10, 10, 80, 80]], np.float32)
        sure = np.full((1, 17), 0.9, np.float32)
        return [
            (People(box, np.ones(1, np.float32)), Keypoints(pose + f.index, sure, COCO17))
            for f in frames
        ]


def test_a_finder_needs_no_detector() -> None:
    frames = _frames([np.zeros((90, 160, 3), np.uint8)] * 6)
    (track,) = find_tracks(frames, keypointer=_Ready())
    assert len(track) == 6
    assert np.ptp(track.xy[:, 4, 0]) == pytest.approx(5)
