"""The size of a body."""

import numpy as np
import pytest

from poselift.lifter.body import LIMBS, metres_a_unit
from poselift.skeleton import H36M17


def stick_figure() -> np.ndarray:
    pose = np.zeros((17, 3))
    for child, parent in enumerate(H36M17.parents):
        if parent >= 0:
            limb = H36M17.names[child].split()[-1]
            pose[child] = pose[parent] + [0, LIMBS.get(limb, 0.1), 0]
    return pose


def test_a_body_of_the_usual_size_stays() -> None:
    assert metres_a_unit(stick_figure()[None]) == pytest.approx(1)


def test_one_factor_a_clip_from_its_middle() -> None:
    clip = np.stack([stick_figure() * 2] * 8 + [stick_figure() * 50])
    assert metres_a_unit(clip) == pytest.approx(0.5)
