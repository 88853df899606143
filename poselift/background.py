"""A pass over a clip's background, for how its camera turned and zoomed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from poselift import large
from poselift.progress import Reporter
from poselift.types import SeenClip

if TYPE_CHECKING:
    from poselift.media import Source
    from poselift.scene.motion import CameraSteps

_SURE = 0.2  # the score of joints that make a person's box
_MOST_LOST = 0.1  # of the frames: with more, what the background says is not believed


def watch_background(clip: Source, seen: SeenClip, reporter: Reporter) -> CameraSteps | None:
    """How the camera moved; None where the clip cannot be read twice, or nothing can be told."""
    from poselift.media import prefetch
    from poselift.scene.motion import BackgroundMotion

    if clip.live or len(seen.time) < 2 or not seen.tracks:
        return None
    motion = BackgroundMotion(seen.size)
    with reporter.stage("background", len(seen.time)) as advance:
        for frame in prefetch(clip.frames()):
            motion.add(frame.image, _boxes(seen, frame.index))
            if frame.index % large.BLOCK == 0:
                large.release(*(track.xy for track in seen.tracks))
                large.release(*(track.score for track in seen.tracks))
            advance(frame.index + 1)
    steps = motion.steps()
    if len(steps.roll) != len(seen.time):
        return None
    if len(steps.lost) > _MOST_LOST * len(seen.time):
        reporter.say("the background could not be followed: the camera is taken as standing still")
        return None
    return steps


def _boxes(seen: SeenClip, frame: int) -> np.ndarray:
    """(N, 4) the boxes of the people of one frame."""
    boxes = []
    for track in seen.tracks:
        row = frame - int(track.frames[0])
        if not 0 <= row < len(track):
            continue
        points = track.xy[row][track.score[row] > _SURE]
        if len(points):
            boxes.append(np.concatenate([points.min(axis=0), points.max(axis=0)]))
    return np.array(boxes).reshape(-1, 4)
