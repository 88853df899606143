"""A person who walks, swings the arms and bends the knees, made from angles alone."""

import numpy as np
import pytest

from poselift.result import ClipMotion
from poselift.skeleton import H36M17


def walker(count: int = 90, fps: float = 30.0, heading: float = 0.3) -> np.ndarray:
    """(T, 17, 3) world metres, z up: 1.2 m/s along a line, arms and legs swinging, one turn."""
    time = np.arange(count) / fps
    swing = np.sin(2 * np.pi * time)
    yaw = heading + 0.4 * time
    ahead = np.stack([np.cos(yaw), np.sin(yaw), 0 * yaw], axis=-1)
    left = np.stack([-np.sin(yaw), np.cos(yaw), 0 * yaw], axis=-1)
    up = np.broadcast_to([0.0, 0.0, 1.0], ahead.shape)

    def along(angle):  # a direction that hangs down and swings ahead by `angle`
        return np.sin(angle)[:, None] * ahead - np.cos(angle)[:, None] * up

    pose = np.zeros((count, 17, 3))

    def put(name, value):
        pose[:, H36M17.index(name)] = value

    pelvis = 1.2 * time[:, None] * ahead[:1] + 0.95 * up
    put("pelvis", pelvis)
    put("spine", pelvis + 0.25 * up + 0.02 * ahead)
    thorax = pelvis + 0.5 * up + 0.05 * ahead
    put("thorax", thorax)
    put("neck", thorax + 0.1 * up + 0.03 * ahead)
    put("head", thorax + 0.25 * up + 0.02 * ahead)
    for side, sign in (("left", 1), ("right", -1)):
        hip = pelvis + sign * 0.12 * left
        knee = hip + 0.45 * along(sign * 0.5 * swing)
        put(f"{side} hip", hip)
        put(f"{side} knee", knee)
        put(
            f"{side} ankle",
            knee + 0.43 * along(sign * 0.5 * swing - 0.3 - 0.3 * np.cos(2 * np.pi * time)),
        )
        shoulder = thorax + sign * 0.18 * left
        elbow = shoulder + 0.28 * along(-sign * 0.6 * swing)
        put(f"{side} shoulder", shoulder)
        put(f"{side} elbow", elbow)
        put(f"{side} wrist", elbow + 0.25 * along(-sign * 0.6 * swing + 0.5))
    pose[..., 2] -= pose[..., 2].min()
    return pose


def clip_of(poses: np.ndarray, time: np.ndarray | None = None, name: str = "walk") -> ClipMotion:
    people, count = poses.shape[:2]
    time = np.arange(count) / 30 if time is None else time
    absent = ~np.isfinite(poses[:, :, :, :1])
    pose2d = np.where(absent, np.nan, 100 + 50 * poses[..., :2])
    return ClipMotion(
        name=name,
        time=time,
        fps=(count - 1) / float(time[-1] - time[0]) if count > 1 else 30.0,
        size=(1280, 720),
        ids=np.arange(1, people + 1),
        pose3d=poses.astype(np.float32),
        pose2d=pose2d.astype(np.float32),
        score=np.where(absent[..., 0], 0, 0.9).astype(np.float32),
        filled=np.zeros((people, count), bool),
        placed=True,
        lifter="sct",
        meta={"weights": {"name": "x", "sha256": "0" * 64}, "version": "0.1.0"},
    )


@pytest.fixture
def walk():
    """One person, there all the time."""
    return clip_of(walker()[None])


@pytest.fixture
def two():
    """Two people; the second comes late, is lost for a while and leaves early."""
    poses = np.stack([walker(), walker(heading=2.0)])
    poses[1, :10] = poses[1, 40:50] = poses[1, 80:] = np.nan
    return clip_of(poses)


@pytest.fixture
def nobody():
    return clip_of(np.zeros((0, 20, 17, 3)))


@pytest.fixture
def make_clip():
    return clip_of


@pytest.fixture
def make_walker():
    return walker
