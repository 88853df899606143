"""A camera that turns and zooms before a still background."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from poselift.scene.motion import BackgroundMotion
from poselift.scene.rays import focal_length
from poselift.scene.steps import CameraSteps, camera_steps

SIZE = (640, 360)
CENTRE = (320.0, 180.0)


def wall(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rough = rng.integers(0, 255, (90, 240, 3), np.uint8)
    return cv2.GaussianBlur(
        cv2.resize(rough, (2400, 900), interpolation=cv2.INTER_CUBIC), (0, 0), 2
    )


def pictures(pan: np.ndarray, tilt: np.ndarray, zoom: np.ndarray, focal: float) -> list[np.ndarray]:
    """A far wall, seen by a camera that turns right by `pan` and down by `tilt` degrees."""
    texture = wall()
    out = []
    for p, t, z in zip(np.radians(pan), np.radians(tilt), zoom, strict=True):
        ry = np.array([[np.cos(p), 0, -np.sin(p)], [0, 1, 0], [np.sin(p), 0, np.cos(p)]])
        rx = np.array([[1, 0, 0], [0, np.cos(t), -np.sin(t)], [0, np.sin(t), np.cos(t)]])
        k = np.array([[focal * z, 0, SIZE[0] / 2], [0, focal * z, SIZE[1] / 2], [0, 0, 1]])
        w = np.array([[focal, 0, 1200], [0, focal, 450], [0, 0, 1]])
        out.append(cv2.warpPerspective(texture, k @ rx @ ry @ np.linalg.inv(w), SIZE,
                                       borderMode=cv2.BORDER_REFLECT))  # fmt: skip
    return out


def carried_past_two_walls() -> list[np.ndarray]:
    """One wall three times as far as the other, before a camera that shifts aside."""
    far, near = wall(), wall(9)
    images = []
    for shift in np.linspace(0, 40, 50):
        image = far[200:560, 600 + round(shift) :][:, :640].copy()
        image[180:] = near[200:380, 600 + round(3 * shift) :][:, :640]
        images.append(image)
    return images


def followed(images: list[np.ndarray], boxes: list[list[int]] | None = None) -> CameraSteps:
    motion = BackgroundMotion(SIZE)
    around = [np.array([box]) for box in boxes] if boxes else [np.zeros((0, 4))] * len(images)
    rows = [motion.add(image, box) for image, box in zip(images, around, strict=True)]
    return camera_steps(np.array(rows), SIZE)


@pytest.mark.parametrize("view", [40, 55, 75])
def test_a_pan_is_measured_at_every_lens(view: float) -> None:
    focal = focal_length(SIZE, view)
    pan = np.linspace(0, 30, 60)
    moves = followed(pictures(pan, np.zeros(60), np.ones(60), focal)).moves(focal, CENTRE)
    assert moves is not None
    ahead = moves.turn[-1, :, 2]  # where it looks at last, for the first camera
    assert np.degrees(np.arctan2(ahead[0], ahead[2])) == pytest.approx(30, abs=2.4)
    assert abs(ahead[1]) < 0.02
    assert moves.zoom[-1] == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("view", [35, 55, 80])
def test_a_turn_shows_the_lens(view: float) -> None:
    pan = 8 * np.sin(np.linspace(0, 6, 60))  # as a hand sways
    focal = focal_length(SIZE, view)
    steps = followed(pictures(pan, np.zeros(60), np.ones(60), focal))
    shown = steps.focal(SIZE)
    assert shown is not None
    found, doubt = shown
    assert found == pytest.approx(focal, rel=0.06)
    assert 0.05 < doubt < 0.12
    assert replace(steps, carried=True).focal(SIZE) is None
    assert steps.standing().focal(SIZE) is None
    assert not replace(steps, carried=True).standing().carried
    later = steps.between(20, 60).focal(SIZE)
    assert later is not None
    assert later[0] == pytest.approx(focal, rel=0.06)


def test_a_lens_that_zooms_while_it_turns_is_told_as_it_was_first() -> None:
    zoom = np.linspace(1, 1.4, 60)
    focal = focal_length(SIZE, 60)
    steps = followed(pictures(np.linspace(0, 14, 60), np.zeros(60), zoom, focal))
    shown, later = steps.focal(SIZE), steps.between(30, 60).focal(SIZE)
    assert shown is not None
    assert later is not None
    assert shown[0] == pytest.approx(focal, rel=0.1)
    assert later[0] == pytest.approx(focal * zoom[30], rel=0.1)


def test_a_camera_that_stands_still_shows_no_lens() -> None:
    images = pictures(np.zeros(30), np.zeros(30), np.ones(30), 600.0)
    assert followed(images).focal(SIZE) is None
    assert (
        followed(pictures(np.linspace(0, 0.4, 30), np.zeros(30), np.ones(30), 600.0)).focal(SIZE)
        is None
    )


def test_a_nod_goes_down() -> None:
    focal = focal_length(SIZE, 55)
    tilt = np.linspace(0, 12, 40)
    moves = followed(pictures(np.zeros(40), tilt, np.ones(40), focal)).moves(focal, CENTRE)
    assert moves is not None
    assert np.degrees(np.arcsin(moves.turn[-1, 1, 2])) == pytest.approx(12, abs=0.6)


def test_a_zoom_is_a_zoom() -> None:
    focal = focal_length(SIZE, 55)
    moves = followed(pictures(np.zeros(40), np.zeros(40), np.linspace(1, 1.5, 40), focal))
    found = moves.moves(focal, CENTRE)
    assert found is not None
    assert found.zoom[-1] == pytest.approx(1.5, rel=0.02)


def test_a_still_camera_stands_still_though_somebody_moves_before_it() -> None:
    images = pictures(np.zeros(30), np.zeros(30), np.ones(30), 600.0)
    for index, image in enumerate(images):
        cv2.rectangle(image, (100 + 8 * index, 60), (190 + 8 * index, 330), (30, 90, 200), -1)
        rng = np.random.default_rng(index)
        image += rng.integers(0, 4, image.shape, np.uint8)
    boxes = [[100 + 8 * index, 60, 190 + 8 * index, 330] for index in range(len(images))]
    assert followed(images, boxes).moves(600.0, CENTRE) is None


def test_a_cut_is_told_and_what_follows_goes_on() -> None:
    pan = np.linspace(0, 8, 20)
    images = pictures(pan, np.zeros(20), np.ones(20), 600.0)
    other = wall(5)[100:460, 100:740]
    steps = followed([*images, *[other] * 5])
    assert steps.cuts == (20,)
    assert np.abs(steps.pixels[21:]).max() < 0.5
    assert not steps.between(20, 25).cuts
    assert steps.between(0, 20).moves(600.0, CENTRE) is not None


def test_a_fast_pan_is_no_cut() -> None:
    pan = np.cumsum(np.linspace(0, 4, 20))
    assert not followed(pictures(pan, np.zeros(20), np.ones(20), 600.0)).cuts


def test_nothing_to_see() -> None:
    grey = np.full((360, 640, 3), 128, np.uint8)
    steps = followed([grey] * 4)
    assert steps.moves(600.0, CENTRE) is None
    assert not steps.cuts


def test_a_camera_that_is_carried_is_told_from_one_that_turns() -> None:
    assert followed(carried_past_two_walls()).carried
    turned = pictures(np.linspace(0, 6, 50), np.zeros(50), np.ones(50), 600.0)
    assert not followed(turned).carried


@pytest.mark.parametrize("stop", [1, 7, 19])
def test_it_goes_on_from_its_state_exactly(stop: int) -> None:
    images = pictures(np.linspace(0, 30, 20), np.zeros(20), np.ones(20), 600.0)
    nobody = np.zeros((0, 4))
    quiet = BackgroundMotion(SIZE)
    rows = [quiet.add(image, nobody) for image in images]
    first, second = BackgroundMotion(SIZE), BackgroundMotion(SIZE)
    again = [first.add(image, nobody) for image in images[:stop]]
    second.restore(first.state())
    again += [second.add(image, nobody) for image in images[stop:]]
    assert np.array(again).tobytes() == np.array(rows).tobytes()


def test_each_camera_of_a_clip_is_carried_or_not_by_itself() -> None:
    turned = pictures(np.linspace(0, 6, 50), np.zeros(50), np.ones(50), 600.0)
    steps = followed([*carried_past_two_walls(), *turned])
    assert steps.cuts == (50,)
    assert steps.between(0, 50).carried
    assert not steps.between(50, 100).carried
