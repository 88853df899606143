"""How rare poses are, so that the rare ones are sampled more often."""

from __future__ import annotations

import torch
from torch import Tensor

from poselift.lifter.data.body import Parts, unit

#: Poses are sorted into so many groups, each about its centre, or fewer where there are few.
_GROUPS, _POSES_A_GROUP = 160, 20
#: A group of N frames is sampled N^(1 - this) times as often as one frame: 0 samples every frame
#: alike, 1 every group.
_FAVOUR = 0.4
#: Smaller groups count as this many frames: they may be glitches.
_SMALLEST = 12


def frame_weights(parts: Parts) -> Tensor:
    """(N,) how often each of the poses (N, ...) is sampled, on average 1.

    Groups grow about poses that are as far as possible from all centres so far.
    """
    poses = _directions(parts)
    count = len(poses)
    nearest = torch.zeros(count, dtype=torch.long)
    square = poses.pow(2).sum(-1)
    centre = int((square - 2 * poses @ poses.mean(0)).argmin())  # the most ordinary pose
    distance = torch.full((count,), torch.inf)
    for group in range(max(min(_GROUPS, count // _POSES_A_GROUP), 1)):
        away = square + square[centre] - 2 * poses @ poses[centre]
        closer = away < distance
        distance = torch.where(closer, away, distance)
        nearest[closer] = group
        centre = int(distance.argmax())
    size = torch.bincount(nearest, minlength=_GROUPS).clamp_min(_SMALLEST).float()
    weights = size[nearest] ** -_FAVOUR
    return weights / weights.mean()


def _directions(parts: Parts) -> Tensor:
    """(N, D) directions of limbs and trunk, whichever way the person faces and however large."""
    limbs, arms = unit(parts.legs[:, [1, 2, 4, 5]]), unit(parts.arms[:, [1, 2, 4, 5]])
    gravity = 1.5 * parts.pelvis[:, None, 2]  # where up is for the pelvis
    bones = torch.cat([limbs, unit(parts.trunk), 0.5 * arms, gravity], dim=1)
    return bones.flatten(1)
