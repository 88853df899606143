"""People before a camera that turns with them stand and walk in a still room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poselift.scene import room
from poselift.scene.given import Given
from poselift.scene.rays import focal_length
from poselift.scene.steps import CameraSteps
from poselift.types import Motion, Track
from tests.scene.made import FPS, SIZE, film, panned, walker


@pytest.mark.parametrize("degrees", [30, 60])
def test_a_walk_past_a_camera_that_follows_is_a_straight_walk(degrees: float) -> None:
    half = 5 * np.tan(np.radians(degrees / 2))
    true = walker((-half, 5.0), (half, 5.0), 2 * half / 1.2)
    pan = np.arctan2(true[:, 0, 0], true[:, 0, 1])
    motion, steps = panned(true, pan)
    world = room.build([motion], SIZE, steps=steps).worlds[0]
    way = np.linalg.norm(world[-1, 0, :2] - world[0, 0, :2])
    still = room.build([motion], SIZE).worlds[0]
    assert way == pytest.approx(2 * half, rel=0.15)
    assert np.linalg.norm(still[-1, 0, :2] - still[0, 0, :2]) < 0.5 * way


def test_the_camera_says_how_it_turned() -> None:
    true = walker((-1.5, 5.0), (1.5, 5.0), 3.0)
    pan = np.arctan2(true[:, 0, 0], true[:, 0, 1])
    motion, steps = panned(true, pan)
    camera = room.build([motion], SIZE, steps=steps).camera
    assert camera.moves
    assert camera.rotation.shape == (len(true), 3, 3)
    ahead = camera.rotation[:, 2]
    turned = np.degrees(np.arccos(np.clip(ahead[0] @ ahead[-1], -1, 1)))
    assert turned == pytest.approx(np.degrees(pan[-1] - pan[0]), rel=0.25)
    assert "turned" in camera.how


def test_a_lens_that_the_background_shows_is_believed() -> None:
    true = walker((-1.5, 5.0), (1.5, 5.0), 3.0)
    pan = np.arctan2(true[:, 0, 0], true[:, 0, 1])
    motion, steps = panned(true, pan, view=75.0)
    longer = np.log(focal_length(SIZE, 75.0) / focal_length(SIZE, 55.0))
    shown = replace(steps, lens=np.tile([longer, 0.05**-2], (len(true), 1)))
    plain, told = (room.build([motion], SIZE, steps=one).camera for one in (steps, shown))
    assert told.field_of_view == pytest.approx(75.0, abs=3.0)
    assert told.uncertainty["field_of_view"] < 0.5 * plain.uncertainty["field_of_view"]
    given = Given(focal=focal_length(SIZE, 60.0))
    assert room.build([motion], SIZE, given, steps=shown).camera.field_of_view == pytest.approx(60)


def test_after_a_cut_there_is_another_camera_and_another_room() -> None:
    """The same walk, filmed level and then from 30 degrees above."""
    true = walker((-1.5, 5.0), (1.5, 5.0), 2.5)
    parts = [film(true, tilt, height=high) for tilt, high in ((2.0, 1.5), (30.0, 4.5))]
    xy = np.concatenate([part.track.xy for part in parts])
    pose = np.concatenate([part.pose3d for part in parts])
    track = Track(1, np.arange(len(xy)), xy, np.full(xy.shape[:2], 0.9))
    motion = Motion(track, pose, FPS, "made", np.zeros(len(xy), bool))
    nothing = np.zeros(len(xy))
    steps = CameraSteps(np.zeros((len(xy), 2)), nothing, nothing, cuts=(len(true),))
    found = room.build([motion], SIZE, steps=steps)
    assert found.camera.rotation.shape == (len(xy), 3, 3)
    assert found.camera.at(0).tilt == pytest.approx(2, abs=4)
    assert found.camera.at(len(xy) - 1).tilt == pytest.approx(30, abs=4)
    for rows in (slice(0, len(true)), slice(len(true), None)):
        way = found.worlds[0][rows][-1, 0] - found.worlds[0][rows][0, 0]
        assert np.linalg.norm(way[:2]) == pytest.approx(3, rel=0.2)
        assert abs(way[2]) < 0.1
    assert "2 cameras" in found.how
