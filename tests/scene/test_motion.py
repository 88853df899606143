"""A camera that turns and zooms before a still background."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from poselift.scene.motion import BackgroundMotion
from poselift.scene.rays import focal_length

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


def followed(images: list[np.ndarray], box: tuple[int, ...] | None = None) -> BackgroundMotion:
    motion = BackgroundMotion(SIZE)
    for image in images:
        motion.add(image, np.array([box]) if box else np.zeros((0, 4)))
    return motion


@pytest.mark.parametrize("view", [40, 55, 75])
def test_a_pan_is_measured_at_every_lens(view: float) -> None:
    focal = focal_length(SIZE, view)
    pan = np.linspace(0, 30, 60)
    moves = followed(pictures(pan, np.zeros(60), np.ones(60), focal)).steps().moves(focal, CENTRE)
    assert moves is not None
    ahead = moves.turn[-1, :, 2]  # where it looks at last, for the first camera
    assert np.degrees(np.arctan2(ahead[0], ahead[2])) == pytest.approx(30, abs=2.4)
    assert abs(ahead[1]) < 0.02
    assert moves.zoom[-1] == pytest.approx(1, abs=0.03)


def test_a_nod_goes_down() -> None:
    focal = focal_length(SIZE, 55)
    tilt = np.linspace(0, 12, 40)
    moves = followed(pictures(np.zeros(40), tilt, np.ones(40), focal)).steps().moves(focal, CENTRE)
    assert moves is not None
    assert np.degrees(np.arcsin(moves.turn[-1, 1, 2])) == pytest.approx(12, abs=0.6)


def test_a_zoom_is_a_zoom() -> None:
    focal = focal_length(SIZE, 55)
    moves = followed(pictures(np.zeros(40), np.zeros(40), np.linspace(1, 1.5, 40), focal))
    found = moves.steps().moves(focal, CENTRE)
    assert found is not None
    assert found.zoom[-1] == pytest.approx(1.5, rel=0.02)


def test_a_still_camera_stands_still_though_somebody_moves_before_it() -> None:
    images = pictures(np.zeros(30), np.zeros(30), np.ones(30), 600.0)
    for index, image in enumerate(images):
        cv2.rectangle(image, (100 + 8 * index, 60), (190 + 8 * index, 330), (30, 90, 200), -1)
        rng = np.random.default_rng(index)
        image += rng.integers(0, 4, image.shape, np.uint8)
    motion = BackgroundMotion(SIZE)
    for index, image in enumerate(images):
        motion.add(image, np.array([[100 + 8 * index, 60, 190 + 8 * index, 330]]))
    assert motion.steps().moves(600.0, CENTRE) is None


def test_a_cut_is_told_and_what_follows_goes_on() -> None:
    pan = np.linspace(0, 8, 20)
    images = pictures(pan, np.zeros(20), np.ones(20), 600.0)
    other = wall(5)[100:460, 100:740]
    steps = followed([*images, *[other] * 5]).steps()
    assert 20 in steps.lost
    assert np.abs(steps.pixels[21:]).max() < 0.5


def test_nothing_to_see() -> None:
    grey = np.full((360, 640, 3), 128, np.uint8)
    steps = followed([grey] * 4).steps()
    assert steps.moves(600.0, CENTRE) is None
