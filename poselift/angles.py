"""Joint angles from 3D poses, in degrees, as clinicians and coaches count them."""

from __future__ import annotations

import numpy as np

from poselift.skeleton import H36M17

#: The names of the angles, in the order in which they are written.
ANGLES = (
    "right_knee", "left_knee", "right_hip", "left_hip", "right_elbow", "left_elbow",
    "right_shoulder", "left_shoulder", "trunk",
)  # fmt: skip


def joint_angles(pose3d: np.ndarray) -> dict[str, np.ndarray]:
    """Angles of poses (..., 17, 3) in world space (z up), each of shape (...), in degrees.

    - knee, elbow: flexion; 0 is a straight limb, 90 a right angle.
    - hip: between the thigh and the trunk's line downwards; 0 standing upright, 90 sitting.
    - shoulder: between the upper arm and the trunk's line downwards; 0 hanging, 180 straight up.
    - trunk: inclination of the line from pelvis to thorax from the vertical; 0 upright, 90 lying.

    They are angles between two lines in space and so never negative: they do not tell flexion
    from extension or from sideways movement. NaN joints give NaN.

    >>> pose = np.zeros((17, 3)); pose[:, 2] = np.linspace(1, 2, 17)
    >>> float(joint_angles(pose)["trunk"])
    0.0
    """
    pose = np.asarray(pose3d, np.float64)

    def joint(name: str) -> np.ndarray:
        return pose[..., H36M17.index(name), :]

    down = joint("pelvis") - joint("thorax")
    angles = {"trunk": between(-down, np.array([0.0, 0.0, 1.0]))}
    for side in ("right", "left"):
        thigh = joint(f"{side} knee") - joint(f"{side} hip")
        shank = joint(f"{side} ankle") - joint(f"{side} knee")
        arm = joint(f"{side} elbow") - joint(f"{side} shoulder")
        forearm = joint(f"{side} wrist") - joint(f"{side} elbow")
        angles[f"{side}_knee"] = between(thigh, shank)
        angles[f"{side}_hip"] = between(down, thigh)
        angles[f"{side}_elbow"] = between(arm, forearm)
        angles[f"{side}_shoulder"] = between(down, arm)
    return {name: angles[name] for name in ANGLES}


def between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The angle between vectors (..., 3) in degrees, exact also where it is tiny.

    >>> float(between(np.array([1.0, 0, 0]), np.array([0, 2.0, 0])))
    90.0
    """
    a, b = np.broadcast_arrays(a, b)
    across = np.linalg.norm(np.cross(a, b), axis=-1)
    return np.degrees(np.arctan2(across, (a * b).sum(axis=-1)))
