"""A running camera that rests, turns and rests again."""

from __future__ import annotations

import numpy as np
import pytest

from poselift.scene.live_camera import LiveCamera, with_lens
from poselift.scene.rays import focal_length
from tests.scene.test_motion import SIZE, pictures

FPS = 30.0
NOBODY = np.zeros((0, 4))


def turns(pan: np.ndarray, view: float = 55.0, noise: float = 2.0) -> np.ndarray:
    """(T, 3, 3) of a camera that pans like this, in degrees, with a sensor's noise."""
    focal = focal_length(SIZE, view)
    images = pictures(pan, np.zeros(len(pan)), np.ones(len(pan)), focal)
    rng = np.random.default_rng(1)
    camera = LiveCamera(SIZE)
    out = []
    for frame, image in enumerate(images):
        seen = np.clip(image + noise * rng.standard_normal(image.shape), 0, 255).astype(np.uint8)
        out.append(with_lens(camera.follow(seen, NOBODY, frame / FPS), SIZE, focal))
    return np.array(out)


def degrees(turn: np.ndarray) -> np.ndarray:
    """How far to the right each looks."""
    return np.degrees(np.arctan2(turn[:, 0, 2], turn[:, 2, 2]))


def test_a_camera_at_rest_does_not_tremble() -> None:
    assert (turns(0.15 * np.sin(np.arange(120) / 3)) == np.eye(3)).all()


@pytest.mark.parametrize("view", [45, 55, 75])
def test_a_pan_is_followed_and_held_when_it_ends(view: float) -> None:
    pan = np.interp(np.arange(200), [30, 120], [0, 25])
    found = degrees(turns(pan, view))
    assert (found[:30] == 0).all()
    assert found[60:120] == pytest.approx(pan[60:120], abs=2.5)
    assert found[-1] == pytest.approx(25, abs=2)
    assert np.ptp(found[-15:]) == 0  # it rests


def test_a_nudge_is_taken_without_a_jump() -> None:
    pan = np.interp(np.arange(150), [40, 44], [0, 4])
    found = degrees(turns(pan))
    assert np.abs(np.diff(found)).max() < 1.6
    assert found[-1] == pytest.approx(4, abs=0.6)


def test_what_cannot_be_followed_turns_nothing() -> None:
    camera = LiveCamera(SIZE)
    rng = np.random.default_rng(0)
    for frame in range(40):
        image = rng.integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)
        assert (camera.follow(image, NOBODY, frame / FPS) == np.eye(3)).all()
