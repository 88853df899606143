"""What `Live` lifts with: a stream of any lifter for each person, and the camera's rate."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

import numpy as np

from poselift.detectors.similarity import person_size
from poselift.detectors.smooth import OneEuro
from poselift.device import torch_threads
from poselift.errors import PoseliftError
from poselift.types import Track

if TYPE_CHECKING:
    from poselift.parts import Lifter

#: How many times as high the One Euro filter's cutoffs are as its defaults.
SMOOTHING = {"light": 4 / 3, "auto": 1.0, "strong": 0.5}
_USUAL_FRAMES = 27  # that a lifter looks at which does not say how many
_USUAL_FPS = 30.0
_ENOUGH_INTERVALS = 8  # before the times are believed to show the camera's rate
_BETWEEN = 0.65  # of a step: how far the rate must be from the present step to change it


class PoseStream(Protocol):
    """One person's joints in, frame by frame; poses in camera space out."""

    def push(self, xy: np.ndarray, score: np.ndarray) -> np.ndarray | None:
        """Take (17, 2) and (17,); the (17, 3) pose `lookahead` frames ago, None without one."""
        ...

    def miss(self) -> None:
        """Take a frame in which nothing was seen and whose pose nobody needs."""
        ...


def open_stream(
    lifter: Lifter,
    image_size: tuple[int, int],
    lookahead: int,
    fps: float | None,
) -> PoseStream:
    """A stream of `lifter`: its own where it is one of ours, else one that lifts anew each time."""
    from poselift.lifter.clip import ClipLifter
    from poselift.lifter.stream import Stream

    if isinstance(lifter, ClipLifter):
        return Stream(lifter, image_size=image_size, lookahead=lookahead, fps=fps)
    return RepeatedLifting(lifter, image_size, lookahead, fps or _USUAL_FPS)


class RepeatedLifting:
    """A stream of a lifter that knows only whole tracks: the newest frames are its track.

    Args:
        lifter: takes `([track], image_size=..., fps=...)` and returns `[motion]`.
        image_size: (width, height) of the picture.
        lookahead: frames of delay.
        fps: the camera's rate.
    """

    def __init__(
        self,
        lifter: Lifter,
        image_size: tuple[int, int],
        lookahead: int,
        fps: float,
    ) -> None:
        frames = max(int(getattr(lifter, "receptive_field", _USUAL_FRAMES)), 1)
        if not 0 <= lookahead < frames:
            raise PoseliftError(
                f"The lookahead of this lifter must be 0 to {frames - 1} frames, got {lookahead}.",
                "It may be as long as the lifter's `receptive_field`, minus the frame itself.",
            )
        self._lifter, self._size, self._lookahead, self._fps = lifter, image_size, lookahead, fps
        self._seen: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=frames)

    def push(self, xy: np.ndarray, score: np.ndarray) -> np.ndarray | None:
        """Take (17, 2) and (17,); the (17, 3) pose `lookahead` frames ago, None without one."""
        self._seen.append((xy, score))
        all_xy, all_score = map(np.stack, zip(*self._seen, strict=True))
        if len(all_xy) <= self._lookahead or not (all_score > 0).any():
            return None
        track = Track(1, np.arange(len(all_xy)), all_xy, all_score)
        with torch_threads(1):  # as `Stream` does
            [motion] = self._lifter([track], image_size=self._size, fps=self._fps)
        return np.asarray(motion.pose3d[-1 - self._lookahead], np.float32)

    def miss(self) -> None:
        """Take a frame in which nothing was seen and whose pose nobody needs."""
        xy = self._seen[-1][0] if self._seen else np.zeros((17, 2), np.float32)
        self._seen.append((xy, np.zeros(17, np.float32)))


def trained_rate(lifter: object) -> float | None:
    """The frame rate that a lifter of ours was trained at; None where it does not say."""
    return getattr(getattr(lifter, "training", None), "fps", None)


class CameraRate:
    """The rate of the frames, learned from their times where it is not given.

    Streams step over frames of a fast camera, so they must begin anew when the step changes. That
    is why a rate that wavers about the middle between two steps changes nothing.

    >>> rate = CameraRate(trained=30.0)
    >>> [rate.add(n / 60) for n in range(12)].count(True), round(rate.fps)
    (1, 60)
    """

    def __init__(self, trained: float | None, given: float | None = None) -> None:
        if given is not None and not given > 0:
            raise PoseliftError(
                f"A rate of {given:g} frames per second is not possible.", "Give one above 0."
            )
        self._trained, self._given = trained, given
        self.fps: float | None = given
        self._times: deque[float] = deque(maxlen=60)

    def restart(self) -> None:
        """The next time does not go on from the last one."""
        self._times.clear()

    def add(self, time: float) -> bool:
        """Take a frame's time; whether streams must begin anew with the new `fps`."""
        self._times.append(time)
        span = self._times[-1] - self._times[0]
        if self._given is not None or len(self._times) <= _ENOUGH_INTERVALS or span <= 0:
            return False
        measured = (len(self._times) - 1) / span
        before, trained = self.fps, self._trained
        if before is None and trained is None:
            self.fps = measured
        if trained is None:
            return False
        step = max(1, round((before or trained) / trained))
        if abs(max(measured / trained, 1.0) - step) < _BETWEEN:
            return False
        self.fps = measured
        return True


class FollowedPerson:
    """The state of one person from frame to frame."""

    def __init__(self, smooth: str, lookahead: int) -> None:
        self.stream: PoseStream | None = None
        self.xy = np.zeros((17, 2), np.float32)
        self.score = np.zeros(17, np.float32)
        self.unseen = 0
        self._seen: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=lookahead + 1)
        self._smooth: OneEuro | None = None
        if smooth != "off":
            plain, share = OneEuro(), SMOOTHING[smooth]
            self._smooth = OneEuro(plain.min_cutoff * share, plain.beta * share)

    def restart(self) -> None:
        """Forget the motion, but not the floor."""
        self.stream = None
        self._seen.clear()
        if self._smooth is not None:
            self._smooth.reset()

    def push(self, xy: np.ndarray, score: np.ndarray, time: float) -> np.ndarray | None:
        """Take (17, 2) and (17,); the (17, 3) pose."""
        assert self.stream is not None
        self.unseen = 0
        self.xy, self.score = xy, score
        if self._smooth is not None:
            size = float(person_size(self.xy[None], self.score[None])[0])
            self.xy = self._smooth(self.xy, self.score, time, size)
        self._seen.append((self.xy, self.score, time))
        return self.stream.push(self.xy, self.score)

    def miss(self, time: float) -> None:
        """A frame without the person: nobody is shown, so nothing is lifted."""
        assert self.stream is not None
        self.unseen += 1
        self.score = np.zeros(17, np.float32)
        self._seen.append((self.xy, self.score, time))
        self.stream.miss()

    def seen_then(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Joints, scores and time of the frame that the newest pose belongs to."""
        return self._seen[0]
