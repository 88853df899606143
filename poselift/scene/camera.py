"""`Camera`: how a clip's camera was held, how it saw, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from poselift.scene.rays import field_of_view


@dataclass(frozen=True)
class Camera:
    """A clip's camera in the room: z up, the floor at z = 0.

    A world point X falls on the pixel of `rotation @ (X - position)`: x right, y down, z ahead.

    Attributes:
        size: (width, height) of the picture in pixels.
        rotation: (3, 3), camera from world; (T, 3, 3) where it turns.
        position: (3,) metres; (T, 3) where it moves.
        focal: pixels; (T,) where it zooms.
        centre: (2,) the pixel on the optical axis.
        uncertainty: standard deviations by name: `tilt` and `roll` in degrees, `height` in
            metres, `field_of_view` in degrees; 0 for what was given.
        how: in one line, what was believed and why.
    """

    size: tuple[int, int]
    rotation: np.ndarray
    position: np.ndarray
    focal: np.ndarray
    centre: tuple[float, float]
    uncertainty: Mapping[str, float] = field(default_factory=dict)
    how: str = ""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Camera:
        """The camera that `as_dict` described."""
        width, height = values["size"]
        u, v = values["centre"]
        return cls(
            (int(width), int(height)), np.array(values["rotation"], np.float64),
            np.array(values["position"], np.float64), np.array(values["focal"], np.float64),
            (float(u), float(v)), dict(values["uncertainty"]), str(values["how"]),
        )  # fmt: skip

    @property
    def moves(self) -> bool:
        """Whether anything about it changes through the clip."""
        return self.rotation.ndim == 3

    def at(self, frame: int) -> Camera:
        """The camera of one frame."""
        if not self.moves:
            return self
        frame = min(max(frame, 0), len(self.rotation) - 1)
        return Camera(
            self.size, self.rotation[frame], self.position[frame], self.focal[frame],
            self.centre, self.uncertainty, self.how,
        )  # fmt: skip

    def through(self, frames: int) -> Camera:
        """The same with a row for each of that many frames, as one that moves has."""
        if self.moves:
            return self
        return replace(
            self,
            rotation=np.repeat(self.rotation[None], frames, axis=0),
            position=np.repeat(self.position[None], frames, axis=0),
            focal=np.full(frames, float(self.focal)),
        )

    def project(self, world: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """World points to pixels (..., 2); `frames` (T,) are those of the first axis if it moves.

        >>> camera = Camera((640, 480), np.eye(3)[[0, 2, 1]] * [[1], [-1], [1]], np.zeros(3),
        ...                 np.array(500.0), (320.0, 240.0))
        >>> camera.project(np.array([1.0, 5.0, 0.5])).tolist()
        [420.0, 190.0]
        """
        seen = self.in_camera(world, frames)
        focal = self.focal
        if self.moves:
            chosen = self.focal if frames is None else self.focal[frames]
            focal = chosen.reshape(-1, *(1,) * (world.ndim - 1))
        depth = np.maximum(seen[..., 2:], 1e-3)
        return np.asarray(seen[..., :2] / depth * focal + np.asarray(self.centre))

    def in_camera(self, world: np.ndarray, frames: np.ndarray | None = None) -> np.ndarray:
        """World points in the camera's axes."""
        if not self.moves:
            return np.asarray((world - self.position) @ self.rotation.T)
        turn = self.rotation if frames is None else self.rotation[frames]
        place = self.position if frames is None else self.position[frames]
        lead = (1,) * (world.ndim - 2)
        shifted = world - place.reshape(-1, *lead, 3)
        return np.asarray(shifted @ turn.swapaxes(1, 2).reshape(-1, *lead[:-1], 3, 3))

    @property
    def tilt(self) -> float:
        """Degrees that it looks down, in the first frame."""
        return tilt_and_roll(self.at(0).rotation[:, 2])[0]

    @property
    def roll(self) -> float:
        """Degrees that it is turned about its own axis, clockwise, in the first frame."""
        return tilt_and_roll(self.at(0).rotation[:, 2])[1]

    @property
    def field_of_view(self) -> float:
        """Degrees across the longer side, in the first frame."""
        return field_of_view(self.size, float(self.at(0).focal))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "size": list(self.size),
            "rotation": np.round(self.rotation, 6).tolist(),
            "position": np.round(self.position, 4).tolist(),
            "focal": np.round(self.focal, 2).tolist(),
            "centre": [round(value, 2) for value in self.centre],
            "tilt": round(self.tilt, 2),
            "roll": round(self.roll, 2),
            "field_of_view": round(self.field_of_view, 2),
            "uncertainty": {name: round(v, 3) for name, v in self.uncertainty.items()},
            "how": self.how,
        }


def tilt_and_roll(up: np.ndarray) -> tuple[float, float]:
    """Degrees that a camera looks down and is rolled, from the world's up in its axes.

    >>> tilt_and_roll(np.array([0.0, -1.0, 0.0]))
    (0.0, 0.0)
    """
    up = np.asarray(up, np.float64)
    tilt = float(np.degrees(np.arcsin(np.clip(-up[2] / np.linalg.norm(up), -1, 1))))
    return tilt + 0.0, float(np.degrees(np.arctan2(up[0], -up[1]))) + 0.0


def up_from(tilt: float, roll: float) -> np.ndarray:
    """The world's up in the axes of a camera, the inverse of `tilt_and_roll`."""
    t, r = np.radians((tilt, roll))
    return np.array([np.cos(t) * np.sin(r), -np.cos(t) * np.cos(r), -np.sin(t)])


def world_from_camera(up: np.ndarray) -> np.ndarray:
    """The (3, 3) rotation that makes `up` z and what lies ahead y.

    For a camera that looks straight down, the picture's upper edge is ahead.
    """
    z = np.asarray(up, np.float64) / np.linalg.norm(up)
    ahead = np.array([0.0, 0, 1])
    if abs(z[2]) > 0.98:
        ahead = np.array([0.0, -1, 0])
    y = ahead - (ahead @ z) * z
    y /= np.linalg.norm(y)
    return np.stack([np.cross(y, z), y, z])
