"""Framing a clip as a whole: at one scale, going along with people who cross a long way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from poselift.drawing.viewpoint import ViewPath, Viewpoint, frame_view, outline

_SAMPLES = 400  # frames that are looked at for framing
_CALM_SECONDS = 1.5  # over which the middle of the people is smoothed
#: A view goes along where that brings it nearer by this share, and leaves out rare positions where
#: that does.
_WORTH_GOING, _WORTH_LEAVING_OUT = 0.75, 0.6
#: Metres from which people are a third of a picture high: a view that is as near stands still, in
#: which a way is seen best.
_LARGE_ENOUGH = 9.0
_RARE = 0.05  # of all positions: more are never left out
_WORTH_THE_CAMERA = 1.5  # times as far away
_CROWD, _WIDE = 4, 3.0  # people at once, and metres around their middle
_CROWD_LIFT = 16.0  # degrees further up, from where a crowd does not hide itself


@dataclass(frozen=True)
class FollowingView:
    """A view of one scale whose target goes along with the people, and never turns for it.

    Attributes:
        path: the view at its first target.
        times: (N,) seconds, `shifts` (N, 3) metres from the first target at them.
        reach: metres around the target that people get.
    """

    path: ViewPath
    times: np.ndarray
    shifts: np.ndarray
    reach: float
    still: bool = False

    @property
    def view(self) -> str:
        """One of `views.VIEWS`."""
        return self.path.view

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the picture."""
        return self.path.size

    @property
    def target(self) -> np.ndarray:
        """(3,) what it looks at first."""
        return self.path.target

    @property
    def distance(self) -> float:
        """Metres from the target's plane."""
        return self.path.distance

    def camera(self, time: float = 0.0, frame: int = 0) -> Viewpoint:
        """The camera at `time` seconds."""
        still = self.path.camera(time)
        return replace(still, position=still.position + self.shift(time))

    def shift(self, time: float) -> np.ndarray:
        """(3,) metres that the target has gone at `time` seconds."""
        return np.array([np.interp(time, self.times, column) for column in self.shifts.T])


def frame_clip(
    view: str,
    size: tuple[int, int],
    poses: np.ndarray,
    time: np.ndarray,
    filming: np.ndarray | None = None,
) -> ViewPath | FollowingView:
    """The view that shows the people of a clip largest, at one scale throughout.

    Args:
        view: one of `views.VIEWS`.
        size: (width, height) of the picture.
        poses: (P, T, 17, 3) world metres, NaN where somebody is absent.
        time: (T,) seconds.
        filming: (T, 3) where the camera was that filmed, to be in view too if it is near.
    """
    every = max(len(time) // _SAMPLES, 1)
    some, at = np.asarray(poses[:, ::every], np.float64), np.asarray(time[::every], np.float64)
    there: np.ndarray = np.asarray(np.isfinite(some[:, :, 0]).all(axis=2))  # (P, N)
    middle, reach = _middles(some[:, :, 0], there, at)
    lift = 0.0
    if view == "three-quarter" and len(at) and there.sum(axis=0).max(initial=0) >= _CROWD:
        lift = _CROWD_LIFT * float(np.clip(reach / _WIDE - 1, 0, 1))
    eye = None if filming is None else np.asarray(filming, np.float64)[::every]
    everywhere = outline(poses)
    still = _best(view, size, everywhere, lift)
    if there.any() and len(at) > 1 and still.distance > _LARGE_ENOUGH:
        shifts = middle - middle[0]
        around = (some - shifts[None, :, None])[there]
        along = _best(view, size, around, lift)
        if along.distance < _WORTH_GOING * still.distance:
            eye = None if eye is None else eye - shifts
            return FollowingView(_with_eye(along, around, eye), at, shifts, reach)
    return _with_eye(still, everywhere, eye)


def _with_eye(view: ViewPath, points: np.ndarray, eye: np.ndarray | None) -> ViewPath:
    """The view with the camera that filmed, `eye` (N, 3), in it as well, where it is near."""
    if eye is None:
        return view
    points = np.concatenate([np.asarray(points, np.float64).reshape(-1, 3), eye])
    both = frame_view(view.view, view.size, points, lift=view.lift)
    return both if both.distance < _WORTH_THE_CAMERA * view.distance else view


def _best(view: str, size: tuple[int, int], points: np.ndarray, lift: float) -> ViewPath:
    """The view that holds all points, or all but a few that would make everybody small."""
    points = np.asarray(points, np.float64).reshape(-1, 3)
    points = points[np.isfinite(points).all(axis=1)]
    whole = frame_view(view, size, points, lift=lift)
    if len(points) > 100:
        away = np.linalg.norm(points - np.median(points, axis=0), axis=1)
        near = points[away <= np.quantile(away, 1 - _RARE)]
        most = frame_view(view, size, near, lift=lift)
        if most.distance < _WORTH_LEAVING_OUT * whole.distance:
            return most
    return whole


def _middles(roots: np.ndarray, there: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, float]:
    """(N, 3) the calm middle of the people on the floor, and the metres around it they get."""
    from poselift.gaps import at_times
    from poselift.smoothing import smooth_series

    known = there.any(axis=0)
    if not known.any():
        return np.zeros((len(time), 3)), 0.0
    flat, rows = roots[..., :2], np.arange(len(time))
    low = np.where(there[..., None], flat, np.inf).min(axis=0)[known]
    high = np.where(there[..., None], flat, -np.inf).max(axis=0)[known]
    middle = at_times((low + high) / 2, rows[known], rows)
    step = float(np.median(np.diff(time))) if len(time) > 1 else 1.0
    middle = smooth_series(middle, np.ones_like(middle), _CALM_SECONDS / max(step, 1e-3))
    away = np.linalg.norm(flat - middle, axis=-1)[there]
    return np.column_stack([middle, np.zeros(len(time))]), float(away.max())
