"""Made-up people for the drawing tests."""

from __future__ import annotations

import numpy as np

from poselift.result import ClipMotion
from poselift.skeleton import H36M17

_STANDING = {
    "pelvis": (0, 0, 0.9), "right hip": (-0.13, 0, 0.9), "right knee": (-0.13, -0.02, 0.46),
    "right ankle": (-0.13, 0, 0), "left hip": (0.13, 0, 0.9), "left knee": (0.13, -0.02, 0.46),
    "left ankle": (0.13, 0, 0), "spine": (0, 0, 1.13), "thorax": (0, 0, 1.38),
    "neck": (0, -0.03, 1.48), "head": (0, 0, 1.65), "left shoulder": (0.17, 0, 1.35),
    "left elbow": (0.45, 0, 1.3), "left wrist": (0.7, 0, 1.3), "right shoulder": (-0.17, 0, 1.35),
    "right elbow": (-0.45, 0, 1.3), "right wrist": (-0.7, 0, 1.3),
}  # fmt: skip


def standing(x: float = 0, y: float = 0) -> np.ndarray:
    """Somebody who faces the filming camera with their arms out: (17, 3), their left at +x."""
    joints = np.array([_STANDING[name] for name in H36M17.names], np.float32)
    return joints + np.array((x, y, 0), np.float32)


def walking(people: int = 1, frames: int = 12, size: tuple[int, int] = (320, 180)) -> ClipMotion:
    """People who glide to the right side by side."""
    steps = np.linspace(-1, 1, frames) if frames else np.zeros(0)
    poses = np.array([[standing(x, 0.8 * p) for x in steps] for p in range(people)], np.float32)
    poses = poses.reshape(people, frames, 17, 3)
    xy = np.stack([size[0] / 2 + 40 * poses[..., 0], size[1] - 10 - 80 * poses[..., 2]], -1)
    return ClipMotion(
        name="glide",
        time=np.arange(frames) / 25,
        fps=25.0,
        size=size,
        ids=np.arange(1, people + 1),
        pose3d=poses,
        pose2d=xy.astype(np.float32),
        score=np.ones((people, frames, 17), np.float32),
        filled=np.zeros((people, frames), bool),
        placed=True,
        lifter="sct",
    )


def where(image: np.ndarray, colour: tuple[int, int, int], tolerance: int = 45) -> np.ndarray:
    """(N, 2) pixels x, y of about some colour, by hue rather than by lightness."""
    pixels = image.astype(float) + 1
    wanted = np.array(colour, float) + 1
    likeness = (pixels @ wanted) / np.linalg.norm(pixels, axis=-1) / np.linalg.norm(wanted)
    strong = np.ptp(image.astype(int), axis=-1) > 255 - 3 * tolerance
    return np.argwhere((likeness > 0.985) & strong)[:, ::-1]
