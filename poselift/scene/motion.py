"""How a camera that stays in its place turns and zooms, from what moves behind the people.

Corners outside the people's boxes are followed from picture to picture. A rotation and a change of
focal length are fitted to where they were in a key frame, robustly, so that errors add up from key
to key and not from frame to frame. Where the whole picture changes at once, another camera begins.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from poselift.scene.rays import focal_length
from poselift.scene.steps import CUT, FOLLOWED, LOST, VIEW, scale_of
from poselift.scene.turning import between, fit_lens, fit_turn
from poselift.types import BACKGROUND

_CORNERS = 160
_FEWEST = 16  # corners from which a turn is still believed
_RENEW = 0.6  # of the key frame's corners: with fewer it is time for another
_FARTHEST = 0.3  # of the picture that corners may have moved since the key frame
_MARGIN = 0.15  # of a person's box, around it
#: How alike pictures of one camera are at least, as a correlation, and by how many grey levels
#: those of two cameras differ.
_ALIKE, _DIFFERENT = 0.4, 8.0
_THUMB = (40, 24)  # pixels: turns between two frames hardly show at this size


class BackgroundMotion:
    """Follows the background picture by picture.

    >>> motion = BackgroundMotion((320, 180))
    >>> rows = [motion.add(np.zeros((180, 320, 3), np.uint8), np.zeros((0, 4))) for _ in range(3)]
    >>> from poselift.scene.steps import camera_steps
    >>> camera_steps(np.array(rows), (320, 180)).lost
    (1, 2)
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._scale = scale_of(size)
        self._small = max(round(size[0] * self._scale), 8), max(round(size[1] * self._scale), 8)
        self._focal = focal_length(self._small, VIEW)
        self._grey: np.ndarray = np.zeros((0, 0), np.uint8)
        self._key = np.zeros((0, 2))  # places of the corners in the key frame
        self._now = np.zeros((0, 2))
        self._count = 0
        self._since_key = np.zeros(4)

    def state(self) -> dict[str, np.ndarray]:
        """All that the coming pictures depend on, as arrays by name."""
        return {
            "grey": self._grey, "key": self._key, "now": self._now,
            "count": np.array(self._count), "since_key": self._since_key,
        }  # fmt: skip

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` returned."""
        self._grey, self._key, self._now = state["grey"], state["key"], state["now"]
        self._count, self._since_key = int(state["count"]), state["since_key"]

    def add(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """The next picture, (H, W, 3) BGR, and the people's boxes (N, 4) in its pixels.

        Returns (8,): how the picture turned (3 radians, for a lens of 55 degrees) and grew (its
        logarithm) since the one before, how many pixels of the small picture the best turn with
        any lens misses, whether the background was followed (0), lost (1), or replaced by a cut
        (2), and the logarithm of that lens's focal length over that of 55 degrees with 1 / its
        variance, which is 0 where the camera did not turn.
        """
        import cv2

        # Every other pixel first: averaging all of a large picture takes longer than the rest.
        twice = self._small[0] * 2, self._small[1] * 2
        if image.shape[1] > twice[0]:
            image = cv2.resize(image, twice, interpolation=cv2.INTER_NEAREST)
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        grey = cv2.resize(grey, self._small, interpolation=cv2.INTER_AREA)
        mask = self._free(boxes)
        row = self._follow(grey, mask) if self._grey.size else np.zeros(BACKGROUND)
        if len(self._now) < max(_RENEW * self._count, _FEWEST) or self._far():
            found = cv2.goodFeaturesToTrack(grey, _CORNERS, 0.01, 7, mask=mask)
            self._now = (
                np.zeros((0, 2)) if found is None else found.reshape(-1, 2).astype(np.float64)
            )
            self._key, self._count = self._now.copy(), len(self._now)
            self._since_key = np.zeros(4)
        self._grey = grey
        return row

    def _free(self, boxes: np.ndarray) -> np.ndarray:
        """255 where nobody is."""
        mask = np.full(self._small[::-1], 255, np.uint8)
        for x0, y0, x1, y1 in np.asarray(boxes, float).reshape(-1, 4) * self._scale:
            edge = _MARGIN * max(x1 - x0, y1 - y0)
            low_x, low_y = max(int(x0 - edge), 0), max(int(y0 - edge), 0)
            mask[low_y : max(int(y1 + edge), 0), low_x : max(int(x1 + edge), 0)] = 0
        return mask

    def _far(self) -> bool:
        if not len(self._now):
            return True
        moved = np.abs(np.median(self._now - self._key, axis=0))
        return bool((moved > _FARTHEST * np.array(self._small)).any())

    def _follow(self, grey: np.ndarray, mask: np.ndarray) -> np.ndarray:
        import cv2

        if len(self._now) >= _FEWEST:
            start = self._now.astype(np.float32).reshape(-1, 1, 2)
            ends, found, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
                self._grey, grey, start, None, winSize=(15, 15), maxLevel=3
            )
            place = ends.reshape(-1, 2)
            inside = (place >= 0).all(axis=1) & (place < np.array(self._small) - 1).all(axis=1)
            kept = (found.ravel() == 1) & inside
            kept[kept] = mask[place[kept, 1].astype(int), place[kept, 0].astype(int)] > 0
            self._now, self._key = place[kept].astype(np.float64), self._key[kept]
        row = self._turn()
        if row is None:
            self._now, self._key = np.zeros((0, 2)), np.zeros((0, 2))
            return np.array([0, 0, 0, 0, 0, CUT if _differ(self._grey, grey) else LOST, 0, 0])
        return row

    def _turn(self) -> np.ndarray | None:
        """What the corners say; None where no turn explains where they went."""
        if len(self._now) < _FEWEST:
            return None
        fit = fit_turn(*self._places(), self._focal, self._since_key)
        if fit is None:
            return None
        turned, missed = fit
        lens = fit_lens(*self._places(), self._focal, turned, missed)
        if lens is None:
            return None
        step = between(self._since_key, turned)
        self._since_key = turned
        # What has grown since the key frame is missed by more pixels.
        missed = lens.missed / max(float(np.exp(turned[3])), 1.0)
        return np.array([*step, missed, FOLLOWED, lens.longer, lens.sure])

    def _places(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the corners were in the key frame and are now, from the middle of the picture."""
        middle = np.array(self._small, float) / 2
        return self._key - middle, self._now - middle


def _differ(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two grey pictures are of different cameras."""
    import cv2

    first, second = (
        cv2.resize(grey, _THUMB, interpolation=cv2.INTER_AREA).astype(np.float64).ravel()
        for grey in (one, other)
    )
    if np.abs(first - second).mean() < _DIFFERENT:
        return False
    first, second = first - first.mean(), second - second.mean()
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return size < 1e-6 or float(first @ second) < _ALIKE * size
