"""Virtual cameras: any side, height, roll, lens and distance, with people anywhere in view."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import sometimes, uniform
from poselift.lifter.data.body import axis_angle
from poselift.skeleton import COCO17, H36M17

#: The field of view along the picture's longer side that is assumed where none is given, degrees.
ASSUMED_FOV = 55.0
#: The height of a standing person, metres: from head to toe, as the picture shows them.
_STANDING = 1.7
#: Nobody films from nearer than this.
_NEAREST, _FARTHEST = 1.4, 14.0


@dataclass(frozen=True)
class Views:
    """One camera a window.

    Attributes:
        turn: (B, 3, 3) world to camera.
        placed: (B, 3) where the person's middle is in camera space, metres.
        fov: (B,) field of view along the picture's longer side, radians.
        frame: (B, 2) half of the picture's width and height at focal length 1.
        follows: (B,) by which share of the person's way the camera goes along; 0 stands still.
        drift: (B, 3) metres that it goes of its own, in world axes, in half a window.
    """

    turn: Tensor
    placed: Tensor
    fov: Tensor
    frame: Tensor
    follows: Tensor | None = None
    drift: Tensor | None = None


class CameraSource(Protocol):
    """Where cameras come from."""

    def views(self, batch: int, rng: Generator) -> Views:
        """`batch` random cameras."""
        ...


@dataclass(frozen=True)
class Filmed:
    """People as their cameras see them, in camera space (x right, y down, z away, metres).

    Attributes:
        joints: (B, T, 17, 3).
        points: (B, T, 17, 3) the COCO points of the same people.
        way: (B, T, 3) the pelvis, as a camera that neither shakes nor goes along would see it.
        up: (B, T, 3) unit vector against gravity.
        fov, frame: as in `Views`.
    """

    joints: Tensor
    points: Tensor
    way: Tensor
    up: Tensor
    fov: Tensor
    frame: Tensor

    def mirrored(self, chosen: Tensor) -> Filmed:
        """Left and right exchanged for the windows whose `chosen` (B,) is above 0."""
        flip = torch.tensor([-1.0, 1.0, 1.0])
        mask = (chosen > 0)[:, None, None]
        joints = self.joints[:, :, list(H36M17.mirror)] * flip
        points = self.points[:, :, list(COCO17.mirror)] * flip
        return Filmed(
            torch.where(mask[..., None], joints, self.joints),
            torch.where(mask[..., None], points, self.points),
            torch.where(mask, self.way * flip, self.way),
            torch.where(mask, self.up * flip, self.up),
            self.fov,
            self.frame,
        )


@dataclass(frozen=True)
class Cameras:
    """Cameras of every kind, evenly; angles in degrees.

    Attributes:
        elevation: how far the camera looks down; below 0 it looks up.
        roll: turn about the optical axis, (least, most), either way.
        level: share of the cameras that are held level to some 4 degrees, whatever `roll` says.
        fov: field of view along the picture's longer side.
        share: how much of the picture's height a standing person takes, (least, most).
        off: how far from the middle people are, as shares of the way to where they touch the
            picture's border.
        cut: chance that the picture's border cuts the person off: anywhere, or filmed so close
            that the legs are out of the picture.
        follows: chance that the camera is carried along with the person.
    """

    elevation: tuple[float, float] = (-20.0, 60.0)
    roll: tuple[float, float] = (0.0, 30.0)
    level: float = 0.5
    fov: tuple[float, float] = (30.0, 100.0)
    share: tuple[float, float] = (0.2, 0.95)
    off: tuple[float, float] = (0.0, 1.0)
    cut: float = 0.15
    follows: float = 0.3

    def views(self, batch: int, rng: Generator) -> Views:
        """`batch` random cameras."""
        elevation = torch.deg2rad(uniform((batch,), *self.elevation, rng))
        straight = sometimes(batch, self.level, rng)
        shaky = 4 * torch.randn((batch,), generator=rng)
        askew = uniform((batch,), *self.roll, rng) * (2 * sometimes(batch, 0.5, rng) - 1)
        roll = torch.where(straight > 0, shaky, askew)
        turn = looking(uniform((batch,), 0, 2 * math.pi, rng), elevation, torch.deg2rad(roll))
        fov = torch.deg2rad(uniform((batch,), *self.fov, rng))
        frame = _pictures(fov, rng)
        places = self._places(frame, rng)
        carried = sometimes(batch, self.follows, rng)
        follows = carried * uniform((batch,), 0.3, 1.1, rng)
        drift = carried[:, None] * torch.randn((batch, 3), generator=rng)
        return Views(turn, places, fov, frame, follows, drift * torch.tensor([0.2, 0.2, 0.05]))

    def _places(self, frame: Tensor, rng: Generator) -> Tensor:
        """(B, 3) where the person's middle is."""
        batch = len(frame)
        share = uniform((batch,), *self.share, rng)
        distance = (_STANDING / (2 * frame[:, 1] * share)).clamp(_NEAREST, _FARTHEST)
        half = torch.stack([0.25 / distance, 0.5 * _STANDING / distance], -1)
        free = (frame - half).clamp_min(0)  # the way from the middle to touching the border
        way = torch.rand((batch, 2), generator=rng) * 2 - 1
        way = way / way.abs().amax(-1, keepdim=True).clamp_min(1e-6)
        whole = free * way * uniform((batch, 1), *self.off, rng)
        # Cut off: the middle is anywhere in the picture, or below it as at a desk.
        anywhere = frame * (torch.rand((batch, 2), generator=rng) * 2 - 1)
        close = sometimes(batch, 0.6, rng)
        near = (0.55 * distance * uniform((batch,), 0.6, 1.4, rng)).clamp_min(0.9)
        below = torch.stack(
            [
                0.5 * frame[:, 0] * (torch.rand((batch,), generator=rng) * 2 - 1),
                frame[:, 1] - uniform((batch,), -0.15, 0.45, rng) / near,
            ],
            -1,
        )
        cut = sometimes(batch, self.cut, rng)
        distance = torch.where((cut * close) > 0, near, distance)
        beyond = torch.where(close[:, None] > 0, below, anywhere)
        xy = torch.where(cut[:, None] > 0, beyond, whole)
        return torch.stack([xy[:, 0], xy[:, 1], torch.ones(batch)], -1) * distance[:, None]


