"""Joints where Human3.6M puts them, from motion capture that puts some elsewhere.

Laboratories agree on knees, ankles, elbows and wrists. Hips, spine, neck and head they place by 2
to 6 cm differently; H36M-17 means Human3.6M's. On a body of the nominal size:

- the hips are 26 mm further out on each side than those of CMU's skeletons;
- the spine is at 0.475 of the way from pelvis to thorax, as its bones of 233 and 257 mm say, and on
  average 20 mm behind that line;
- the neck ("neck/nose") is at 0.56 of the way from thorax to head and 65 mm in front of that line,
  so that its bones are about 128 and 107 mm (121 and 115 in Human3.6M);
- the thorax is the base of the neck and the head its upper end, about the height of the eyes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from poselift.lifter.data.augment import NOMINAL_LENGTH, body_length
from poselift.lifter.data.body import forward_of, frame_of, unit

HIPS_OUT = 0.026
NECK_UP, NECK_FORWARD = 0.56, 0.065
SPINE_UP, SPINE_FORWARD = 0.475, -0.02


def as_human36m(joints: Tensor) -> Tensor:
    """One clip's joints (N, 17, 3) in metres, z up, with Human3.6M's hips, spine and neck."""
    size = body_length(joints).mean() / NOMINAL_LENGTH
    out = joints.clone()
    across = unit(joints[:, 4] - joints[:, 1])
    for hip, side in ((4, 1.0), (1, -1.0)):
        out[:, hip] = joints[:, hip] + side * HIPS_OUT * size * across
    out[:, 0] = (out[:, 1] + out[:, 4]) / 2
    out[:, 7] = _spine(joints, size)
    out[:, 9] = _neck(joints, size)
    return out


def _spine(joints: Tensor, size: Tensor) -> Tensor:
    """Moved along and off the line from pelvis to thorax, by the same amounts all the time."""
    pelvis, spine, thorax = joints[:, 0], joints[:, 7], joints[:, 8]
    length = (thorax - pelvis).norm(dim=-1).mean()
    axes = frame_of(joints[:, 4] - joints[:, 1], thorax - pelvis)  # forward, left, up
    place = ((spine - pelvis)[:, None] @ axes)[:, 0]
    wanted = torch.stack([SPINE_FORWARD * size, torch.zeros_like(size), SPINE_UP * length])
    shift = wanted - place.mean(0)
    return spine + (axes @ shift[:, None])[..., 0]


def _neck(joints: Tensor, size: Tensor) -> Tensor:
    """In front of the line from thorax to head."""
    thorax, head = joints[:, 8], joints[:, 10]
    up = unit(head - thorax)
    left = forward_of(joints)[..., 1]
    left = unit(left - (left * up).sum(-1, keepdim=True) * up)
    forward = torch.linalg.cross(left, up)
    return thorax + NECK_UP * (head - thorax) + NECK_FORWARD * size * forward
