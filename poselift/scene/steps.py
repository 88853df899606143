"""How a clip's camera moved between frames, put together from what its background showed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poselift.scene.planted import Moves
from poselift.scene.rays import focal_length
from poselift.types import BACKGROUND

VIEW = 55.0  # degrees for which angles are counted; others follow from it
#: Whether a frame's background was followed.
FOLLOWED, LOST, CUT = 0.0, 1.0, 2.0
_WIDTH = 320  # pixels of the longer side that is looked at
#: Degrees that a camera must turn, and share that it must zoom, to count as one that moves. A pan
#: with another lens than is assumed looks like a little zoom.
_STILL_DEGREES, _STILL_ZOOM = 1.5, 0.12
#: Pixels of the small picture by which near and far part if a camera is carried, and the share of
#: frames in which they must.
_PARALLAX, _CARRIED = 0.45, 0.3
#: The doubt of a frame that still tells of the lens, how many are needed, and the doubt that
#: lasts: lenses bend lines, and shutters roll.
_LENS_DOUBT, _LENS_FRAMES, _LENS_LASTING = 0.15, 5, 0.08


def scale_of(size: tuple[int, int]) -> float:
    """How much smaller pictures are looked at."""
    return min(_WIDTH / max(size), 1.0)


@dataclass(frozen=True)
class CameraSteps:
    """What moved between frames, as far as it can be said without the focal length.

    Attributes:
        pixels: (T, 2) that the picture shifts right and down from the frame before.
        roll: (T,) radians clockwise; `zoom` (T,) logarithms of the growing focal length.
        lost: frames whose background could not be followed, cuts among them.
        cuts: frames with which another camera begins.
        carried: whether near and far parted, as they do when the camera itself moves.
        lens: (T, 2) logarithms of the first frame's focal length over that of 55 degrees, as turns
            show it, and 1 / their variances.
        missed: (T,) pixels of the small picture that no turn explains; NaN where nothing was
            followed.
    """

    pixels: np.ndarray
    roll: np.ndarray
    zoom: np.ndarray
    lost: tuple[int, ...] = ()
    cuts: tuple[int, ...] = ()
    carried: bool = False
    lens: np.ndarray | None = None
    missed: np.ndarray | None = None

    def between(self, first: int, end: int) -> CameraSteps:
        """Those of the frames from `first` to before `end`, which one camera filmed."""
        pixels, roll, zoom = (
            np.array(column[first:end]) for column in (self.pixels, self.roll, self.zoom)
        )
        pixels[:1], roll[:1], zoom[:1] = 0, 0, 0
        lost = tuple(frame - first for frame in self.lost if first < frame < end)
        lens = self.lens
        if lens is not None:  # of the focal length that this camera has first
            lens = lens[first:end] + np.array([self.zoom[: first + 1].sum(), 0.0])
        if self.missed is None:
            return CameraSteps(pixels, roll, zoom, lost, (), self.carried, lens)
        missed = self.missed[first:end]
        return CameraSteps(pixels, roll, zoom, lost, (), parted(missed), lens, missed)

    def standing(self) -> CameraSteps:
        """The same cuts, between which no camera moved."""
        pixels, roll, zoom = (np.zeros_like(a) for a in (self.pixels, self.roll, self.zoom))
        return CameraSteps(pixels, roll, zoom, self.lost, self.cuts)

    def focal(self, size: tuple[int, int]) -> tuple[float, float] | None:
        """The first frame's focal length in pixels and its doubt, as a share; None if not shown.

        Only what turns in one place shows it: parallax looks like any lens.
        """
        if self.lens is None or self.carried:
            return None
        return lens_shown(self.lens, size)

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


def lens_shown(lens: np.ndarray, size: tuple[int, int]) -> tuple[float, float] | None:
    """The focal length in pixels that turns show, and its doubt, as a share; None if too few do.

    `lens` (T, 2) are logarithms over that of 55 degrees, and 1 / their variances.
    """
    told = lens[lens[:, 1] > _LENS_DOUBT**-2]
    if len(told) < _LENS_FRAMES:
        return None
    told = told[np.argsort(told[:, 0])]
    share = np.cumsum(told[:, 1])
    value, sure = told[np.searchsorted(share, share[-1] / 2)]
    doubt = float(np.hypot(_LENS_LASTING, sure**-0.5))
    return focal_length(size, VIEW) * float(np.exp(value)), doubt


def camera_steps(rows: np.ndarray, size: tuple[int, int]) -> CameraSteps:
    """What (T, 8) rows of `BackgroundMotion.add` say together about pictures of (width, height)."""
    rows = np.asarray(rows, np.float64).reshape(-1, BACKGROUND)
    scale = scale_of(size)
    small = max(round(size[0] * scale), 8), max(round(size[1] * scale), 8)
    focal = focal_length(small, VIEW) / scale
    zoom = np.exp(np.cumsum(rows[:, 3]))[:, None]
    # A turn about x (right) by a shifts the picture down; one about y shifts it left.
    pixels = np.stack([-rows[:, 1], rows[:, 0]], axis=1) * focal * zoom
    lost, cuts = (np.flatnonzero(rows[:, 5] >= kind).tolist() for kind in (LOST, CUT))
    missed = np.where(rows[:, 5] == FOLLOWED, rows[:, 4], np.nan)
    lens = rows[:, 6:] - np.stack([np.cumsum(rows[:, 3]), np.zeros(len(rows))], axis=1)
    return CameraSteps(
        pixels, rows[:, 2], rows[:, 3], tuple(lost), tuple(cuts), parted(missed), lens, missed
    )


def parted(missed: np.ndarray) -> bool:
    """Whether near and far parted in many of the frames that were followed."""
    known = missed[np.isfinite(missed)]
    return bool(len(known)) and float((known > _PARALLAX).mean()) > _CARRIED
