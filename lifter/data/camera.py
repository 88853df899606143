"""Virtual cameras: any side, height, roll, lens and distance, with people off the middle."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import sometimes, uniform
from poselift.lifter.data.body import axis_angle


def film(joints: Tensor, points: Tensor, rng: Generator) -> tuple[Tensor, Tensor]:
    """Both seen by one random camera a window.

    `joints` (B, T, 17, 3) and `points` (B, T, K, 3) are in world space, z up. Returns them in
    camera space (x right, y down, z away, metres from the camera).
    """
    batch = joints.shape[0]
    turn = _orientation(batch, rng)  # (B, 3, 3) world to camera
    centre = joints[:, :, 0].mean(dim=1)[:, None, None]
    placed = _position(batch, rng)[:, None, None]
    shake = _shake(batch, joints.shape[1], rng)

    def seen(world: Tensor) -> Tensor:
        still = (world - centre) @ turn[:, None].transpose(-1, -2) + placed
        return still @ shake.transpose(-1, -2)

    return seen(joints), seen(points)


def project(points: Tensor) -> Tensor:
    """Camera space (..., 3) to the picture plane (..., 2) at focal length 1."""
    return points[..., :2] / points[..., 2:].clamp_min(0.25)


def _orientation(batch: int, rng: Generator) -> Tensor:
    azimuth = uniform((batch,), 0, 2 * math.pi, rng)
    low = sometimes(batch, 0.6, rng)  # most cameras are near the level of the person
    level = math.radians(6) * torch.randn((batch,), generator=rng) + math.radians(4)
    wide = uniform((batch,), math.radians(-20), math.radians(50), rng)
    elevation = low * level + (1 - low) * wide
    tilted = 1 + 3 * sometimes(batch, 0.1, rng)
    roll = math.radians(3) * torch.randn((batch,), generator=rng) * tilted
    away = torch.stack(
        [
            azimuth.cos() * elevation.cos(),
            azimuth.sin() * elevation.cos(),
            -elevation.sin(),  # a raised camera looks down
        ],
        -1,
    )
    right = torch.stack([azimuth.sin(), -azimuth.cos(), torch.zeros(batch)], -1)
    down = torch.linalg.cross(away, right)
    axes = torch.stack([right, down, away], dim=1)
    zeros = torch.zeros(batch)
    return axis_angle(torch.stack([zeros, zeros, roll], -1)) @ axes


def _position(batch: int, rng: Generator) -> Tensor:
    """(B, 3) where the person's middle is, in camera space."""
    tall = torch.tan(uniform((batch,), math.radians(20), math.radians(62), rng) / 2)
    aspect = torch.where(torch.rand((batch,), generator=rng) < 0.25, 0.6, 1.6)
    share = uniform((batch,), 0.2, 0.95, rng)  # of the picture's height
    distance = (1.7 / (2 * tall * share)).clamp(1.7, 12.0)
    free = 1 - 0.85 / (tall * distance).clamp_min(0.85)
    x = uniform((batch,), -0.85, 0.85, rng) * tall * aspect * sometimes(batch, 0.7, rng)
    y = uniform((batch,), -1, 1, rng) * tall * free
    return torch.stack([x * distance, y * distance, distance], -1)


def _shake(batch: int, frames: int, rng: Generator) -> Tensor:
    """(B, T, 3, 3): a hand-held camera's or a panning camera's small turns, for some."""
    held = sometimes(batch, 0.25, rng) * math.radians(2.5)
    speed = torch.randn((batch, 1, 3), generator=rng)
    swing = torch.randn((batch, 1, 3), generator=rng)
    time = torch.linspace(-1, 1, frames)[None, :, None]
    angles = held[:, None, None] * (speed * time + 0.3 * swing * torch.sin(4 * time))
    return axis_angle(angles * torch.tensor([0.5, 1.0, 0.3]))
