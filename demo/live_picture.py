"""The picture that live shows: the camera's frame beside its people in 3D."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poselift.drawing.layout import fit_image
from poselift.drawing.people2d import draw_people
from poselift.drawing.scene3d import Scene
from poselift.drawing.text import pill
from poselift.drawing.views import VIEWS
from poselift.live import LivePerson

#: World metres around the origin that one person needs: x and y either way, z from the floor.
_ROOM = np.array([[x, y, z] for x in (-1, 1) for y in (-0.4, 0.4) for z in (0, 1.9)])
_ALONE, _FREE = 0.6, 0.3  # metres that stay in view on either side, and how far one goes in them
_STEP = 1.0  # metres by which the view widens
_GREY = (90, 90, 90)


class LivePicture:
    """Draws frames with their 2D skeletons on the left and the room on the right.

    Args:
        height: pixels, of the picture.
        view: of the room, one of `drawing.views.VIEWS`.
    """

    def __init__(self, height: int, view: str) -> None:
        self._height = height
        self._views = [name for name in VIEWS if name != "top"]
        self._view = view
        self._scene: Scene | None = None
        self._reach = 0.0

    def next_view(self) -> None:
        """Look at the room from the next of the views."""
        here = self._views.index(self._view) if self._view in self._views else -1
        self._view = self._views[(here + 1) % len(self._views)]
        self._scene = None

    def draw(
        self, image: np.ndarray, time: float, people: Sequence[LivePerson], caption: str
    ) -> np.ndarray:
        """(height, W, 3) BGR: the image, (H, W, 3), its people and a line of text."""
        height, width = image.shape[:2]
        scale = self._height / height
        small = fit_image(image, (max(round(width * scale), 1), self._height))
        xy = np.array([person.xy for person in people]).reshape(-1, 17, 2)
        score = np.array([person.score for person in people]).reshape(-1, 17)
        left = draw_people(small, xy * scale, score, [person.number for person in people])
        lifted = [person for person in people if person.pose3d is not None]
        picture = np.hstack([left, self._room(lifted, time)])
        letters = max(13, round(self._height / 37))
        pill(picture, caption, (picture.shape[1] - 10 * letters, 1.4 * letters), letters, _GREY)
        return picture

    def _room(self, people: Sequence[LivePerson], time: float) -> np.ndarray:
        poses = np.array([person.pose3d for person in people]).reshape(-1, 17, 3)
        roots = np.abs(poses[:, 0, :2]).max(initial=0.0)
        # In whole steps, so that the picture does not breathe with every one of theirs.
        reach = _ALONE + _STEP * np.ceil(max(float(roots) - _FREE, 0) / _STEP)
        if self._scene is None or reach > self._reach:
            self._reach = max(reach, self._reach)
            bounds = _ROOM * [self._reach, max(self._reach, 0.4) / 0.4, 1]
            self._scene = Scene(bounds, (self._height, self._height), self._view)
        return self._scene.render(poses, [person.number for person in people], time)
