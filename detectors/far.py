"""People who are far away: looked for in parts of the picture, which a detector sees larger.

A detector shrinks the whole picture to its input. At 416 pixels for 1280, NanoDet finds one in
ten people of 60 pixels, while keypointers still read them well; in squares as high as the picture
it finds half of them. One square in turn is looked at beside a whole picture, once in each half
second, or in each second when nobody was found in all of them, so that the search costs little; at
the beginning all are. Which one is told by the time, so that runs over a clip that began at
different places look for the same people.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from poselift.detectors.protocols import PersonDetector
from poselift.detectors.regions import longer_sides
from poselift.detectors.similarity import box_overlaps
from poselift.types import Frame, People

#: How many times the picture's longer side must be that of the detector's input to bother.
_SHRUNK = 1.8
#: Parts of the shorter side: larger people are found in the whole picture; and the overlap (IoU)
#: of two boxes of one person.
_SMALL, _SAME = 0.4, 0.45
_EVERY, _EVERY_IDLE = 0.5, 1.0  # seconds in which one square is looked at
_CUT = 0.01  # of a square's side: whoever ends so near to its inner border may go on beyond


class FarPeople:
    """Remembers when it looked; ask it after each look at a whole picture."""

    def __init__(self) -> None:
        self._last: float | None = None  # when it looked
        self._in_vain = 0  # in how many squares nobody was found since

    def state(self) -> dict[str, np.ndarray]:
        """Everything remembered from frame to frame."""
        last = np.array([] if self._last is None else [self._last])
        return {"last": last, "in_vain": np.array(self._in_vain)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` returned."""
        self._last = float(state["last"][0]) if len(state["last"]) else None
        self._in_vain = int(state["in_vain"])

    def add(self, detector: PersonDetector, frame: Frame, found: People) -> People:
        """The people of the whole picture, and small ones beside them.

        Only for detectors that say by `side` how many pixels their input has.
        """
        image = frame.image
        squares = squares_of(image.shape[1], image.shape[0], getattr(detector, "side", 0))
        every = _EVERY if self._in_vain < len(squares) else _EVERY_IDLE
        turn = int(frame.time / every)
        if not squares or (self._last is not None and turn == int(self._last / every)):
            return found
        if self._last is not None:
            squares = [squares[turn % len(squares)]]
        self._last = frame.time
        parts = [np.ascontiguousarray(image[y0:y1, x0:x1]) for x0, y0, x1, y1 in squares]
        boxes, scores = [found.boxes], [found.scores]
        for square, people in zip(squares, detector(parts), strict=True):
            left, top = square[:2]
            good = longer_sides(people.boxes) < _SMALL * min(image.shape[:2])
            # Of small things only the sure ones: many look a little like people.
            good &= people.scores >= getattr(detector, "threshold", 0)
            good &= ~_is_cut(people.boxes, square, (image.shape[1], image.shape[0]))
            moved = people.boxes + np.array([left, top, left, top], np.float32)
            known = np.concatenate(boxes)
            good &= box_overlaps(moved, known).max(axis=1, initial=0) < _SAME
            boxes.append(moved[good])
            scores.append(people.scores[good])
        all_scores = np.concatenate(scores).astype(np.float32)
        self._in_vain = 0 if len(all_scores) > len(found) else self._in_vain + len(squares)
        return People(np.concatenate(boxes).astype(np.float32), all_scores)


def squares_of(width: int, height: int, side: int) -> list[tuple[int, int, int, int]]:
    """Overlapping squares over a picture, as x0, y0, x1, y1; none where they would not help.

    >>> squares_of(1280, 720, 416)
    [(280, 0, 1000, 720), (0, 0, 720, 720), (560, 0, 1280, 720)]
    >>> squares_of(640, 480, 416), squares_of(1280, 720, 0)
    ([], [])
    """
    longer, shorter = max(width, height), min(width, height)
    if not side or longer < _SHRUNK * side or shorter < side:
        return []
    count = max(round(1.5 * longer / shorter), 2)
    starts = np.linspace(0, longer - shorter, count).round().astype(int)
    # The middle first, where most of what is filmed happens.
    order = sorted(starts.tolist(), key=lambda start: abs(2 * start - (longer - shorter)))
    if width >= height:
        return [(start, 0, start + shorter, shorter) for start in order]
    return [(0, start, shorter, start + shorter) for start in order]


def _is_cut(
    boxes: np.ndarray, square: tuple[int, int, int, int], size: tuple[int, int]
) -> np.ndarray:
    """(N,) bool: whose box (N, 4), in the square's pixels, ends at a border inside the picture."""
    x0, y0, x1, y1 = square
    near = _CUT * (x1 - x0)
    cut: np.ndarray = np.zeros(len(boxes), bool)
    for at, end, inner in ((0, 0, x0 > 0), (1, 0, y0 > 0)):
        cut |= inner & (boxes[:, at] <= end + near)
    for at, end, inner in ((2, x1 - x0, x1 < size[0]), (3, y1 - y0, y1 < size[1])):
        cut |= inner & (boxes[:, at] >= end - near)
    return cut