@dataclass(frozen=True)
class UsualCameras:
    """Cameras as people mostly hold them: near level, people in the picture.

    Our validation is filmed by these, and has been from the first lifter on.
    """

    def views(self, batch: int, rng: Generator) -> Views:
        """`batch` random cameras."""
        azimuth = uniform((batch,), 0, 2 * math.pi, rng)
        low = sometimes(batch, 0.6, rng)  # most cameras are near the level of the person
        level = math.radians(6) * torch.randn((batch,), generator=rng) + math.radians(4)
        wide = uniform((batch,), math.radians(-20), math.radians(50), rng)
        elevation = low * level + (1 - low) * wide
        tilted = 1 + 3 * sometimes(batch, 0.1, rng)
        roll = math.radians(3) * torch.randn((batch,), generator=rng) * tilted
        turn = looking(azimuth, elevation, roll)
        tall = torch.tan(uniform((batch,), math.radians(20), math.radians(62), rng) / 2)
        aspect = torch.where(torch.rand((batch,), generator=rng) < 0.25, 0.6, 1.6)
        share = uniform((batch,), 0.2, 0.95, rng)  # of the picture's height
        distance = (1.7 / (2 * tall * share)).clamp(1.7, 12.0)
        free = 1 - 0.85 / (tall * distance).clamp_min(0.85)
        x = uniform((batch,), -0.85, 0.85, rng) * tall * aspect * sometimes(batch, 0.7, rng)
        y = uniform((batch,), -1, 1, rng) * tall * free
        placed = torch.stack([x * distance, y * distance, distance], -1)
        frame = torch.stack([tall * aspect, tall], -1)
        return Views(turn, placed, 2 * torch.atan(frame.amax(-1)), frame)


USUAL = UsualCameras()


