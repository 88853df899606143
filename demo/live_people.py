"""What live keeps for each person, and the room that it draws them in."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from poselift.detectors.similarity import person_size
from poselift.drawing.layout import fit_image
from poselift.drawing.people2d import draw_people
from poselift.drawing.scene3d import Scene
from poselift.drawing.text import pill
from poselift.drawing.views import VIEWS
from poselift.media.camera import LiveCamera
from poselift.scene.world import LEVEL, rotate
from poselift.settings import Settings
from poselift.types import Frame

if TYPE_CHECKING:
    from poselift.lifter.clip import ClipLifter

_FORGET = 30  # frames without a sight after which somebody's past counts no more
_FLOOR_MEMORY = 150  # poses over which the floor under somebody is found


class LivePerson:
    """One person's stream, and the pose that came out of it last."""

    def __init__(
        self, number: int, lift: ClipLifter, camera: LiveCamera, settings: Settings
    ) -> None:
        from poselift import lifter
        from poselift.detectors.smooth import OneEuro

        self.number = number
        self.pose: np.ndarray | None = None  # (17, 3) world metres, on the floor, on the spot
        self.xy = np.zeros((17, 2), np.float32)
        self.score = np.zeros(17, np.float32)
        self._stream = lifter.Stream(
            lift, image_size=camera.size, lookahead=settings.lookahead, fps=camera.fps
        )
        self._smooth = OneEuro() if settings.smooth != "off" else None
        self._unseen = 0
        self._lowest: deque[float] = deque(maxlen=_FLOOR_MEMORY)

    @property
    def gone(self) -> bool:
        """Whether the person was not seen for so long that a return begins anew."""
        return self._unseen > _FORGET

    def push(self, joints: tuple[np.ndarray, np.ndarray] | None, time: float) -> None:
        """Take the joints of the next frame, in H36M-17; None where the person was not seen."""
        if joints is None:
            self._unseen += 1
            self.score = np.zeros(17, np.float32)
        else:
            self._unseen = 0
            self.xy, self.score = joints
            if self._smooth is not None:
                size = float(person_size(self.xy[None], self.score[None])[0])
                self.xy = self._smooth(self.xy, self.score, time, size)
        pose = self._stream.push(self.xy, self.score)
        if pose is not None:
            self.pose = self._standing(rotate(pose, LEVEL))

    def _standing(self, pose: np.ndarray) -> np.ndarray:
        """On a floor that follows slowly: the lowest that a joint has lately been."""
        self._lowest.append(float(pose[:, 2].min()))
        # A low percentile, so that a jump leaves the floor and one bad frame does not sink it.
        floor = float(np.percentile(self._lowest, 10))
        return pose - np.array([0, 0, floor], np.float32)


class LiveRoom:
    """Draws the camera's picture beside the people in 3D."""

    def __init__(self, height: int, view: str) -> None:
        self._height = min(height, 480)
        self._views = [name for name in VIEWS if name != "top"]
        self._view = view
        self._scene: Scene | None = None
        self._spread = 0.0

    def next_view(self) -> None:
        """Look from the next of the views."""
        here = self._views.index(self._view) if self._view in self._views else -1
        self._view = self._views[(here + 1) % len(self._views)]
        self._scene = None

    def picture(self, frame: Frame, people: list[LivePerson], facts: str) -> np.ndarray:
        """The frame with its 2D skeletons on the left, the room on the right."""
        height, width = frame.image.shape[:2]
        scale = self._height / height
        left_size = (max(round(width * scale), 1), self._height)
        small = fit_image(frame.image, left_size)
        ids = [person.number for person in people]
        xy = np.array([person.xy for person in people]).reshape(-1, 17, 2) * scale
        score = np.array([person.score for person in people]).reshape(-1, 17)
        left = draw_people(small, xy, score, ids)
        right = self._room(frame.time, people, ids, xy, width * scale)
        picture = np.hstack([left, right])
        pill(picture, facts, (picture.shape[1] - 130, 18), 13, (90, 90, 90))
        return picture

    def _room(
        self, time: float, people: list[LivePerson], ids: list[int], xy: np.ndarray, width: float
    ) -> np.ndarray:
        poses = np.array([person.pose for person in people]).reshape(-1, 17, 3)
        if len(people) > 1:
            # Side by side as in the picture; how far apart is a guess, that they are in order not.
            poses = poses + np.stack(
                [(xy[:, 0, 0] / width - 0.5) * 3, np.zeros(len(xy)), np.zeros(len(xy))], axis=-1
            )[:, None].astype(np.float32)
        spread = 1.6 if len(people) > 1 else 0.6
        if self._scene is None or spread > self._spread:
            self._spread = max(spread, self._spread)
            room = np.array([[x, y, z] for x in (-1, 1) for y in (-0.4, 0.4) for z in (0, 1.9)])
            bounds = room * [self._spread, 1, 1]
            self._scene = Scene(bounds, (self._height, self._height), self._view)
        return self._scene.render(poses, ids, time)
