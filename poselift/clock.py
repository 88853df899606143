"""The times of a clip's frames: their rate, where they leave a gap, and clocks that jump."""

from __future__ import annotations

import numpy as np

#: A step is a gap when it is longer than this many seconds and this many usual steps.
_GAP_SECONDS, _GAP_STEPS = 1.0, 10.0
#: A clock that steps back by less than this many usual steps has only rounded.
_ROUNDING = 1.5
_NUDGE = 1e-3  # seconds between two frames that claim the same time
#: Frames per second that a camera may have; slower and faster clocks are wrong or no video.
FASTEST = 1000.0


def rate_of(times: np.ndarray) -> float | None:
    """Frames per second by the times of frames, steps back and gaps left out; None without any.

    >>> rate_of(np.array([0.0, 0.1, 0.2, 86400.2, 86400.3]))
    10.0
    """
    steps = np.diff(np.asarray(times, float))
    steps = steps[steps > 0]
    if not len(steps):
        return None
    usual = steps[steps <= _longest(steps)]
    return min(float(round(len(usual) / usual.sum(), 9)), FASTEST)


def gaps_in(times: np.ndarray) -> np.ndarray:
    """The numbers of the frames that come after a gap: movement does not go on across it.

    >>> gaps_in(np.array([0.0, 0.1, 0.2, 9.2, 9.3])).tolist()
    [3]
    """
    steps = np.diff(np.asarray(times, float))
    if not len(steps):
        return np.zeros(0, int)
    return np.flatnonzero(steps > _longest(steps)) + 1


def _longest(steps: np.ndarray) -> float:
    return max(_GAP_SECONDS, _GAP_STEPS * float(np.median(steps)))


class Clock:
    """Shows the times of a stream as they rise, with jumps closed up.

    Streams that were joined begin anew or go on hours later. As FFmpeg's player does, such a jump
    is shown as one usual step, and later times follow on.

    Args:
        step: seconds from one frame to the next, usually.
        longest: steps forward up to this many seconds are believed.

    Attributes:
        jumps: how many were closed up.

    >>> clock = Clock(0.1, longest=10.0)
    >>> [round(clock.show(time), 3) for time in (0.0, 0.1, 0.1, 0.2, 5000.0, 5000.1, 0.0, 0.1)]
    [0.0, 0.1, 0.101, 0.2, 0.3, 0.4, 0.5, 0.6]
    """

    def __init__(self, step: float, longest: float) -> None:
        self.jumps = 0
        self._step, self._longest = step, longest
        self._shift = 0.0
        self._last: float | None = None

    def show(self, time: float) -> float:
        """When the frame of this time is to be shown; later than all before it."""
        shown = time + self._shift
        if self._last is not None:
            step = shown - self._last
            if step > self._longest or step < -_ROUNDING * self._step:
                self.jumps += 1
                self._shift += self._step - step
                shown = self._last + self._step
            elif step <= 0:
                shown = self._last + _NUDGE
        self._last = shown
        return shown

    def after(self) -> float:
        """The time of a frame that has none."""
        return 0.0 if self._last is None else self._last + self._step


#: Steps forward that FFmpeg's player believes: of streams that are joined anyhow, and of others.
_BELIEVED_IN_STREAMS, _BELIEVED = 10.0, 3600.0


def longest_step(joined_anyhow: bool) -> float:
    """How long a step forward may be for `Clock` to believe it."""
    return _BELIEVED_IN_STREAMS if joined_anyhow else _BELIEVED
