from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.blazepose import BlazePose, refine
from poselift.detectors.blazepose_detector import BlazePoseDetector, Region
from poselift.skeleton import BLAZEPOSE33, COCO17, blazepose_to_coco
from poselift.types import People
from tests.detectors.pictures import BALANCING_MAN, clip, farthest

MAN_BOX = np.array([[205, 205, 375, 560]], np.float32)


@pytest.fixture(scope="module")
def blazepose() -> BlazePose:
    return BlazePose(threads=1)


def test_a_region_is_turned_as_the_body_lies() -> None:
    upright = Region.from_circle(np.array([50.0, 80]), np.array([50.0, 30]))
    assert (upright.side, upright.angle) == (125.0, 0.0)
    lying = Region.from_circle(np.array([50.0, 80]), np.array([100.0, 80]))
    assert lying.angle == pytest.approx(np.pi / 2)


def test_the_detector_finds_the_large_person() -> None:
    detector = BlazePoseDetector(threads=1)
    found, nobody = detector([clip("balance_small")[0].image, np.zeros((90, 60, 3), np.uint8)])
    assert len(nobody) == 0
    assert len(found) == 1
    x0, y0, x1, y1 = found.boxes[0]
    assert x0 < 213 < 363 < x1
    assert y0 < 262 < 530 < y1


def test_joints_are_where_a_person_sees_them(blazepose: BlazePose) -> None:
    blazepose.forget()
    (read,) = blazepose([clip("balance_small")[0].image], [People(MAN_BOX, np.ones(1))])
    assert read.skeleton is BLAZEPOSE33
    xy, score = blazepose_to_coco(read.xy, read.score)
    assert farthest(BALANCING_MAN, xy[0], COCO17.names) < 0.06 * 355
    assert score.min() >= 0
    assert score.max() <= 1


def test_the_next_frame_is_read_from_the_body_itself(blazepose: BlazePose) -> None:
    blazepose.forget()
    first, second = (frame.image for frame in clip("balance_small")[:2])
    blazepose([first], [People(MAN_BOX, np.ones(1))])
    rough = People(MAN_BOX + np.array([-40, -40, 40, 40], np.float32), np.ones(1))
    (followed,) = blazepose([second], [rough])
    blazepose.forget()
    (anew,) = blazepose([second], [People(MAN_BOX, np.ones(1))])
    apart = np.linalg.norm(followed.xy - anew.xy, axis=-1)[:, 11:]
    assert np.median(apart) < 0.02 * 355


def test_the_world_stands_upright_as_the_picture(blazepose: BlazePose) -> None:
    blazepose.forget()
    (body,) = blazepose.read(clip("balance_small")[0].image, MAN_BOX)
    shoulders, ankles = body.world[[11, 12]].mean(axis=0), body.world[[27, 28]].mean(axis=0)
    assert body.presence > 0.9
    assert ankles[1] - shoulders[1] > 0.8  # y down
    assert body.world[11, 0] > body.world[12, 0]  # facing us, his left is on our right


def test_refining_takes_the_middle_of_the_heat() -> None:
    heat = np.zeros((64, 64, 39), np.float32)
    heat[20, 30, 0], heat[20, 31, 0] = 0.6, 0.6
    heat[20, 30, 1] = 0.4  # not sure enough
    xy = np.full((39, 2), (118.0, 83.0), np.float32)
    refined = refine(xy, heat)
    np.testing.assert_allclose(refined[0], [30.5 * 4, 20 * 4])
    np.testing.assert_allclose(refined[1:], xy[1:])


def test_nobody_and_who_is_outside(blazepose: BlazePose) -> None:
    image = clip("balance_small")[0].image
    outside = People(np.array([[2000, 2000, 2100, 2200]], np.float32), np.ones(1))
    none, one = blazepose([image, image], [People.none(), outside])
    assert len(none) == 0
    assert np.isfinite(one.xy).all()
