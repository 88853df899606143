"""People in a room, drawn by our own projection: fast enough for video, at a constant scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from poselift.drawing.body3d import body_pieces, body_scale, paint
from poselift.drawing.following import FollowingView, frame_clip
from poselift.drawing.ground import Ground
from poselift.drawing.shadow import cast_shadows
from poselift.drawing.style import DARK, Theme, accent, certainty, mix, opacity
from poselift.drawing.text import pill
from poselift.drawing.trails import draw_filming_camera, draw_trails, moves
from poselift.drawing.viewpoint import (
    FilmedView,
    ViewPath,
    Viewpoint,
    filmed_view,
    frame_view,
    outline,
)
from poselift.drawing.views import CAMERA
from poselift.skeleton import H36M17

_HEAD = H36M17.index("head")
UNSEEN = 0.3  # how opaque a joint of score 0 stays: the lifter does say where it is
FILLED = 0.45  # how opaque somebody is who was interpolated


class Scene:
    """A room framed once for a whole clip; each frame of it is one `render`.

    >>> standing = np.zeros((1, 17, 3)) + [0, 0, 1]
    >>> scene = Scene(standing, size=(64, 64), view="front")
    >>> scene.render(standing, [1]).shape
    (64, 64, 3)
    """

    def __init__(
        self,
        bounds: np.ndarray,
        size: tuple[int, int] = (720, 720),
        view: str = "three-quarter",
        theme: Theme = DARK,
        camera: Mapping[str, Any] | None = None,
        time: np.ndarray | None = None,
        moved: bool = False,
    ) -> None:
        """Frame the room.

        Args:
            bounds: (..., 3) world positions that must stay in view, such as every pose of the
                clip; NaN is ignored, and nothing at all gives room for one person.
            size: (width, height) in pixels.
            view: one of `views.VIEWS`, or `views.CAMERA`.
            theme: the colours.
            camera: the clip's camera as in a result's `meta["camera"]`, for `views.CAMERA`; one
                that moved is drawn in the other views.
            time: (T,) seconds of bounds (P, T, 17, 3), so that the view can go along with people.
            moved: whether `move` will be called, to go along with people who are not known yet.
        """
        self.size, self.view, self.theme = size, view, theme
        self._filmed = camera if moves(camera) and view != CAMERA else None
        points = outline(bounds)
        self.rig: ViewPath | FollowingView | FilmedView
        if view == CAMERA:
            self.rig = filmed_view(camera, size, points)
        elif moved:
            flat = np.asarray(points, float).reshape(-1, 3)
            around = float(np.hypot(flat[:, 0], flat[:, 1]).max(initial=0.6))
            path = frame_view(view, size, points)
            self.rig = FollowingView(path, np.zeros(1), np.zeros((1, 3)), around)
        elif time is None:
            self.rig = frame_view(view, size, points)
        else:
            eye = None if self._filmed is None else np.asarray(self._filmed["position"])
            self.rig = frame_clip(view, size, bounds, time, eye)
        flat = np.asarray(points, float).reshape(-1, 3)
        away = np.hypot(*(flat[:, :2] - self.rig.target[:2]).T)
        reach = float(away[np.isfinite(away)].max(initial=0.6))
        if isinstance(self.rig, FollowingView):
            reach = self.rig.reach
        self._reach = reach
        self._ground = Ground(self.rig, reach, theme)
        self._scales: dict[int, float] = {}

    def move(self, shift: Sequence[float] | np.ndarray) -> None:
        """Look at what is `shift` (3,) metres from the bounds; only where that was announced."""
        assert isinstance(self.rig, FollowingView)
        self.rig = replace(self.rig, shifts=np.array(shift, float)[None])

    def render(
        self,
        poses: np.ndarray,
        ids: Sequence[int] | np.ndarray,
        time: float = 0.0,
        score: np.ndarray | None = None,
        filled: Sequence[bool] | np.ndarray | None = None,
        numbers: bool | None = None,
        out: np.ndarray | None = None,
        behind: np.ndarray | None = None,
        trails: Sequence[np.ndarray] | None = None,
        frame: int = 0,
        spread: np.ndarray | None = None,
    ) -> np.ndarray:
        """Draw one frame.

        Args:
            poses: (P, 17, 3) world metres; a person with any NaN is left out.
            ids: (P,) the people's numbers.
            time: seconds, which turn the turntable.
            score: (P, 17) in 0..1; limbs of low score fade.
            filled: (P,) True for people who were interpolated; they are drawn translucent.
            numbers: whether to write the numbers; by default if there is more than one person.
            out: (height, width, 3) uint8 to draw into, such as a part of a larger picture.
            behind: (height, width, 3) uint8, a picture to draw over instead of the empty room.
            trails: of each person, where they were up to now (N, 3), oldest first.
            frame: of the clip, for a camera that moves.
            spread: (P, 17) metres that joints may be off; limbs that are not sure fade.

        Returns:
            (height, width, 3) BGR uint8: `out` where it was given.
        """
        camera = self.rig.camera(time, frame)
        image = np.empty((*self.size[::-1], 3), np.uint8) if out is None else out
        if behind is None:
            shift = self.rig.shift(time) if isinstance(self.rig, FollowingView) else np.zeros(3)
            behind = self._ground.at(camera, shift)
        np.copyto(image, behind)
        if trails is not None:
            draw_trails(image, trails, ids, camera, self.theme)
        if self._filmed is not None:
            draw_filming_camera(image, self._filmed, frame, camera, self.theme)
        poses = np.asarray(poses, float).reshape(-1, len(H36M17), 3)
        there = np.flatnonzero(np.isfinite(poses).all((1, 2)))
        alphas = np.ones(poses.shape[:2])
        if score is not None:
            alphas = UNSEEN + (1 - UNSEEN) * opacity(score)
        if spread is not None:
            alphas = np.minimum(alphas, UNSEEN + (1 - UNSEEN) * certainty(spread))
        if filled is not None:
            alphas = np.where(np.asarray(filled, bool)[:, None], alphas * FILLED, alphas)
        people = [(poses[p], alphas[p], int(ids[p])) for p in there.tolist()]
        cast_shadows(image, poses[there], alphas[there].mean(1), camera, self.theme.shadow)
        self._draw_bodies(image, people, camera)
        if numbers is None:
            numbers = len(ids) > 1
        if numbers:
            self._draw_numbers(image, people, camera)
        return image

    def _draw_bodies(
        self, image: np.ndarray, people: list[tuple[np.ndarray, np.ndarray, int]], camera: Viewpoint
    ) -> None:
        pieces = []
        for pose, alpha, person in people:
            # The first size is kept, so that nobody seems to grow and shrink.
            scale = self._scales.setdefault(person, body_scale(pose))
            pieces += body_pieces(pose, alpha, person, camera, scale)
        haze = mix(self.theme.top, self.theme.bottom, 0.5)
        for piece in sorted(pieces, key=lambda piece: -piece.depth):
            far = (piece.depth - self.rig.distance) / max(2 * self._reach, 1.5)
            paint(image, piece, haze, float(np.clip(0.1 + 0.5 * far, 0, 0.4)), self.theme)

    def _draw_numbers(
        self, image: np.ndarray, people: list[tuple[np.ndarray, np.ndarray, int]], camera: Viewpoint
    ) -> None:
        for pose, _, person in people:
            xy, depth = camera.project(pose[_HEAD] + (0, 0, 0.2))
            letters = int(np.clip(0.13 * camera.scale(depth), 10, self.size[1] / 30 + 10))
            pill(image, str(person), (float(xy[0]), float(xy[1])), letters, accent(person))
