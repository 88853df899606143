from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from poselift import weights
from poselift.detectors.movenet import MoveNet, decode
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17
from poselift.types import People
from tests.detectors.pictures import (
    ASTRONAUT,
    BALANCING_MAN,
    WALKING_WOMAN,
    astronaut,
    clip,
    farthest,
)

GRID = 16
WOMAN_BOX = np.array([[700, 296, 815, 510]], np.float32)
MAN_BOX = np.array([[205, 205, 375, 560]], np.float32)


@pytest.fixture(scope="module")
def thunder() -> MoveNet:
    return MoveNet(threads=1)


def _people(boxes: np.ndarray) -> People:
    return People(boxes, np.ones(len(boxes), np.float32))


def _heads() -> dict[str, np.ndarray]:
    return {
        "center": np.full((1, GRID, GRID, 1), -20, np.float32),
        "kpt_heatmap": np.full((1, GRID, GRID, 17), -20, np.float32),
        "kpt_regress": np.zeros((1, GRID, GRID, 34), np.float32),
        "kpt_offset": np.zeros((1, GRID, GRID, 34), np.float32),
    }


def test_decoding_starts_at_the_centre_and_ends_at_the_offset() -> None:
    heads = _heads()
    heads["center"][0, 8, 7] = 5
    heads["kpt_regress"][0, 8, 7, 2 * 3 : 2 * 3 + 2] = (-4, 2)  # joint 3: y, x from the centre
    heads["kpt_heatmap"][0, 4, 9, 3] = 0.0
    heads["kpt_heatmap"][0, 15, 0, 3] = 0.5  # surer, but far from where it is expected
    heads["kpt_offset"][0, 4, 9, 2 * 3 : 2 * 3 + 2] = (0.25, -0.5)
    xy, score = decode(heads, np.ones((GRID, GRID)))
    np.testing.assert_allclose(xy[0, 3, 0], [8.5, 4.25])
    assert score[0, 3] == pytest.approx(0.5)


def test_the_prior_chooses_between_two_people() -> None:
    heads = _heads()
    heads["center"][0, 8, 8], heads["center"][0, 8, 14] = 1, 2
    prior = np.ones((GRID, GRID))
    assert decode(heads, prior)[0][0, 0, 0].tolist() == [14, 8]
    prior[:, 12:] = 0.1
    assert decode(heads, prior)[0][0, 0, 0].tolist() == [8, 8]


def test_joints_are_where_a_person_sees_them(thunder: MoveNet) -> None:
    pictures = [clip("two_people_small")[0].image, clip("balance_small")[0].image, astronaut()]
    boxes = [WOMAN_BOX, MAN_BOX, np.array([[20, 15, 450, 512]], np.float32)]
    read = thunder(pictures, [_people(box) for box in boxes])
    for joints, found, size, share in zip(
        (WALKING_WOMAN, BALANCING_MAN, ASTRONAUT),
        read,
        (214, 355, 497),
        (0.05, 0.05, 0.05),
        strict=True,
    ):
        assert farthest(joints, found.xy[0], COCO17.names) < share * size


@pytest.mark.parametrize("size", ["thunder", "lightning"])
def test_a_mirrored_picture_gives_the_mirrored_joints(size: str) -> None:
    image = clip("balance_small")[0].image
    width = image.shape[1]
    mirrored_box = MAN_BOX[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [width, 0, width, 0]
    net = MoveNet(size, threads=1)
    straight, mirrored = net(
        [image, np.ascontiguousarray(image[:, ::-1])], [_people(MAN_BOX), _people(mirrored_box)]
    )
    back = mirrored.xy[0, list(COCO17.mirror)] * [-1, 1] + [width, 0]
    sure = straight.score[0] > 0.5
    assert sure.sum() >= 10
    assert np.linalg.norm(back - straight.xy[0], axis=1)[sure].max() < 0.05 * 355


def test_a_tilted_picture_gives_the_tilted_joints(thunder: MoveNet) -> None:
    image = clip("balance_small")[0].image
    height, width = image.shape[:2]
    tilt = cv2.getRotationMatrix2D((290, 380), 12, 1.0)
    tilted = cv2.warpAffine(image, tilt, (width, height))
    straight, turned = thunder([image, tilted], [_people(MAN_BOX), _people(MAN_BOX)])
    expected = straight.xy[0] @ tilt[:, :2].T + tilt[:, 2]
    sure = straight.score[0] > 0.5
    assert np.linalg.norm(expected - turned.xy[0], axis=1)[sure].max() < 0.06 * 355


def test_many_people_at_once_are_read_as_one_by_one(thunder: MoveNet) -> None:
    image = clip("two_people_small")[0].image
    together = thunder([image], [_people(np.repeat(WOMAN_BOX, 11, axis=0))])[0]
    alone = thunder([image, image], [People.none(), _people(WOMAN_BOX)])
    assert len(together) == 11
    assert len(alone[0]) == 0
    np.testing.assert_allclose(together.xy - alone[1].xy, 0, atol=0.05)


def test_a_file_of_another_model_is_refused() -> None:
    with pytest.raises(PoseliftError, match="not a MoveNet"):
        MoveNet(file=Path(weights.get("nanodet-g-416")), threads=1)
