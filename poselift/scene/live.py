"""One room while the camera is still running: learned in the first seconds, then held."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from poselift.scene.balance import ANKLES, metre_in_pixels
from poselift.scene.bones import reach
from poselift.scene.camera import world_from_camera
from poselift.scene.estimate import Belief, Search
from poselift.scene.evidence import planted_by_both
from poselift.scene.rays import FIELD_OF_VIEW, Sight, focal_length, joint_weights, look, turn_to
from poselift.scene.smoothing import blurred
from poselift.types import Motion, Track

#: Seconds of sight after which the camera is found anew; after the last it is held.
_LEARN_AT = (2.0, 4.0, 8.0, 16.0, 30.0)
_MOST_FRAMES = 900
_LEAST_FRAMES = 20  # of somebody, to be heard
_MOST_PEOPLE = 4  # are listened to
_EASE = 0.7  # seconds in which the room turns to a better belief
#: Seconds over which what is seen replaces what was thought, along and across the line of sight.
_ALONG, _ACROSS = 0.6, 0.04
_SLOW = 0.4  # metres per second: slower ankles are planted
#: Chances above which a foot is held where it stands, and below which it is let go.
_HOLD, _LET_GO = 0.5, 0.3
_FARTHEST = 0.12  # metres that a foot is moved
#: Seconds in which a held foot gives way to where it is seen, and in which one that was let go is
#: where it is seen again.
_GIVES, _FREED = 4.0, 0.08
_SINK = 2.0  # seconds in which a wrong slope of the floor is forgotten


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


@dataclass
class _Past:
    """What is kept of one person."""

    pose: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    xy: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    score: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    times: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    said: deque[Says | None] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    root: np.ndarray | None = None
    planted: np.ndarray = field(default_factory=lambda: np.zeros(2))
    held: np.ndarray = field(default_factory=lambda: np.zeros(2, bool))
    spot: np.ndarray = field(default_factory=lambda: np.zeros((2, 3)))
    shift: np.ndarray = field(default_factory=lambda: np.zeros((2, 3)))
    feet: np.ndarray = field(default_factory=lambda: np.zeros((2, 3)))
    ankles: np.ndarray = field(default_factory=lambda: np.zeros((2, 2)))
    speed: np.ndarray = field(default_factory=lambda: np.zeros(2))
    height: float = 0.0
    time: float = 0.0


def warm_up_room() -> None:
    """Import what finding the camera needs, so that no frame waits for it."""
    blurred(np.zeros((3, 1)), 1.0)


class LiveRoom:
    """Puts people into one room frame by frame.

    Until two seconds were seen the camera is level and usual. Then it is found from everybody, a
    step a frame, and again after 4, 8, 16 and 30 seconds; the room turns to each better belief
    smoothly.

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
        self._belief: Belief | None = None
        self._search: Search | None = None
        self._learned = 0
        self._watched = 0.0
        self._time: float | None = None
        self._origin: np.ndarray | None = None
        self._people: dict[int, _Past] = {}

    @property
    def belief(self) -> Belief | None:
        """What is believed of the camera; None in the first seconds."""
        return self._belief

    def frame(self, time: float) -> None:
        """A new frame has come: turn to what is believed. To be called before its people."""
        step = 0.0 if self._time is None else float(np.clip(time - self._time, 0, 0.2))
        self._time = time
        if self._people:
            self._watched += step
        self._turn(step)

    def learn(self) -> None:
        """One step of finding the camera, where it is time to. To be called once a frame."""
        if self._search is not None:
            found = self._search.step()
            if found is not None:
                self._belief, self._search = found, None
        elif self._learned < len(_LEARN_AT) and self._watched >= _LEARN_AT[self._learned]:
            self._learned += 1
            motions = self._heard()
            self._search = Search(motions, self._size) if motions else None

    def _heard(self) -> list[Motion]:
        """The past of those who were seen longest, as if it were a clip."""
        by_length = sorted(self._people.values(), key=lambda past: -len(past.pose))
        motions = []
        for number, past in enumerate(by_length[:_MOST_PEOPLE]):
            count = len(past.pose)
            if count < _LEAST_FRAMES:
                continue
            track = Track(number, np.arange(count), np.stack(past.xy), np.stack(past.score))
            rate = (count - 1) / max(past.times[-1] - past.times[0], 1e-3)
            pose = np.stack(past.pose).astype(np.float32)
            motion = Motion(track, pose, rate, "live", np.zeros(count, bool))
            said = [one for one in past.said if one is not None]
            if len(said) == count:
                ups, sure, planted = (
                    np.stack([getattr(one, name) for one in said])
                    for name in ("up", "up_certainty", "planted")
                )
                motion = replace(motion, up=ups, up_certainty=sure, planted=planted)
            motions.append(motion)
        return motions

    def _turn(self, step: float) -> None:
        """Towards what is believed, by the share that the time allows."""
        if self._belief is None:
            return
        share = 1 - np.exp(-step / _EASE)
        before = world_from_camera(self._up)
        grown = (self._belief.focal / self._focal) ** share
        up = self._up + share * (self._belief.up - self._up)
        self._up = up / np.linalg.norm(up)
        self._focal *= grown
        after = world_from_camera(self._up)
        # Distances grow with the focal length, for people as for the spot that is looked at.
        if self._origin is not None:
            self._origin = self._origin * [1, 1, grown]
        for past in self._people.values():
            if past.root is not None:
                high = float(before[2] @ past.root)
                past.root, past.spot = past.root * [1, 1, grown], past.spot * [1, 1, grown]
                past.height += float(after[2] @ past.root) - high

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
        step = time - past.time
        weight = joint_weights(xy[None], score[None])
        points = xy[None].astype(np.float64)
        sight = look(along_ray[None], points, weight, self._focal, self._centre)
        metre = float(metre_in_pixels(along_ray[None], points, weight)[0])
        seen = weight[0, ANKLES] > 0.25
        self._follow(past, sight, points[0], metre, time, seen, bool(weight.any()))
        assert past.root is not None
        if self._origin is None:
            self._origin = past.root
        to_world = world_from_camera(self._up)
        body = _hold_feet(past, sight.pose[0] + past.root, step)
        world = body @ to_world.T - np.append((to_world @ self._origin)[:2], past.height)
        return np.asarray(world, np.float32)

    def _follow(
        self,
        past: _Past,
        sight: Sight,
        xy: np.ndarray,
        metre: float,
        time: float,
        seen_feet: np.ndarray,
        known: bool,
    ) -> None:
        """The pelvis, in camera space: carried on by planted feet, corrected by what is seen."""
        feet, ankles = sight.pose[0, ANKLES], xy[list(ANKLES)]
        seen, ray = sight.root[0], sight.ray[0]
        up = self._up
        step = time - past.time
        if past.root is None or not 0 < step < 1:
            past.root, past.height, past.speed = seen, float(seen @ up), np.full(2, 9.0)
        elif known:
            speed = np.linalg.norm(ankles - past.ankles, axis=1) / max(metre, 1e-6) / step
            past.speed = past.speed + 0.5 * (speed - past.speed)
            planted = np.exp(-np.square(past.speed / _SLOW))
            if (said := past.said[-1]) is not None:
                planted = planted_by_both(said.planted, planted, seen_feet)
            past.planted = planted
            carried = (planted[:, None] * (past.feet - feet)).sum(axis=0)
            guess = past.root + carried / max(float(planted.sum()), 1.0)
            off = seen - guess
            along = (off @ ray) * ray
            past.root = (
                guess
                + (1 - np.exp(-step / _ALONG)) * along
                + (1 - np.exp(-step / _ACROSS)) * (off - along)
            )
            past.height += (1 - np.exp(-step / _SINK)) * (past.root @ up - past.height)
        past.feet, past.ankles, past.time = feet, ankles, time

    def forget(self, number: int) -> None:
        """The person is gone."""
        self._people.pop(number, None)


