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
from poselift.types import Extra

_AROUND = np.linspace(0, 2 * np.pi, 12, endpoint=False)
_TALL = 1.9  # metres
_ALONE = 0.6  # metres around somebody that stay in view
_STEP = 0.5  # metres by which the view widens and narrows
_NARROWS = 1.5  # seconds that a narrower view must have been enough
#: How far people's middle goes before the view follows, as a share of its reach, and the seconds
#: in which it does.
_FREE, _FOLLOWS = 0.3, 0.8
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
        self._wide_until = 0.0  # when a view as wide as now was last needed
        self._middle: np.ndarray | None = None  # (2,) of the view
        self._time = 0.0

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
        numbers = [person.number for person in people]
        left = draw_people(small, xy * scale, score, numbers, feet=_feet(people, scale))
        lifted = [person for person in people if person.pose3d is not None]
        picture = np.hstack([left, self._room(lifted, time)])
        letters = max(13, round(self._height / 37))
        pill(picture, caption, (picture.shape[1] - 10 * letters, 1.4 * letters), letters, _GREY)
        return picture

    def _room(self, people: Sequence[LivePerson], time: float) -> np.ndarray:
        poses = np.array([person.pose3d for person in people]).reshape(-1, 17, 3)
        score = np.array([person.score for person in people]).reshape(-1, 17)
        self._go_along(poses[:, 0, :2], time)
        if self._scene is None:
            ring = self._reach * np.stack([np.cos(_AROUND), np.sin(_AROUND)], axis=1)
            bounds = np.array([[x, y, z] for x, y in ring for z in (0, _TALL)])
            self._scene = Scene(bounds, (self._height, self._height), self._view, moved=True)
        self._scene.move([*(np.zeros(2) if self._middle is None else self._middle), 0])
        return self._scene.render(poses, [person.number for person in people], time, score)

    def _go_along(self, roots: np.ndarray, time: float) -> None:
        """Keep people at `roots` (P, 2) in view: wider at once, narrower after a while."""
        step, self._time = float(np.clip(time - self._time, 0, 0.5)), time
        if not len(roots):
            self._reach = self._reach or _ALONE
            return
        middle = (roots.min(axis=0) + roots.max(axis=0)) / 2
        if self._middle is None:
            self._middle = middle
        off = middle - self._middle
        away = float(np.linalg.norm(off))
        beyond = max(away - _FREE * max(self._reach, _ALONE), 0)
        share = 1 - np.exp(-step / _FOLLOWS)
        self._middle = self._middle + share * beyond * off / max(away, 1e-6)
        need = float(np.linalg.norm(roots - self._middle, axis=1).max())
        reach = _ALONE + _STEP * np.ceil(max(need - _FREE * _ALONE, 0) / _STEP)
        if reach >= self._reach:
            self._wide_until = time
        if reach > self._reach or time - self._wide_until > _NARROWS:
            self._reach, self._scene, self._wide_until = reach, None, time


def _feet(people: Sequence[LivePerson], scale: float) -> Extra | None:
    """Everybody's heels and toes in the picture that is drawn; None if they are not read."""
    feet = [person.feet for person in people if person.feet is not None]
    if not feet or len(feet) < len(people):
        return None
    xy, score = np.stack([one.xy for one in feet]), np.stack([one.score for one in feet])
    return Extra(feet[0].names, xy * scale, score)
