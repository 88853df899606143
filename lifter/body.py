"""The size of a body, for networks whose output has none."""

from __future__ import annotations

import numpy as np

from poselift.skeleton import H36M17

#: Lengths in metres of the limb bones of a grown-up of about 1.7 m, left and right alike: the
#: usual shares of body height (Winter, Biomechanics and Motor Control of Human Movement).
LIMBS: dict[str, float] = {
    "knee": 0.245 * 1.7,
    "ankle": 0.246 * 1.7,
    "elbow": 0.186 * 1.7,
    "wrist": 0.146 * 1.7,
}


def metres_a_unit(poses: np.ndarray) -> float:
    """What to multiply a clip (T, 17, 3) of any unit by for a plausible body in metres.

    One number per clip: the middle of what its frames say, so that nobody grows or shrinks.

    >>> round(metres_a_unit(np.zeros((4, 17, 3))), 3)
    1.0
    """
    children = [H36M17.index(f"{side} {limb}") for side in ("left", "right") for limb in LIMBS]
    parents = [H36M17.parents[child] for child in children]
    lengths = np.linalg.norm(poses[:, children] - poses[:, parents], axis=-1).sum(axis=1)
    middle = float(np.median(lengths))
    return 2 * sum(LIMBS.values()) / middle if middle > 1e-6 else 1.0
