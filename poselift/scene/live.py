"""One room while the camera is still running: learned in the first seconds, then held."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from poselift.scene.balance import ANKLES, metre_in_pixels
from poselift.scene.camera import world_from_camera
from poselift.scene.estimate import Belief, Search
from poselift.scene.live_camera import LiveCamera, with_lens
from poselift.scene.live_person import PersonNow, Seen
from poselift.scene.planted import Moves
from poselift.scene.rays import FIELD_OF_VIEW, focal_length, joint_weights, look, turn_to
from poselift.scene.smoothing import blurred
from poselift.types import Motion, Track

#: Seconds of sight after which the camera is found anew; after the last it is held.
_LEARN_AT = (2.0, 4.0, 8.0, 16.0, 30.0)
_MOST_FRAMES = 900
_LEAST_FRAMES = 20  # of somebody, to be heard
_MOST_PEOPLE = 4  # are listened to
_SEEN = 0.25  # the score of an ankle that is seen
_EASE = 0.7  # seconds in which the room turns to a better belief


class Says(Protocol):
    """What a lifter says of one frame besides the pose, as `poselift.types.Motion` has it."""

    @property
    def up(self) -> np.ndarray:
        """(3,) unit vector."""

    @property
    def up_certainty(self) -> np.ndarray:
        """0..1."""

    @property
    def planted(self) -> np.ndarray:
        """(2,) chances of the right and left foot."""

    @property
    def closeness(self) -> np.ndarray | None:
        """(2,) 1 / metres, and its standard deviation; None if it is not said."""

    @property
    def velocity(self) -> np.ndarray | None:
        """(4,) metres a second, and the expected error; None likewise."""


@dataclass
class _Past:
    """What is kept of one person."""

    pose: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    xy: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    score: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    times: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    said: deque[Says | None] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    turn: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    now: PersonNow = field(default_factory=PersonNow)
    grown: float = 1.0  # the size that is believed, against the lifted body


def warm_up_room() -> None:
    """Import what finding the camera needs, so that no frame waits for it."""
    blurred(np.zeros((3, 1)), 1.0)
    with_lens(np.eye(3), (640, 480), 640.0)


class LiveRoom:
    """Puts people into one room frame by frame.

    Until two seconds were seen the camera is level and usual. Then it is found from everybody, a
    step a frame, and again after 4, 8, 16 and 30 seconds; the room turns to each better belief
    smoothly. A camera that turns takes nobody along, where its turns are told.

    Args:
        size: (width, height) of the picture.
        lifted_view: degrees across the longer side that the lifter assumed.
    """

    def __init__(self, size: tuple[int, int], lifted_view: float = FIELD_OF_VIEW) -> None:
        self._size = size
        self._centre = np.array(size, np.float64) / 2
        self._assumed = focal_length(size, lifted_view)
        self._up = np.array([0.0, -1.0, 0.0])
        self._focal = focal_length(size, FIELD_OF_VIEW)
        #: To the first frame's axes from this one's: of a lens of 55 degrees, and of the believed.
        self._usual_turn, self._camera = np.eye(3), np.eye(3)
        self._belief: Belief | None = None
        self._search: Search | None = None
        self._learned = 0
        self._watched = 0.0
        self._time: float | None = None
        self._origin: np.ndarray | None = None
        self._height: float | None = None
        self._people: dict[int, _Past] = {}
        self._listened: list[_Past] = []  # by the numbers of the motions that are searched

    @property
    def belief(self) -> Belief | None:
        """What is believed of the camera; None in the first seconds."""
        return self._belief

    def frame(self, time: float, turn: np.ndarray | None = None) -> None:
        """A new frame has come: turn to what is believed. To be called before its people.

        `turn` (3, 3) is what `LiveCamera.follow` says; None where nobody looked.
        """
        if turn is not None and (turn != self._usual_turn).any():
            self._usual_turn = turn
            before, self._camera = self._camera, self._with_lens(turn)
            for past in self._people.values():
                past.now.picture_turned(self._camera.T @ before, self._focal, self._centre)
        step = 0.0 if self._time is None else float(np.clip(time - self._time, 0, 0.2))
        self._time = time
        if self._people:
            self._watched += step
        self._turn(step)

    def learn(self, camera: LiveCamera | None = None) -> None:
        """One step of finding the camera, where it is time to. To be called once a frame.

        `camera` is what follows its turns: it may have shown the lens.
        """
        if self._search is not None:
            found = self._search.step()
            if found is not None:
                self._belief, self._search = found, None
                for number, size in found.sizes.items():
                    self._listened[number].grown = size
        elif self._learned < len(_LEARN_AT) and self._watched >= _LEARN_AT[self._learned]:
            self._learned += 1
            motions = self._heard()
            if motions:
                lens = None if camera is None else camera.lens
                self._search = Search(motions, self._size, moves=self._moves(), shown=lens)

    def _heard(self) -> list[Motion]:
        """The past of those who were seen longest, as if it were a clip."""
        by_length = sorted(self._people.values(), key=lambda past: -len(past.pose))
        long_enough = [past for past in by_length if len(past.pose) >= _LEAST_FRAMES]
        self._listened = long_enough[:_MOST_PEOPLE]
        motions: list[Motion] = []
        first = 0
        for number, past in enumerate(self._listened):
            count = len(past.pose)
            frames = np.arange(first, first + count)  # rows of `_moves`
            first += count
            track = Track(number, frames, np.stack(past.xy), np.stack(past.score))
            rate = (count - 1) / max(past.times[-1] - past.times[0], 1e-3)
            pose = np.stack(past.pose).astype(np.float32)
            motion = Motion(track, pose, rate, "live", np.zeros(count, bool))
            said = [one for one in past.said if one is not None]
            if len(said) == count:
                motion = replace(
                    motion,
                    up=np.stack([one.up for one in said]),
                    up_certainty=np.stack([one.up_certainty for one in said]),
                    planted=np.stack([one.planted for one in said]),
                )
                near = [one.closeness for one in said if one.closeness is not None]
                goes = [one.velocity for one in said if one.velocity is not None]
                if len(near) == len(goes) == count:
                    motion = replace(motion, closeness=np.stack(near), velocity=np.stack(goes))
            motions.append(motion)
        return motions

    def _moves(self) -> Moves | None:
        """How the camera turned, a row for each frame of each of the motions that are heard."""
        usual = np.array([turn for past in self._listened for turn in past.turn])
        if (usual == np.eye(3)).all():
            return None
        turn = self._with_lens(usual)
        centre = float(self._centre[0]), float(self._centre[1])
        return Moves(turn, np.ones(len(turn)), self._focal, centre)

    def _with_lens(self, turn: np.ndarray) -> np.ndarray:
        """Turns as the believed lens has them."""
        return with_lens(turn, self._size, self._focal)

    def _turn(self, step: float) -> None:
        """Towards what is believed, by the share that the time allows."""
        if self._belief is None:
            return
        share = 1 - np.exp(-step / _EASE)
        before = self._up
        further = (self._belief.focal / self._focal) ** share
        up = self._up + share * (self._belief.up - self._up)
        self._up = up / np.linalg.norm(up)
        self._focal *= further
        self._height = self._belief.height
        # Distances grow with the focal length, for people as for the spot that is looked at.
        if self._origin is not None:  # was seen by the first frame's camera
            self._origin = self._origin * [1, 1, further]
        camera = self._with_lens(self._usual_turn)
        away = camera @ np.diag([1, 1, further]) @ self._camera.T
        self._camera = camera
        for past in self._people.values():
            past.now.turn(before, self._up, away, (past.grown / past.now.size) ** share)

    def place(self, number: int, pose: np.ndarray, xy: np.ndarray, score: np.ndarray,
              time: float, said: Says | None = None) -> np.ndarray:  # fmt: skip
        """The pose (17, 3) in the room: where the person is, z from near the pelvis.

        Args:
            number: the person's.
            pose: (17, 3) metres from the pelvis, in camera space as lifted.
            xy: (17, 2) pixels of the same frame, `score` (17,).
            time: seconds.
            said: what the lifter says besides, of the same frame.
        """
        past = self._people.setdefault(number, _Past())
        ahead = np.append(xy[0] - self._centre, self._assumed)
        along_ray = np.asarray(pose, np.float64) @ turn_to(ahead)
        past.pose.append(along_ray)
        past.xy.append(np.array(xy, np.float64))
        past.score.append(np.array(score))
        past.times.append(time)
        past.said.append(None if said is None else _turned(said, turn_to(ahead)))
        past.turn.append(self._usual_turn)
        weight = joint_weights(xy[None], score[None])
        points = xy[None].astype(np.float64)
        metre = float(metre_in_pixels(along_ray[None], points, weight)[0])
        body = along_ray[None] * past.now.size
        sight = look(body, points, weight, self._focal, self._centre, self._camera[None])
        feet = weight[0, ANKLES] > _SEEN
        planted = None if said is None else said.planted
        seen = Seen(sight, points[0], metre, feet, bool(weight.any()), planted, time)
        body = past.now.follow(seen, self._up, self._height)
        assert past.now.root is not None
        if self._origin is None:
            self._origin = past.now.root
        to_world = world_from_camera(self._up)
        world = body @ to_world.T - np.append((to_world @ self._origin)[:2], past.now.floor)
        return np.asarray(world, np.float32)

    def forget(self, number: int) -> None:
        """The person is gone."""
        self._people.pop(number, None)


@dataclass(frozen=True)
class _Said:
    """What was said of a frame, with up as seen along the line of sight."""

    up: np.ndarray
    up_certainty: np.ndarray
    planted: np.ndarray
    closeness: np.ndarray | None
    velocity: np.ndarray | None


def _turned(said: Says, turn: np.ndarray) -> _Said:
    up = np.asarray(said.up, np.float64) @ turn
    velocity = said.velocity
    if velocity is not None:
        velocity = np.append(velocity[:3] @ turn, velocity[3])
    certainty, planted = np.asarray(said.up_certainty), np.asarray(said.planted)
    return _Said(up, certainty, planted, said.closeness, velocity)
