"""Angles of poses whose angles are known."""

import numpy as np
import pytest

from poselift.angles import ANGLES, joint_angles
from poselift.skeleton import H36M17

STANDING = {
    "pelvis": (0, 0, 1), "thorax": (0, 0, 1.5),
    "right hip": (0, -0.1, 1), "right knee": (0, -0.1, 0.5), "right ankle": (0, -0.1, 0),
    "left hip": (0, 0.1, 1), "left knee": (0, 0.1, 0.5), "left ankle": (0, 0.1, 0),
    "right shoulder": (0, -0.2, 1.5), "right elbow": (0, -0.2, 1.2), "right wrist": (0, -0.2, 1),
    "left shoulder": (0, 0.2, 1.5), "left elbow": (0, 0.2, 1.2), "left wrist": (0, 0.2, 1),
}  # fmt: skip


def pose_with(**moved):
    pose = np.zeros((17, 3))
    for name, place in {**STANDING, **{k.replace("_", " "): v for k, v in moved.items()}}.items():
        pose[H36M17.index(name)] = place
    return pose


def test_standing_is_all_zero():
    angles = joint_angles(pose_with())
    assert tuple(angles) == ANGLES
    assert max(angles.values()) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        ({"right_ankle": (-0.5, -0.1, 0.5)}, {"right_knee": 90}),
        (
            {"left_knee": (0.5, 0.1, 1), "left_ankle": (0.5, 0.1, 0.5)},
            {"left_hip": 90, "left_knee": 90},
        ),
        ({"right_wrist": (0.2, -0.2, 1.4)}, {"right_elbow": 135}),
        (
            {"left_elbow": (0, 0.5, 1.5), "left_wrist": (0, 0.7, 1.5)},
            {"left_shoulder": 90},
        ),
        (
            {"right_elbow": (0, -0.2, 1.8), "right_wrist": (0, -0.2, 2.0)},
            {"right_shoulder": 180},
        ),
        ({"thorax": (0.5, 0, 1)}, {"trunk": 90}),
    ],
)
def test_one_joint_moved(moved, expected):
    angles = joint_angles(pose_with(**moved))
    for name, value in expected.items():
        assert angles[name] == pytest.approx(value)


def test_shapes_and_holes():
    poses = np.tile(pose_with(), (2, 5, 1, 1))
    poses[1, 3] = np.nan
    knee = joint_angles(poses)["left_knee"]
    assert knee.shape == (2, 5)
    assert np.isnan(knee[1, 3])
    assert np.isfinite(knee).sum() == 9
