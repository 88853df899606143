"""A camera that is carried along: people tell by how they walk where it goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poselift.scene import room
from poselift.scene.camera import up_from, world_from_camera
from poselift.scene.rays import focal_length, turn_to
from poselift.scene.steps import CameraSteps
from poselift.types import Motion
from tests.scene.made import FPS, SIZE, film, stander, walker

TILT = 12.0


def filmed_walking(world: np.ndarray, goes: np.ndarray, number: int = 1) -> Motion:
    """Somebody filmed by a camera that goes (T, 3), with what a lifter would say of their speed."""
    motion = film(world - goes[:, None], TILT, number=number)
    speed = np.gradient(world[:, 0], axis=0) * FPS @ world_from_camera(up_from(TILT, 0))
    ahead = np.full((len(world), 1), focal_length(SIZE, 55.0))
    rays = np.concatenate([motion.track.xy[:, 0] - np.array(SIZE) / 2, ahead], axis=1)
    seen = (world - goes[:, None] - [0, 0, 2.0]) @ world_from_camera(up_from(TILT, 0))
    along = np.einsum("tba,tb->ta", turn_to(seen[:, 0]), speed)
    velocity = np.einsum("tab,tb->ta", turn_to(rays), along)
    said = np.concatenate([velocity, np.full((len(world), 1), 0.1)], axis=1)
    steps = np.linalg.norm(np.gradient(world[:, [3, 6]], axis=0), axis=-1) * FPS
    planted = np.where(steps < 0.1, 0.9, 0.1).astype(np.float32)
    return replace(motion, velocity=said.astype(np.float32), planted=planted)


def carried(frames: int, **more: object) -> CameraSteps:
    """A camera that does not turn, but goes somewhere."""
    nothing = np.zeros(frames)
    return CameraSteps(np.zeros((frames, 2)), nothing, nothing, carried=True, **more)  # type: ignore


def gone(path: np.ndarray) -> float:
    return float(np.linalg.norm((path[-1] - path[0])[:2]))


@pytest.mark.parametrize("to", [(3.0, 5.0), (0.0, 8.5), (-2.0, 7.0)])
def test_who_is_filmed_walking_along_walks_and_the_camera_with_them(
    to: tuple[float, float],
) -> None:
    world = walker((0.0, 5.0), to)
    goes = world[:, :1].mean(axis=1) * [1, 1, 0] - [0, 5.0, 0]
    motion = filmed_walking(world, goes)
    built = room.build([motion], SIZE, steps=carried(len(world)))
    way = gone(world[:, 0])
    assert gone(built.worlds[0][:, 0]) == pytest.approx(way, rel=0.1)
    assert gone(built.camera.position) == pytest.approx(way, rel=0.1)
    assert np.ptp(built.camera.position[:, 2]) < 1e-6
    assert "carried" in built.how
    pixels = built.camera.project(built.worlds[0], np.arange(len(world)))
    assert np.linalg.norm(pixels - motion.track.xy, axis=-1).mean() < 6


def test_who_stands_stands_while_the_camera_goes_past() -> None:
    world = stander((0.0, 6.0), 160.0, 4.0)
    goes = np.linspace([-1.5, 0, 0], [1.5, 0, 0], len(world))
    built = room.build([filmed_walking(world, goes)], SIZE, steps=carried(len(world)))
    # The lens is estimated, and with it the distance to whom the camera passes.
    assert gone(built.worlds[0][:, 0]) < 0.15 * 3
    assert gone(built.camera.position) == pytest.approx(3.0, rel=0.1)


def test_without_anybody_whose_pace_is_known_it_stays_in_its_place() -> None:
    world = walker((0.0, 5.0), (3.0, 5.0))
    goes = world[:, :1].mean(axis=1) * [1, 1, 0] - [0, 5.0, 0]
    motion = replace(filmed_walking(world, goes), velocity=None, planted=None)
    built = room.build([motion], SIZE, steps=carried(len(world)))
    assert gone(np.atleast_2d(built.camera.position)) == 0
    assert gone(built.worlds[0][:, 0]) < 0.5
    assert "carried" in built.how


def test_nobody_there() -> None:
    built = room.build([], SIZE, steps=carried(30))
    assert gone(built.camera.position) == 0


def test_what_looks_like_a_zoom_is_the_way_of_who_carries_it() -> None:
    grown = np.full(60, 0.01)
    steps = CameraSteps(np.zeros((60, 2)), np.zeros(60), grown)
    zooms = steps.moves(1000.0, (640.0, 360.0))
    goes = replace(steps, carried=True).moves(1000.0, (640.0, 360.0))
    assert zooms is not None
    assert goes is not None
    assert zooms.zoom[-1] == pytest.approx(np.exp(0.6))
    assert (goes.zoom == 1).all()
