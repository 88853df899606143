"""What a clip's background says about its camera: how it turned, zoomed and was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from poselift.progress import Reporter
from poselift.types import Keypoints, SeenClip

if TYPE_CHECKING:
    from poselift.scene.steps import CameraSteps

_SURE = 0.2  # the score of joints that make a person's box
_MOST_LOST = 0.1  # of the frames: with more, what the background says is not believed


def steps_of(seen: SeenClip, reporter: Reporter) -> CameraSteps | None:
    """How the camera of a clip moved; None where that was not looked at, or nothing can be told."""
    from poselift.scene.steps import camera_steps

    if seen.background is None or len(seen.time) < 2 or not seen.tracks:
        return None
    steps = camera_steps(seen.background, seen.size)
    if steps.cuts:
        cameras = len(steps.cuts) + 1
        reporter.say(f"the picture is cut: {cameras} cameras, each with a room of its own")
    if len(steps.lost) - len(steps.cuts) > _MOST_LOST * len(seen.time):
        reporter.say("the background could not be followed: the camera is taken as standing still")
        return steps.standing()
    return steps


def boxes_of(joints: Keypoints) -> np.ndarray:
    """(N, 4) the boxes of those people of a frame of whom something is seen."""
    boxes = []
    for xy, score in zip(joints.xy, joints.score, strict=True):
        points = xy[score > _SURE]
        if len(points):
            boxes.append(np.concatenate([points.min(axis=0), points.max(axis=0)]))
    return np.array(boxes).reshape(-1, 4)
