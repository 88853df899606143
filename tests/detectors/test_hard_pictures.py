"""Pictures that are hard on purpose: black ones, a strobe, somebody for one frame, a huge crowd."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from poselift.detectors.movenet import MoveNet
from poselift.detectors.nanodet import NanoDet
from poselift.detectors.see import See, find_tracks
from poselift.skeleton import COCO17
from poselift.types import Frame, People
from tests.detectors.pictures import ASTRONAUT, astronaut, clip


@pytest.fixture(scope="module")
def parts() -> tuple[NanoDet, MoveNet]:
    return NanoDet(threads=1), MoveNet("lightning", threads=1)


def numbered(images: list[np.ndarray]) -> list[Frame]:
    return [Frame(i, i / 30, image) for i, image in enumerate(images)]


def test_black_pictures_show_nobody(parts: tuple[NanoDet, MoveNet]) -> None:
    assert find_tracks(numbered([np.zeros((120, 160, 3), np.uint8)] * 30), *parts) == []


def test_in_a_strobe_people_keep_their_number(parts: tuple[NanoDet, MoveNet]) -> None:
    images = [frame.image for frame in clip("balance_small")[:30]]
    for dark in range(len(images)):
        if dark % 6 > 3:  # two of six are black
            images[dark] = np.zeros_like(images[dark])
    tracks = find_tracks(numbered(images), *parts)
    longest = max(tracks, key=len)
    assert len(longest) >= 26
    in_the_dark = [row for row, frame in enumerate(longest.frames) if frame % 6 > 3]
    # What nobody could see is not claimed to be seen.
    assert longest.score[in_the_dark].max() < 0.1
    lit = np.delete(longest.score, in_the_dark, axis=0)
    assert np.median(lit) > 0.4


def test_somebody_for_one_frame_is_nobody(parts: tuple[NanoDet, MoveNet]) -> None:
    images = [np.full((360, 480, 3), 90, np.uint8) for _ in range(30)]
    first = clip("balance_small")[0].image
    images[12] = cv2.resize(first, (480, 360))
    assert find_tracks(numbered(images), *parts) == []


def test_of_people_shoulder_to_shoulder_everybody_is_read(
    parts: tuple[NanoDet, MoveNet],
) -> None:
    """As in a group picture, where each crop shows the neighbours, too."""
    one = astronaut()[:, 75:345]
    width = one.shape[1]
    (seen,) = See(*parts).frames([Frame(0, 0.0, np.tile(one, (1, 4, 1)))])
    assert sorted(seen.people.ids) == [1, 2, 3, 4]
    nose = COCO17.index("nose")
    noses = sorted(seen.keypoints.xy[:, nose, 0].tolist())
    expected = [ASTRONAUT["nose"][0] - 75 + width * i for i in range(4)]
    np.testing.assert_allclose(noses, expected, atol=25)


def test_of_a_thousand_people_only_the_largest_are_read() -> None:
    first = clip("balance_small")[0].image
    one = cv2.resize(first, (64, 72))
    crowd = np.tile(one, (20, 50, 1))
    corners = np.stack(np.meshgrid(64 * np.arange(50), 72 * np.arange(20)), axis=-1).reshape(-1, 2)
    boxes = np.concatenate([corners, corners + np.array([64, 72])], axis=1).astype(np.float32)
    asked = []

    class Counting(MoveNet):
        def __call__(self, images, people, hints=None, others=None):  # type: ignore[no-untyped-def]
            asked.append(sum(len(found) for found in people))
            return super().__call__(images, people, hints, others)

    def detector(images: list[np.ndarray]) -> list[People]:
        return [People(boxes, np.ones(len(boxes), np.float32)) for _ in images]

    see = See(detector, Counting("lightning", threads=1), most=12)
    for seen in see.frames(numbered([crowd] * 3)):
        assert len(seen.people) <= 12
    # Everybody once, and three times more those who may be the wrong way up.
    assert 0 < max(asked) <= 3 * 12
