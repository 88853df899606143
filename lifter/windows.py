"""Where a clip's windows lie, and how what they give is put together again.

All clips of one call lie behind each other on one axis of frames, so that short clips share
batches. A window is its first frame on that axis and the borders of its own clip: an index beyond
them is the border's frame, which is the padding by repetition of the published demos.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class WindowPlan:
    """W windows of `length` frames, every `step`-th frame, in rising order.

    Attributes:
        first: (W,) first frame of each window; may lie before its clip.
        low: (W,) first frame of its clip.
        high: (W,) one past the last frame of its clip.
        length: T.
        step: distance between two frames of a window.
    """

    first: np.ndarray
    low: np.ndarray
    high: np.ndarray
    length: int
    step: int

    def __len__(self) -> int:
        return len(self.first)

    def batches(self, size: int) -> Iterator[slice]:
        """The windows in slices of at most `size`."""
        for start in range(0, len(self), size):
            yield slice(start, min(start + size, len(self)))

    def frames(self, part: slice, kept: slice = slice(None)) -> np.ndarray:
        """(B, K) the frames of some windows, or of their positions `kept`, padded at the ends."""
        offsets = np.arange(self.length)[kept] * self.step
        inside = self.first[part, None] + offsets
        return np.clip(inside, self.low[part, None], self.high[part, None] - 1)


def one_a_frame(lengths: Sequence[int], length: int, step: int) -> WindowPlan:
    """A window about each frame of clips of `lengths`, whose middle is position (T - 1) // 2.

    >>> one_a_frame([3], 3, 1).frames(slice(None)).tolist()
    [[0, 0, 1], [0, 1, 2], [1, 2, 2]]
    """
    low, high = _borders(lengths)
    frames = np.arange(sum(lengths))
    return WindowPlan(
        first=frames - (length - 1) // 2 * step,
        low=np.repeat(low, lengths),
        high=np.repeat(high, lengths),
        length=length,
        step=step,
    )


def overlapping(lengths: Sequence[int], length: int, stride: int) -> WindowPlan:
    """Windows every `stride` frames; the last of a clip is shifted back to end with it.

    A clip that is shorter than a window gets one, with the clip in its middle.

    >>> overlapping([7, 2], 4, 2).first.tolist()
    [0, 2, 3, 6]
    """
    first: list[int] = []
    owner: list[int] = []
    low, high = _borders(lengths)
    for clip, (start, count) in enumerate(zip(low, lengths, strict=True)):
        last = count - length
        starts = [*range(0, last, stride), last] if last >= 0 else [-((length - count) // 2)]
        first += [int(start) + offset for offset in starts]
        owner += [clip] * len(starts)
    return WindowPlan(np.array(first, int), low[owner], high[owner], length, 1)


def _borders(lengths: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    high = np.cumsum(np.asarray(lengths, int))
    return high - np.asarray(lengths, int), high


class Blend:
    """The weighted mean of what overlapping windows say of each frame, as they come.

    A window weighs most in its middle, where it knows as much of the past as of the future, and
    next to nothing at its ends (a raised cosine), so that no pose jumps where a window begins.
    """

    def __init__(self, windows: WindowPlan) -> None:
        frames = int(windows.high[-1]) if len(windows) else 0
        self._windows = windows
        position = (np.arange(windows.length) + 0.5) / windows.length
        self._weight = np.sin(np.pi * position).astype(np.float32) ** 2
        self._frames = frames
        self._sum = np.zeros((0, 0), np.float32)
        self._total = np.zeros(frames, np.float32)

    def add(self, part: slice, poses: np.ndarray) -> None:
        """Take (B, T, N), what is said of the windows `part`."""
        windows = self._windows
        if not len(self._sum):
            self._sum = np.zeros((self._frames, poses.shape[-1]), np.float32)
        for first, low, high, pose in zip(
            windows.first[part], windows.low[part], windows.high[part], poses, strict=True
        ):
            start, stop = max(first, low), min(first + windows.length, high)
            weight = self._weight[start - first : stop - first]
            self._sum[start:stop] += weight[:, None] * pose[start - first : stop - first]
            self._total[start:stop] += weight

    def result(self) -> np.ndarray:
        """(F, N) for all frames of all clips."""
        return self._sum / self._total[:, None]
