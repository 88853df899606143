"""Toes put into the room, against feet that are known exactly."""

import numpy as np
import pytest

from poselift.scene.camera import Camera, up_from, world_from_camera
from poselift.scene.soles import SIDES, toes_of
from poselift.skeleton import FEET4, H36M17
from poselift.types import Extra
from tests.export.conftest import walker

_LENGTH = 0.205
_SIZE = (1280, 720)


def camera_at(tilt: float) -> Camera:
    """4.5 m in front of somebody at the origin, looking down by `tilt` degrees."""
    t = np.radians(tilt)
    rotation = world_from_camera(up_from(tilt, 0)).T
    position = np.array([0, -4.5 * np.cos(t), 0.9 + 4.5 * np.sin(t)])
    return Camera(_SIZE, rotation, position, np.array(1100.0), (640.0, 360.0))


def true_feet(pose: np.ndarray) -> dict[str, np.ndarray]:
    """Unit vectors from the ankles: at a changing angle to the shin, to where the hips face."""
    facing = np.cross(pose[:, 4] - pose[:, 1], [0, 0, 1.0])
    out = {}
    for side in SIDES:
        knee, ankle = (pose[:, H36M17.index(f"{side} {name}")] for name in ("knee", "ankle"))
        shin = (ankle - knee) / np.linalg.norm(ankle - knee, axis=1, keepdims=True)
        front = facing - (facing * shin).sum(axis=1, keepdims=True) * shin
        front /= np.linalg.norm(front, axis=1, keepdims=True)
        bend = np.radians(70 + 15 * np.sin(np.arange(len(pose)) / 6))[:, None]
        out[side] = np.cos(bend) * shin + np.sin(bend) * front
    return out


def seen_by(camera: Camera, pose: np.ndarray, noise: float = 0.0) -> tuple[np.ndarray, Extra]:
    rng = np.random.default_rng(0)
    xy = camera.project(pose)
    soles = np.zeros((len(pose), 4, 2))
    for side, foot in true_feet(pose).items():
        toe = pose[:, H36M17.index(f"{side} ankle")] + _LENGTH * foot
        soles[:, FEET4.index(f"{side} toe")] = camera.project(toe)
    xy, soles = (points + noise * rng.standard_normal(points.shape) for points in (xy, soles))
    return xy, Extra(FEET4.names, soles, np.full((len(pose), 4), 0.9))


def degrees_off(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip((found * true).sum(axis=1), -1, 1)))


@pytest.mark.parametrize("tilt", [0, 25])
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_feet_point_where_they_do(tilt: float, noise: float) -> None:
    off = []
    camera = camera_at(tilt)
    for heading in np.linspace(0, 2 * np.pi, 8, endpoint=False):
        pose = walker(60, heading=heading)
        pose[..., :2] -= pose[:, :1, :2].mean(axis=0)
        xy, extra = seen_by(camera, pose, noise)
        toes = toes_of(pose, xy, extra, camera, 30.0)
        assert toes is not None
        assert toes.length == pytest.approx(_LENGTH, abs=0.04)
        off += [degrees_off(toes.along[side], foot) for side, foot in true_feet(pose).items()]
    assert np.mean(off) < 13
    assert np.median(off) < 9


def test_a_camera_that_pans_sees_the_same_feet() -> None:
    pose = walker(40, heading=1.0)
    still = camera_at(10)
    xy, extra = seen_by(still, pose)
    plain = toes_of(pose, xy, extra, still, 30.0)
    angle = np.linspace(0, 0.3, 40)
    turn = np.zeros((40, 3, 3))
    turn[:, 1, 1] = 1
    turn[:, 0, 0] = turn[:, 2, 2] = np.cos(angle)
    turn[:, 0, 2], turn[:, 2, 0] = np.sin(angle), -np.sin(angle)
    rows = still.through(40)
    panning = Camera(_SIZE, turn @ rows.rotation, rows.position, rows.focal, still.centre)
    frames = np.arange(40)
    xy = panning.project(pose, frames)
    for side, foot in true_feet(pose).items():
        toe = pose[:, H36M17.index(f"{side} ankle")] + _LENGTH * foot
        at = panning.project(toe[:, None], frames)[:, 0]
        extra.xy[:, FEET4.index(f"{side} toe")] = at
    panned = toes_of(pose, xy, extra, panning, 30.0)
    assert plain is not None
    assert panned is not None
    for side in SIDES:
        assert np.median(degrees_off(panned.along[side], plain.along[side])) < 2


def test_what_was_not_seen_is_not_told() -> None:
    camera, pose = camera_at(10), walker(40)
    xy, extra = seen_by(camera, pose)
    left = FEET4.index("left toe")
    extra.score[10:20, left] = 0
    toes = toes_of(pose, xy, extra, camera, 30.0)
    assert toes is not None
    assert np.isnan(toes.along["left"][10:20]).all()
    assert np.isfinite(np.delete(toes.along["left"], np.s_[10:20], axis=0)).all()
    assert np.isfinite(toes.along["right"]).all()
    extra.score[:] = 0
    assert toes_of(pose, xy, extra, camera, 30.0) is None
    absent = np.full_like(pose, np.nan)
    assert toes_of(absent, xy, extra, camera, 30.0) is None
