"""When to run the detector: it costs more than following the people already known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from poselift.detectors.company import FEW
from poselift.errors import PoseliftError

#: Longest wait of `auto`, in frames, while somebody is followed, and while nobody is.
LONGEST_WAIT = 15
LONGEST_WAIT_ALONE = 3

#: Least wait of `auto` while more than a few people are followed.
CROWD_WAIT = 3

_THUMB = (32, 18)  # width, height of the picture in which motion is looked for
_STIR = 24.0  # grey levels that a cell must change to be motion
_STIRRED_CELLS = 3
#: A cell must change so many times as much as the picture does on average: where the camera moves,
#: everything changes.
_STANDS_OUT = 5.0
#: Frames for which a doubt is not heard at the most, after detections for doubts brought nothing.
_LONGEST_DEAFNESS = 8


class Cadence:
    """Decides frame by frame whether the detector runs.

    A number detects every so many frames. "auto" detects at once when there is a reason (somebody
    lost or unsure, something moving where nobody is followed) and otherwise waits twice as long
    after each detection that brought nothing new: 1, 2, 4, 8, 15 frames.

    >>> cadence = Cadence(3)
    >>> picture = np.zeros((90, 160, 3), np.uint8)
    >>> [cadence.due(picture, np.zeros((0, 4))) for _ in range(4)]
    [True, False, False, True]
    """

    def __init__(self, every: int | Literal["auto"] = "auto") -> None:
        if every != "auto" and (not isinstance(every, int) or every < 1):
            raise PoseliftError(
                f"Detection every {every!r} frames makes no sense.", "Give auto or a number from 1."
            )
        self._every = every
        self._wait = 1
        self._since = 0
        self._reason = True
        self._for_doubt = False
        self._deafness = 1
        self._thumb: np.ndarray | None = None

    def due(self, image: np.ndarray, followed: np.ndarray) -> bool:
        """Whether to detect in this frame, given the boxes (N, 4) of the people followed."""
        self._since += 1
        if self._every != "auto":
            due = self._reason or self._since >= self._every
            self._reason = False
        else:
            longest = LONGEST_WAIT if len(followed) else LONGEST_WAIT_ALONE
            stirred = self._stirs(image, followed)
            doubt = self._reason and self._since >= self._deafness
            due = doubt or self._since >= min(self._wait, longest)
            # What keeps moving, such as leaves, must not wake it again and again.
            due = due or (stirred and self._since >= max(self._wait // 2, 2))
            # Where many are followed, somebody is nearly always in doubt, and most are not.
            due = due and (self._since >= CROWD_WAIT or len(followed) <= FEW)
            if due:
                self._for_doubt = doubt
        if due:
            self._since = 0
        return due

    def detected(self, news: bool) -> None:
        """Report the outcome of a detection: whether it made anybody appear or disappear."""
        self._wait = 1 if news else min(self._wait * 2, LONGEST_WAIT)
        self._reason = False
        # In a crowd somebody is always in doubt: where looking did not help, it is not repeated at
        # once.
        useless = self._for_doubt and not news
        self._deafness = min(2 * self._deafness, _LONGEST_DEAFNESS) if useless else 1

    def alarm(self) -> None:
        """Somebody was lost or scores low: detect in the next frame (only in "auto")."""
        if self._every == "auto":
            self._reason = True
            self._wait = 1 if self._deafness == 1 else self._wait

    def state(self) -> dict[str, np.ndarray]:
        """What is remembered from frame to frame, for `restore`."""
        thumb = self._thumb if self._thumb is not None else np.zeros((0, 0), np.float32)
        counts = [self._wait, self._since, self._reason, self._for_doubt, self._deafness]
        return {"counts": np.array(counts, np.int64), "thumb": thumb}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` returned."""
        self._wait, self._since, reason, doubt, self._deafness = state["counts"].tolist()
        self._reason, self._for_doubt = bool(reason), bool(doubt)
        self._thumb = state["thumb"] if state["thumb"].size else None

    def _stirs(self, image: np.ndarray, followed: np.ndarray) -> bool:
        """Whether anything moves outside the boxes of the people followed."""
        import cv2

        # Every n-th pixel is enough to see that something moves, and costs next to nothing.
        thumb = cv2.resize(image, _THUMB, interpolation=cv2.INTER_NEAREST).astype(np.float32)
        thumb = cv2.blur(thumb.mean(axis=2), (2, 2))
        before, self._thumb = self._thumb, thumb
        if before is None:
            return False
        change = np.abs(thumb - before)
        moved = change > max(_STIR, _STANDS_OUT * float(change.mean()))
        height, width = image.shape[:2]
        for x0, y0, x1, y1 in followed * np.tile(np.array(_THUMB) / (width, height), 2):
            moved[max(int(y0) - 1, 0) : int(y1) + 2, max(int(x0) - 1, 0) : int(x1) + 2] = False
        return int(moved.sum()) >= _STIRRED_CELLS
