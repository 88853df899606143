"""Made people before made cameras, for the tests of the scene."""

from __future__ import annotations

import numpy as np

from poselift.scene.camera import up_from, world_from_camera
from poselift.scene.rays import focal_length, turn_to
from poselift.scene.steps import CameraSteps
from poselift.types import Motion, Track

SIZE = (1280, 720)
FPS = 30.0
#: A standing person: x to the left of the person, y ahead, z up; ankles on z = 0.
BODY = np.array(
    [
        [0, 0, 0.84], [-0.1, 0, 0.84], [-0.1, 0.01, 0.42], [-0.1, 0, 0], [0.1, 0, 0.84],
        [0.1, 0.01, 0.42], [0.1, 0, 0], [0, 0, 1.07], [0, 0, 1.33], [0, 0.03, 1.43],
        [0, 0.03, 1.53], [0.17, 0, 1.28], [0.2, 0, 1.0], [0.2, 0.03, 0.75], [-0.17, 0, 1.28],
        [-0.2, 0, 1.0], [-0.2, 0.03, 0.75],
    ]
)  # fmt: skip


def turned(pose: np.ndarray, degrees: float) -> np.ndarray:
    """About the vertical."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return pose @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def walker(
    start: tuple[float, float], end: tuple[float, float], seconds: float = 4.0, fps: float = FPS
) -> np.ndarray:
    """(T, 17, 3): steps of 0.6 s whose standing foot stays where it is to the millimetre."""
    from poselift.scene.bones import reach

    frames = round(seconds * fps)
    way = np.linspace(start, end, frames)
    heading = np.degrees(np.arctan2(end[1] - start[1], end[0] - start[0])) - 90
    pose = np.repeat(turned(BODY, heading)[None], frames, axis=0)
    pose[..., :2] += way[:, None]
    pose[..., 2] -= 0.05  # bent a little, so that the legs reach
    time = np.arange(frames) / fps
    speed = (np.array(end) - start) / seconds
    for side, ankle in enumerate((3, 6)):
        phase = (time / 1.2 + 0.5 * side) % 1.0  # the first half stands, the other swings
        since = np.where(phase < 0.5, phase - 0.25, 0) * 1.2
        swing = np.where(phase >= 0.5, (phase - 0.75) * 2, 0)
        along = np.where(phase < 0.5, -since, 0.3 * np.sin(np.pi * swing / 1.0))
        wanted = pose[:, ankle].copy()
        wanted[:, :2] += along[:, None] * speed
        wanted[:, 2] = np.where(phase < 0.5, 0, 0.1 * np.cos(np.pi * swing / 1.0) ** 2)
        pose = reach(pose, side, wanted)
    return pose


def stander(at: tuple[float, float], heading: float, seconds: float = 3.0) -> np.ndarray:
    """(T, 17, 3) of somebody who stands and moves the arms a little."""
    frames = round(seconds * FPS)
    pose = np.repeat(turned(BODY, heading)[None], frames, axis=0)
    pose[:, [13, 16], 2] += 0.05 * np.sin(np.arange(frames) / 5)[:, None]
    pose[..., :2] += at
    return pose


def film(
    world: np.ndarray,
    tilt: float,
    roll: float = 0.0,
    view: float = 55.0,
    height: float = 2.0,
    number: int = 1,
    noise: float = 0.0,
    fps: float = FPS,
    size: tuple[int, int] = SIZE,
) -> Motion:
    """World poses seen by a camera above the origin that looks along y, lifted perfectly."""
    to_world = world_from_camera(up_from(tilt, roll))
    seen = (world - [0, 0, height]) @ to_world
    assert seen[..., 2].min() > 0.3
    focal = focal_length(size, view)
    xy = seen[..., :2] / seen[..., 2:] * focal + np.array(size) / 2
    pose = (seen - seen[:, :1]) @ turn_to(seen[:, 0])
    assumed = np.full((len(xy), 1), focal_length(size, 55.0))
    rays = np.concatenate([xy[:, 0] - np.array(size) / 2, assumed], axis=1)
    pose = pose @ turn_to(rays).swapaxes(1, 2)
    rng = np.random.default_rng(number)
    xy = xy + noise * rng.standard_normal(xy.shape)
    track = Track(number, np.arange(len(xy)), xy, np.full(xy.shape[:2], 0.9))
    return Motion(track, pose.astype(np.float32), fps, "made", np.zeros(len(xy), bool))


def panned(world: np.ndarray, pan: np.ndarray, view: float = 55.0) -> tuple[Motion, CameraSteps]:
    """Filmed by a camera 1.6 m above the origin that turns right by `pan` radians."""
    focal = focal_length(SIZE, view)
    to_world = world_from_camera(up_from(8, 0))
    seen = []
    for pose, p in zip(world, pan, strict=True):
        c, s = np.cos(p), np.sin(p)
        back = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])  # the room turns left
        seen.append((pose - [0, 0, 1.6]) @ back.T @ to_world)
    points = np.array(seen)
    xy = points[..., :2] / points[..., 2:] * focal + np.array(SIZE) / 2
    pose = (points - points[:, :1]) @ turn_to(points[:, 0])
    ahead = np.full((len(xy), 1), focal_length(SIZE, 55))
    rays = np.concatenate([xy[:, 0] - np.array(SIZE) / 2, ahead], axis=1)
    pose = (pose @ turn_to(rays).swapaxes(1, 2)).astype(np.float32)
    track = Track(1, np.arange(len(xy)), xy, np.full(xy.shape[:2], 0.9))
    # A turn about the vertical, as the tilted camera's own axes have it.
    step = np.diff(pan, prepend=pan[0])
    down = np.stack([-step * focal * np.cos(np.radians(8)), np.zeros(len(step))], axis=1)
    roll = step * np.sin(np.radians(8))
    steps = CameraSteps(down, roll, np.zeros(len(step)))
    return Motion(track, pose, FPS, "made", np.zeros(len(xy), bool)), steps
