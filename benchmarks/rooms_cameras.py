"""The cameras of made rooms: still, panning, zooming, in a hand or carried along; known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

SIZE = (1280, 720)
FPS = 30.0
KINDS = ("still", "panning", "zooming", "hand-held", "carried")
_NEAREST = 1.2  # metres: nobody films from where somebody walks into the camera


@dataclass(frozen=True)
class MadeCamera:
    """The camera of a made room through its T frames.

    Attributes:
        rotation: (T, 3, 3), camera from world.
        position: (T, 3) world metres.
        focal: (T,) pixels.
        tilt, roll: degrees in the first frame.
    """

    rotation: np.ndarray
    position: np.ndarray
    focal: np.ndarray
    tilt: float
    roll: float

    def seen(self, world: np.ndarray) -> np.ndarray:
        """World (T, ..., 3) to camera space; the first axis is that of the frames."""
        shape = (-1,) + (1,) * (world.ndim - 2) + (3,)
        turn = self.rotation.reshape(-1, *(1,) * (world.ndim - 3), 3, 3)
        return (world - self.position.reshape(shape)) @ turn.swapaxes(-1, -2)

    @property
    def up(self) -> np.ndarray:
        """(T, 3) the world's up in camera space."""
        return self.rotation[:, :, 2]


def random_camera(worlds: np.ndarray, kind: str, rng: np.random.Generator) -> MadeCamera | None:
    """A random camera that sees the people (P, T, 17, 3); None if this one does not.

    Where it pans, the people's `worlds` are turned with it.
    """
    frames = worlds.shape[1]
    lens = rng.uniform(30, 90)
    tilt = rng.uniform(0, 20) if rng.random() < 0.5 else rng.uniform(0, 60)
    roll = rng.normal(0, 2) if rng.random() < 0.5 else rng.uniform(-20, 20)
    focal = SIZE[0] / 2 / np.tan(np.radians(lens) / 2)
    share = rng.uniform(0.22, 0.7)  # of the picture's height that somebody takes
    distance = float(np.clip(1.7 * focal / (share * SIZE[1]), 2.2, 14))
    target = np.append(worlds[:, :, 0, :2].mean(axis=(0, 1)), 0.9) + rng.normal(0, 0.15, 3)
    azimuth = rng.uniform(0, 2 * np.pi)
    first = looking(azimuth, tilt, roll)
    position = target - first[2] * distance
    if position[2] < 0.4:
        return None
    rotation = np.repeat(first[None], frames, axis=0)
    focals, places = np.full(frames, focal), np.repeat(position[None], frames, axis=0)
    if kind == "panning":
        rotation = _following(worlds, position, azimuth, tilt, roll, rng)
    elif kind == "zooming":
        focals = focal * np.exp(np.linspace(0, rng.choice([-1, 1]) * rng.uniform(0.2, 0.6), frames))
    elif kind in ("hand-held", "carried"):
        rotation, places = _held(azimuth, tilt, roll, position, frames, rng)
    if kind == "carried":
        places = places + _along_with(worlds[0], rng)
    camera = MadeCamera(rotation, places, focals, float(tilt), float(roll))
    seen = np.stack([camera.seen(world) for world in worlds])
    if seen[..., 2].min() < _NEAREST:
        return None
    pixels = seen[..., :2] / seen[..., 2:] * focals[:, None, None] + np.array(SIZE) / 2
    inside = ((pixels > 0) & (pixels < np.array(SIZE))).all(axis=-1)
    return camera if inside.mean() > 0.97 and inside[:, 0].all() else None


def looking(azimuth: float, tilt: float, roll: float) -> np.ndarray:
    """(3, 3) camera from world: rows right, down, ahead; azimuth in radians, the rest degrees."""
    t, r = np.radians(tilt), np.radians(roll)
    ahead = np.array([np.cos(azimuth) * np.cos(t), np.sin(azimuth) * np.cos(t), -np.sin(t)])
    right = np.array([np.sin(azimuth), -np.cos(azimuth), 0.0])
    level = np.stack([right, np.cross(ahead, right), ahead])
    return np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]) @ level


def _following(
    worlds: np.ndarray,
    position: np.ndarray,
    azimuth: float,
    tilt: float,
    roll: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """(T, 3, 3): the camera sweeps up to 60 degrees while its first person crosses the room."""
    frames = worlds.shape[1]
    ease = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0, 1, frames))
    swing = np.radians(rng.uniform(20, 60)) * rng.choice([-1, 1])
    # The people walk round with the camera's aim: without that nobody would stay in the picture.
    turn = azimuth + swing * (ease - 0.5)
    for world in worlds:
        c, s = np.cos(turn - azimuth), np.sin(turn - azimuth)
        flat = world[..., :2] - position[:2]
        world[..., 0] = position[0] + c[:, None] * flat[..., 0] - s[:, None] * flat[..., 1]
        world[..., 1] = position[1] + s[:, None] * flat[..., 0] + c[:, None] * flat[..., 1]
    dip = tilt + rng.uniform(-4, 4) * ease
    return np.stack([looking(a, t, roll) for a, t in zip(turn, dip, strict=True)])


def _along_with(world: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(T, 3): most of the way that a person (T, 17, 3) goes, as somebody who films them does."""
    way = gaussian_filter1d(world[:, 0] - world[0, 0], 0.6 * FPS, axis=0, mode="nearest")
    return np.asarray((way - way[0]) * [1, 1, 0] * rng.uniform(0.7, 1.0))


def _held(
    azimuth: float,
    tilt: float,
    roll: float,
    position: np.ndarray,
    frames: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """A hand's shake: up to 2 degrees and 3 cm, with swings of half a second and longer."""
    time = np.arange(frames) / FPS

    def swing(size: float) -> np.ndarray:
        waves = [
            rng.normal() * np.sin(2 * np.pi * (rate * time + rng.random()))
            for rate in (0.3, 0.7, 1.4)
        ]
        return size * np.sum(waves, axis=0) / 2

    angles = np.stack([swing(np.radians(1.5)), swing(1.2), swing(0.8)], axis=1)
    turns = [looking(azimuth + a, tilt + t, roll + r) for a, t, r in angles]
    shift = np.stack([swing(0.02), swing(0.02), swing(0.015)], axis=1)
    return np.stack(turns), position + shift
