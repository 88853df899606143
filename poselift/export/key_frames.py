"""The frames that tell most about a motion."""

from __future__ import annotations

import numpy as np

from poselift.skeleton import H36M17

KEY_POSES = 6
_PELVIS = H36M17.index("pelvis")


def key_frames(poses: np.ndarray, count: int = KEY_POSES) -> np.ndarray:
    """The frames that show most of a motion, in order: poses (T, 17, 3), NaN where nobody is.

    The middle of the clip first, then always the frame whose pose differs most from those that
    were chosen, wherever the person stands.

    >>> moving = np.zeros((9, 17, 3)); moving[:, 16, 2] = np.arange(9)
    >>> key_frames(moving, 3).tolist()
    [0, 4, 8]
    """
    there = np.flatnonzero(np.isfinite(poses).all((1, 2)))
    if not len(there):
        return there
    there = there[:: max(1, len(there) // 2000)]
    shape = (poses[there] - poses[there][:, [_PELVIS]]).reshape(len(there), -1)
    chosen = [len(there) // 2]
    nearest = np.linalg.norm(shape - shape[chosen[0]], axis=1)
    while len(chosen) < min(count, len(there)):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(shape - shape[chosen[-1]], axis=1))
    return np.unique(there[chosen])
