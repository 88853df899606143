"""How a camera that stays in its place turns and zooms, from what moves behind the people.

Corners outside the people's boxes are followed from picture to picture. A rotation and a change of
focal length are fitted to where they were in a key frame, robustly, so that errors add up from key
to key and not from frame to frame.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np

from poselift.scene.evidence import Moves
from poselift.scene.rays import focal_length

_WIDTH = 320  # pixels of the longer side that is looked at
_CORNERS = 160
_FEWEST = 16  # corners from which a turn is still believed
_RENEW = 0.6  # of the key frame's corners: with fewer it is time for another
_FARTHEST = 0.3  # of the picture that corners may have moved since the key frame
_BAD_FIT = 1.0  # pixels of the small picture: more is no turn
_MARGIN = 0.15  # of a person's box, around it
_VIEW = 55.0  # degrees for which angles are counted; others follow from it
#: Degrees that a camera must turn, and share that it must zoom, to count as one that moves. A pan
#: with another lens than is assumed looks like a little zoom.
_STILL_DEGREES, _STILL_ZOOM = 1.5, 0.12


@dataclass(frozen=True)
class CameraSteps:
    """What moved between frames, as far as it can be said without the focal length.

    Attributes:
        pixels: (T, 2) that the picture shifts right and down from the frame before.
        roll: (T,) radians clockwise; `zoom` (T,) logarithms of the growing focal length.
        lost: frames whose background could not be followed: cuts, or nothing to see.
    """

    pixels: np.ndarray
    roll: np.ndarray
    zoom: np.ndarray
    lost: tuple[int, ...] = ()

    def moves(self, focal: float, centre: tuple[float, float]) -> Moves | None:
        """Turns and zooms for a focal length in the first frame; None if it stands still.

        The fit assumes 55 degrees across; of lenses of 40 or 75, turns are 7 per cent too small.
        """
        from scipy.spatial.transform import Rotation

        grown = np.cumsum(self.zoom)
        if np.abs(grown).max(initial=0.0) < _STILL_ZOOM:
            grown = np.zeros_like(grown)
        zoom = np.exp(grown)
        angles = self.pixels / (focal * zoom)[:, None]
        # The picture shifts right when the camera turns left about its down axis.
        steps = Rotation.from_rotvec(
            np.stack([angles[:, 1], -angles[:, 0], self.roll], axis=1)
        ).as_matrix()
        turn = np.empty_like(steps)
        now = np.eye(3)
        for frame, step in enumerate(steps):
            now = now @ step.T
            turn[frame] = now
        turned = np.degrees(np.arccos(np.clip((np.trace(turn, axis1=1, axis2=2) - 1) / 2, -1, 1)))
        if turned.max(initial=0.0) < _STILL_DEGREES and not grown.any():
            return None
        return Moves(turn, zoom, focal, centre)


class BackgroundMotion:
    """Follows the background picture by picture.

    >>> motion = BackgroundMotion((320, 180))
    >>> for _ in range(3):
    ...     motion.add(np.zeros((180, 320, 3), np.uint8), np.zeros((0, 4)))
    >>> motion.steps().pixels.shape, motion.steps().lost
    ((3, 2), (1, 2))
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._scale = min(_WIDTH / max(size), 1.0)
        self._small = max(round(size[0] * self._scale), 8), max(round(size[1] * self._scale), 8)
        self._focal = focal_length(self._small, _VIEW)
        self._grey: np.ndarray | None = None
        self._key = np.zeros((0, 2))  # places of the corners in the key frame
        self._now = np.zeros((0, 2))
        self._count = 0
        self._since_key = np.zeros(4)
        self._steps = array("d")  # four numbers a frame
        self._lost: list[int] = []

    def add(self, image: np.ndarray, boxes: np.ndarray) -> None:
        """The next picture, (H, W, 3) BGR, and the people's boxes (N, 4) in its pixels."""
        import cv2

        # Every other pixel first: averaging all of a large picture takes longer than the rest.
        twice = self._small[0] * 2, self._small[1] * 2
        if image.shape[1] > twice[0]:
            image = cv2.resize(image, twice, interpolation=cv2.INTER_NEAREST)
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        grey = cv2.resize(grey, self._small, interpolation=cv2.INTER_AREA)
        mask = self._free(boxes)
        if self._grey is None:
            self._steps.extend(np.zeros(4))
        else:
            self._follow(grey, mask)
        if len(self._now) < max(_RENEW * self._count, _FEWEST) or self._far():
            found = cv2.goodFeaturesToTrack(grey, _CORNERS, 0.01, 7, mask=mask)
            self._now = (
                np.zeros((0, 2)) if found is None else found.reshape(-1, 2).astype(np.float64)
            )
            self._key, self._count = self._now.copy(), len(self._now)
            self._since_key = np.zeros(4)
        self._grey = grey

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

    def _follow(self, grey: np.ndarray, mask: np.ndarray) -> None:
        import cv2

        fit = None
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
            fit = self._fit()
        if fit is None:
            self._lost.append(len(self._steps) // 4)
            self._steps.extend(np.zeros(4))
            self._now, self._key = np.zeros((0, 2)), np.zeros((0, 2))
            return
        self._steps.extend(_between(self._since_key, fit))
        self._since_key = fit

    def _fit(self) -> np.ndarray | None:
        """(4,) turn (3) and log zoom since the key frame; None where no turn explains it."""
        if len(self._now) < _FEWEST:
            return None
        middle = np.array(self._small, float) / 2
        ahead = np.full((len(self._key), 1), self._focal)
        rays = np.concatenate([self._key - middle, ahead], axis=1)
        fit = self._since_key.copy()
        weight = np.ones(len(rays))
        off = np.zeros((len(rays), 2))
        for _ in range(6):
            off = self._now - middle - _projected(rays, fit, self._focal)
            slope = np.stack([
                (_projected(rays, fit + 1e-4 * unit, self._focal)
                 - _projected(rays, fit - 1e-4 * unit, self._focal)) / 2e-4
                for unit in np.eye(4)
            ], axis=2)  # fmt: skip
            weight = 1 / (1 + np.square(off).sum(axis=1) / 0.5**2)
            root = np.sqrt(weight)[:, None]
            part = (slope * root[..., None]).reshape(-1, 4)
            normal = part.T @ part + 1e-6 * np.eye(4)
            fit = fit + np.linalg.solve(normal, part.T @ (off * root).ravel())
        good = np.median(np.linalg.norm(off, axis=1)) < _BAD_FIT
        return fit if good and abs(fit).max() < 1.5 else None

    def steps(self) -> CameraSteps:
        """What is known so far."""
        steps = np.array(self._steps).reshape(-1, 4)
        focal = self._focal / self._scale
        zoom = np.exp(np.cumsum(steps[:, 3]))[:, None]
        # A turn about x (right) by a shifts the picture down; one about y shifts it left.
        pixels = np.stack([-steps[:, 1], steps[:, 0]], axis=1) * focal * zoom
        return CameraSteps(pixels, steps[:, 2], steps[:, 3], tuple(self._lost))


def _matrix(turn: np.ndarray) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_rotvec(turn).as_matrix())


def _projected(rays: np.ndarray, fit: np.ndarray, focal: float) -> np.ndarray:
    """Where points of the key frame are after a turn and a zoom; a turn moves the world's way."""
    seen = rays @ _matrix(fit[:3]).T
    return np.asarray(seen[:, :2] / np.maximum(seen[:, 2:], 1e-3 * focal) * focal * np.exp(fit[3]))


def _between(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The step (4,) that leads from one fit to another."""
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_matrix(_matrix(after[:3]) @ _matrix(before[:3]).T).as_rotvec()
    return np.append(turn, after[3] - before[3])
