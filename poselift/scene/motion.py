"""How a camera that stays in its place turns and zooms, from what moves behind the people.

Corners outside the people's boxes are followed from picture to picture. A rotation and a change of
focal length are fitted to where they were in a key frame, robustly, so that errors add up from key
to key and not from frame to frame. Where the whole picture changes at once, another camera begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from poselift.scene.planted import Moves
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
#: How alike pictures of one camera are at least, as a correlation, and by how many grey levels
#: those of two cameras differ.
_ALIKE, _DIFFERENT = 0.4, 8.0
_THUMB = (40, 24)  # pixels: turns between two frames hardly show at this size
#: Pixels of the small picture by which near and far part if a camera is carried, and the share of
#: frames in which they must.
_PARALLAX, _CARRIED = 0.45, 0.3
_FOLLOWED, _LOST, _CUT = 0.0, 1.0, 2.0


@dataclass(frozen=True)
class CameraSteps:
    """What moved between frames, as far as it can be said without the focal length.

    Attributes:
        pixels: (T, 2) that the picture shifts right and down from the frame before.
        roll: (T,) radians clockwise; `zoom` (T,) logarithms of the growing focal length.
        lost: frames whose background could not be followed, cuts among them.
        cuts: frames with which another camera begins.
        carried: whether near and far parted, as they do when the camera itself moves.
    """

    pixels: np.ndarray
    roll: np.ndarray
    zoom: np.ndarray
    lost: tuple[int, ...] = ()
    cuts: tuple[int, ...] = ()
    carried: bool = False

    def between(self, first: int, end: int) -> CameraSteps:
        """Those of the frames from `first` to before `end`, which one camera filmed."""
        pixels, roll, zoom = (
            np.array(column[first:end]) for column in (self.pixels, self.roll, self.zoom)
        )
        pixels[:1], roll[:1], zoom[:1] = 0, 0, 0
        lost = tuple(frame - first for frame in self.lost if first < frame < end)
        return CameraSteps(pixels, roll, zoom, lost, (), self.carried)

    def standing(self) -> CameraSteps:
        """The same cuts, between which no camera moved."""
        pixels, roll, zoom = (np.zeros_like(a) for a in (self.pixels, self.roll, self.zoom))
        return CameraSteps(pixels, roll, zoom, self.lost, self.cuts, self.carried)

    def moves(self, focal: float, centre: tuple[float, float]) -> Moves | None:
        """Turns and zooms for a focal length in the first frame; None if it stands still.

        The fit assumes 55 degrees across; of lenses of 40 or 75, turns are 7 per cent too small.
        """
        from scipy.spatial.transform import Rotation

        grown = np.cumsum(self.zoom)
        # Who goes nearer sees things grow: a lens that zooms is less likely.
        if self.carried or np.abs(grown).max(initial=0.0) < _STILL_ZOOM:
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
        still = turned.max(initial=0.0) < _STILL_DEGREES and not grown.any()
        if still and not self.carried:
            return None
        return Moves(turn, zoom, focal, centre, self.carried)


class BackgroundMotion:
    """Follows the background picture by picture.

    >>> motion = BackgroundMotion((320, 180))
    >>> rows = [motion.add(np.zeros((180, 320, 3), np.uint8), np.zeros((0, 4))) for _ in range(3)]
    >>> camera_steps(np.array(rows), (320, 180)).lost
    (1, 2)
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._scale = _scale(size)
        self._small = max(round(size[0] * self._scale), 8), max(round(size[1] * self._scale), 8)
        self._focal = focal_length(self._small, _VIEW)
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

        Returns (6,): how the picture turned (3 radians, for a lens of 55 degrees) and grew (its
        logarithm) since the one before, how many pixels of the small picture that misses, and
        whether the background was followed (0), lost (1), or replaced by a cut (2).
        """
        import cv2

        # Every other pixel first: averaging all of a large picture takes longer than the rest.
        twice = self._small[0] * 2, self._small[1] * 2
        if image.shape[1] > twice[0]:
            image = cv2.resize(image, twice, interpolation=cv2.INTER_NEAREST)
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        grey = cv2.resize(grey, self._small, interpolation=cv2.INTER_AREA)
        mask = self._free(boxes)
        row = self._follow(grey, mask) if self._grey.size else np.zeros(6)
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
            self._now, self._key = np.zeros((0, 2)), np.zeros((0, 2))
            return np.array([0, 0, 0, 0, 0, _CUT if _differ(self._grey, grey) else _LOST])
        turned, off = fit
        step = _between(self._since_key, turned)
        self._since_key = turned
        return np.concatenate([step, [off, _FOLLOWED]])

    def _fit(self) -> tuple[np.ndarray, float] | None:
        """(4,) turn (3) and log zoom since the key frame, and the pixels that it misses.

        None where no turn explains it.
        """
        if len(self._now) < _FEWEST:
            return None
        middle = np.array(self._small, float) / 2
        ahead = np.full((len(self._key), 1), self._focal)
        rays = np.concatenate([self._key - middle, ahead], axis=1) / self._focal
        place = (self._now - middle) / self._focal
        turn, grown = _matrix(self._since_key[:3]), float(self._since_key[3])
        for _ in range(8):
            off, slope = _misses(rays @ turn.T, place, np.exp(grown))
            weight = 1 / (1 + np.square(off * self._focal).sum(axis=1) / 0.5**2)
            part = (slope * np.sqrt(weight)[:, None, None]).reshape(-1, 4)
            pull = (off * np.sqrt(weight)[:, None]).ravel()
            step = np.linalg.solve(part.T @ part + 1e-9 * np.eye(4), part.T @ pull)
            turn, grown = _matrix(step[:3]) @ turn, grown + float(step[3])
            if np.abs(step).max() < 1e-6:
                break
        off, _ = _misses(rays @ turn.T, place, np.exp(grown))
        missed = float(np.median(np.linalg.norm(off, axis=1))) * self._focal
        fit = np.append(_vector(turn), grown)
        return (fit, missed) if missed < _BAD_FIT and abs(fit).max() < 1.5 else None


def camera_steps(rows: np.ndarray, size: tuple[int, int]) -> CameraSteps:
    """What (T, 6) rows of `BackgroundMotion.add` say together about pictures of (width, height)."""
    rows = np.asarray(rows, np.float64).reshape(-1, 6)
    scale = _scale(size)
    small = max(round(size[0] * scale), 8), max(round(size[1] * scale), 8)
    focal = focal_length(small, _VIEW) / scale
    zoom = np.exp(np.cumsum(rows[:, 3]))[:, None]
    # A turn about x (right) by a shifts the picture down; one about y shifts it left.
    pixels = np.stack([-rows[:, 1], rows[:, 0]], axis=1) * focal * zoom
    lost, cuts = (np.flatnonzero(rows[:, 5] >= kind).tolist() for kind in (_LOST, _CUT))
    followed = rows[:, 5] == _FOLLOWED
    carried = followed.any() and (rows[followed, 4] > _PARALLAX).mean() > _CARRIED
    return CameraSteps(pixels, rows[:, 2], rows[:, 3], tuple(lost), tuple(cuts), bool(carried))


def _scale(size: tuple[int, int]) -> float:
    return min(_WIDTH / max(size), 1.0)


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


def _matrix(turn: np.ndarray) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_rotvec(turn).as_matrix())


def _vector(turn: np.ndarray) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_matrix(turn).as_rotvec())


def _misses(seen: np.ndarray, place: np.ndarray, zoom: float) -> tuple[np.ndarray, np.ndarray]:
    """How far points (N, 3) are from where they were found (N, 2), at a focal length of one.

    Also the derivatives (N, 2, 4) of where they fall, by a further turn and by log zoom.
    """
    depth = np.maximum(seen[:, 2], 1e-3)
    x, y = seen[:, 0] / depth, seen[:, 1] / depth
    slope = np.empty((len(seen), 2, 4))
    slope[:, 0] = np.stack([-x * y, 1 + x * x, -y, x], axis=1)
    slope[:, 1] = np.stack([-1 - y * y, x * y, x, y], axis=1)
    return place - zoom * np.stack([x, y], axis=1), slope * zoom


def _between(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The step (4,) that leads from one fit to another."""
    turn = _vector(_matrix(after[:3]) @ _matrix(before[:3]).T)
    return np.append(turn, after[3] - before[3])
