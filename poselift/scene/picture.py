"""Limbs moved sideways to where they were seen, as far as their bones allow."""

from __future__ import annotations

import numpy as np

from poselift.scene.smoothing import blurred
from poselift.skeleton import H36M17

#: Joints that keypointers and lifters mean alike; the trunk's and the head's are made.
_LIMBS = (2, 3, 5, 6, 12, 13, 15, 16)
_PULL = 0.8  # of the way: keypointers err too
_SECONDS = 0.12  # over which the pull is smoothed, so that it does not tremble with the keypoints
_FAR = 0.25  # metres: a joint that is seen further off was not seen


def onto_picture(world: np.ndarray, eye: np.ndarray, sight: np.ndarray, weight: np.ndarray,
                 fps: float) -> np.ndarray:  # fmt: skip
    """World poses (T, 17, 3) that project nearer to what was seen, with the same bones.

    Args:
        world: metres.
        eye: (3,) where the camera is, or (T, 1, 3) where it goes.
        sight: (T, 17, 3) unit vectors from the camera towards what was seen of each joint.
        weight: (T, 17) 0..1, how well it was seen.
        fps: frames per second.
    """
    seen = world - eye
    along = (seen * sight).sum(axis=-1, keepdims=True)
    off = along * sight - seen
    far = np.linalg.norm(off, axis=-1)
    trust = np.clip(weight, 0, 1) / (1 + np.square(far / _FAR) ** 2)
    pull = np.zeros_like(world)
    for joint in _LIMBS:
        sure = blurred(trust[:, joint], _SECONDS * fps)
        mean = blurred(off[:, joint] * trust[:, joint, None], _SECONDS * fps)
        pull[:, joint] = _PULL * np.clip(sure / 0.5, 0, 1)[:, None] * mean / np.maximum(
            sure, 1e-3
        )[:, None]  # fmt: skip
    return _with_bones(world, world + pull)


def _with_bones(world: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """`wanted` with the bones of `world`: each joint on the line to where it should be."""
    out = world.copy()
    for joint in _LIMBS:  # parents come first
        parent = H36M17.parents[joint]
        length = np.linalg.norm(world[:, joint] - world[:, parent], axis=1, keepdims=True)
        bone = wanted[:, joint] - out[:, parent]
        # Sideways is what was seen: what is left of the length goes along the old depth.
        long = np.maximum(np.linalg.norm(bone, axis=1, keepdims=True), 1e-6)
        out[:, joint] = out[:, parent] + bone * (length / long)
    return out