def _hold_feet(past: _Past, body: np.ndarray, step: float) -> np.ndarray:
    """The body (17, 3) with the feet that stand where they stood, bent at the knees.

    Spots are in the camera's axes, in which they stay when the room turns to a better belief.
    """
    step = float(np.clip(step, 0, 0.2))
    for side, ankle in enumerate(ANKLES):
        seen_at = body[ankle].copy()
        if not past.held[side]:
            past.spot[side] = seen_at + past.shift[side]
        past.held[side] = past.planted[side] > (_LET_GO if past.held[side] else _HOLD)
        if past.held[side]:
            past.spot[side] += (1 - np.exp(-step / _GIVES)) * (seen_at - past.spot[side])
            wanted = past.spot[side] - seen_at
            far = float(np.linalg.norm(wanted))
            past.shift[side] = wanted * min(1.0, _FARTHEST / max(far, 1e-9))
            past.spot[side] = seen_at + past.shift[side]
        else:
            past.shift[side] *= np.exp(-step / _FREED)
        if past.shift[side].any():
            body = reach(body[None], side, (seen_at + past.shift[side])[None])[0]
    return body


@dataclass(frozen=True)
class _Said:
    """What was said of a frame, with up as seen along the line of sight."""

    up: np.ndarray
    up_certainty: np.ndarray
    planted: np.ndarray


def _turned(said: Says, turn: np.ndarray) -> _Said:
    up = np.asarray(said.up, np.float64) @ turn
    return _Said(up, np.asarray(said.up_certainty), np.asarray(said.planted))
