"""Motion made up for tests: people who walk, wave, bow and turn, from sines."""

from __future__ import annotations

import numpy as np
import torch

from poselift.lifter.data.body import Parts, axis_angle, put_together
from poselift.lifter.data.mocap import Clip

_LEG = [[0.0, 0.09, 0.0], [0.0, 0.0, -0.43], [0.0, 0.0, -0.43]]
_ARM = [[0.0, 0.19, -0.04], [0.0, 0.0, -0.28], [0.0, 0.0, -0.24]]


def motion(frames: int, seed: int, fps: float = 60.0) -> np.ndarray:
    """(N, 17, 3) metres, z up."""
    rng = np.random.default_rng(seed)
    time = torch.arange(frames) / fps

    def swing(size: float, middle: float = 0.0) -> torch.Tensor:
        rate, phase = rng.uniform(0.4, 1.6), rng.uniform(0, 6.28)
        return middle + size * rng.uniform(0.3, 1.0) * torch.sin(6.28 * rate * time + phase)

    def turn(axis: int, angle: torch.Tensor) -> torch.Tensor:
        vector = torch.zeros(frames, 3)
        vector[:, axis] = angle
        return axis_angle(vector)

    def limb(bones: list[list[float]], side: float, upper: torch.Tensor, lower: torch.Tensor):
        own = torch.tensor(bones) * torch.tensor([1.0, side, 1.0])
        out = own.expand(frames, 3, 3).clone()
        out[:, 1] = upper @ own[1]
        out[:, 2] = upper @ lower @ own[2]
        return out

    legs, arms = [], []
    for side in (-1.0, 1.0):
        thigh = turn(1, swing(0.6, -0.2)) @ turn(0, swing(0.2))
        legs.append(limb(_LEG, side, thigh, turn(1, swing(0.5, 0.6).abs())))
        arm = turn(1, swing(1.2, -0.6)) @ turn(0, swing(0.7, 0.5 * side))
        arms.append(limb(_ARM, side, arm, turn(1, -swing(0.8, 0.9).abs())))
    heading = turn(2, swing(1.5, rng.uniform(0, 6.28)))
    bow = turn(1, swing(0.3))
    parts = Parts(
        root=torch.stack([swing(1.0), swing(1.0), swing(0.1, 0.9)], -1),
        pelvis=heading @ turn(1, swing(0.2)),
        chest=bow,
        legs=torch.cat(legs, 1),
        trunk=torch.tensor([[0.0, 0.0, 0.22], [0.0, 0.0, 0.3]]).expand(frames, 2, 3),
        head=torch.tensor([[0.01, 0.0, 0.09], [0.02, 0.0, 0.1]]).expand(frames, 2, 3),
        arms=torch.cat(arms, 1),
    )  # fmt: skip
    return put_together(parts).numpy().astype(np.float32)


def clips(count: int, frames: int = 120, first_seed: int = 0) -> list[Clip]:
    """Clips of different people."""
    return [
        Clip(f"made/up/{i}", motion(frames, first_seed + i), 60.0, f"action {i % 3}")
        for i in range(count)
    ]