def film(joints: Tensor, points: Tensor, rng: Generator, cameras: CameraSource = USUAL) -> Filmed:
    """People seen by one random camera a window.

    `joints` (B, T, 17, 3) and their COCO `points` (B, T, 17, 3) are in world space, z up.
    """
    batch, frames = joints.shape[:2]
    views = cameras.views(batch, rng)
    centre = joints[:, :, 0].mean(dim=1)[:, None, None]
    goes = _goes_along(joints[:, :, 0], views)[:, :, None]
    placed = views.placed[:, None, None]
    shake = _shake(batch, frames, rng)
    turn = views.turn[:, None]

    def still(world: Tensor) -> Tensor:
        return (world - centre) @ turn.transpose(-1, -2) + placed

    seen, faces = (still(world - goes) @ shake.transpose(-1, -2) for world in (joints, points))
    up = (shake @ turn)[..., 2]
    return Filmed(seen, faces, still(joints[:, :, :1])[:, :, 0], up, views.fov, views.frame)


def _goes_along(roots: Tensor, views: Views) -> Tensor:
    """(B, T, 3) where cameras are that go along with people whose pelvises are at `roots`."""
    if views.follows is None or views.drift is None:
        return torch.zeros_like(roots)
    time = torch.linspace(-1, 1, roots.shape[1])
    bends = torch.stack([time, time.square() - time.square().mean()], -1)
    # The person's way without steps and bobs: a line that bends once.
    way = bends @ (torch.linalg.pinv(bends) @ (roots - roots.mean(1, keepdim=True)))
    along = views.follows[:, None, None] * way * torch.tensor([1.0, 1.0, 0.3])
    return along + views.drift[:, None] * time[:, None]


def project(points: Tensor) -> Tensor:
    """Camera space (..., 3) to the picture plane (..., 2) at focal length 1."""
    return points[..., :2] / points[..., 2:].clamp_min(0.25)


def assumed_fov(fov: Tensor, known: float, rng: Generator) -> Tensor:
    """(B,) what the run time takes for these fields of view: the true one with chance `known`."""
    told = sometimes(len(fov), known, rng) > 0
    return torch.where(told, fov, torch.full_like(fov, math.radians(ASSUMED_FOV)))


def looking(azimuth: Tensor, elevation: Tensor, roll: Tensor) -> Tensor:
    """(B, 3, 3) world to camera, from angles (B,) in radians; a raised camera looks down."""
    zeros = torch.zeros_like(azimuth)
    away = torch.stack(
        [azimuth.cos() * elevation.cos(), azimuth.sin() * elevation.cos(), -elevation.sin()], -1
    )
    right = torch.stack([azimuth.sin(), -azimuth.cos(), zeros], -1)
    down = torch.linalg.cross(away, right)
    axes = torch.stack([right, down, away], dim=1)
    return axis_angle(torch.stack([zeros, zeros, roll], -1)) @ axes


def _pictures(fov: Tensor, rng: Generator) -> Tensor:
    """(B, 2) half widths and heights: mostly 16:9, some 4:3 and square, a third upright."""
    batch = len(fov)
    shapes = torch.tensor([9 / 16, 9 / 16, 9 / 16, 3 / 4, 1.0])
    ratio = shapes[torch.randint(len(shapes), (batch,), generator=rng)]
    longer = torch.tan(fov / 2)
    upright = sometimes(batch, 0.33, rng) > 0
    return torch.stack(
        [
            torch.where(upright, longer * ratio, longer),
            torch.where(upright, longer, longer * ratio),
        ],
        -1,
    )


def _shake(batch: int, frames: int, rng: Generator) -> Tensor:
    """(B, T, 3, 3): a hand-held camera's or a panning camera's small turns, for some."""
    held = sometimes(batch, 0.25, rng) * math.radians(2.5)
    speed = torch.randn((batch, 1, 3), generator=rng)
    swing = torch.randn((batch, 1, 3), generator=rng)
    time = torch.linspace(-1, 1, frames)[None, :, None]
    angles = held[:, None, None] * (speed * time + 0.3 * swing * torch.sin(4 * time))
    return axis_angle(angles * torch.tensor([0.5, 1.0, 0.3]))
