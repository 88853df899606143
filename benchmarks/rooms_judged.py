"""How far a found room is from the true one: camera, ways, places, feet and flights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.rooms_cameras import FPS
from benchmarks.rooms_made import MadeRoom
from poselift.scene.camera import tilt_and_roll
from poselift.scene.stance import runs

_ANKLES = (3, 6)
_STILL_FOOT, _ON_FLOOR = 0.15, 0.05  # metres per second, metres: a foot that is truly planted
_SHORTEST_STANCE = 6  # frames
_WALKER = 1.5  # metres of way
_JUMP = 0.08  # metres that a flight rises


@dataclass
class Found:
    """What a method made of a made room: world poses, up in the camera, focal length in pixels."""

    worlds: Sequence[np.ndarray]
    up: np.ndarray
    focal: float
    seconds: float = 0.0


@dataclass
class Tally:
    """Errors of one method over many rooms; each list has one number a room, person or stance."""

    up: list[float] = field(default_factory=list)
    rolled: list[float] = field(default_factory=list)
    lens: list[float] = field(default_factory=list)
    way: list[float] = field(default_factory=list)
    places: list[float] = field(default_factory=list)
    slides: list[float] = field(default_factory=list)
    floats: list[float] = field(default_factory=list)
    flights: list[float] = field(default_factory=list)
    poses: list[float] = field(default_factory=list)
    acceleration: list[float] = field(default_factory=list)
    picture: list[float] = field(default_factory=list)
    true_picture: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, room: MadeRoom, found: Found) -> None:
        """Judge one room."""
        true_up = room.camera.up[0]
        self.up.append(_degrees(found.up, true_up))
        roll = tilt_and_roll(true_up)[1]
        if abs(roll) > 10 and room.camera.tilt < 70:
            self.rolled.append(abs(roll - tilt_and_roll(found.up)[1]))
        walked = [walk_of(person.world) for person in room.people]
        if max(walked) > 2:
            self.lens.append(abs(np.log(found.focal / room.camera.focal[0])))
        self.seconds.append(found.seconds)
        true = np.concatenate([person.world[:, 0] for person in room.people])
        turn, middle, target = turned_onto(np.concatenate([w[:, 0] for w in found.worlds]), true)
        middle[2] = target[2] = 0  # the floor is where it is
        fitted = [(np.asarray(w, float) - middle) @ turn.T + target for w in found.worlds]
        for person, world, way in zip(room.people, fitted, walked, strict=True):
            if way > _WALKER:
                self.way.append(_way_error(world[:, 0], person.world[:, 0]) / way)
            body, truth = world - world[:, :1], person.world - person.world[:, :1]
            self.poses.append(1000 * float(np.linalg.norm(body - truth, axis=-1).mean()))
            shake = np.diff(world, 2, axis=0) - np.diff(person.world, 2, axis=0)
            self.acceleration.append(1000 * float(np.linalg.norm(shake, axis=-1).mean()))
            self._feet(world, person.world)
            self._flights(world, person.world)
        self._places(room, fitted)

    def _feet(self, world: np.ndarray, truth: np.ndarray) -> None:
        ankles, true = world[:, _ANKLES], truth[:, _ANKLES]
        speed = np.linalg.norm(np.gradient(true, axis=0), axis=-1) * FPS
        stands = (speed < _STILL_FOOT) & (true[..., 2] < _ON_FLOOR)
        for side in range(2):
            for first, end in runs(stands[:, side]):
                if end - first < _SHORTEST_STANCE:
                    continue
                step = ankles[first:end, side]
                apart = np.linalg.norm(step - step.mean(axis=0), axis=1)
                self.slides.append(1000 * float(apart.mean()))
                off = step[:, 2].mean() - true[first:end, side, 2].mean()
                self.floats.append(1000 * abs(float(off)))

    def _flights(self, world: np.ndarray, truth: np.ndarray) -> None:
        lowest = truth[:, _ANKLES, 2].min(axis=1)
        for first, end in runs(lowest > 0.08):
            if not (8 <= end - first <= 30 and first > 4 and end < len(truth) - 4):
                continue
            rise = _rise(truth[first:end, 0, 2])
            if rise > _JUMP:
                self.flights.append(abs(_rise(world[first:end, 0, 2]) / rise - 1))

    def _places(self, room: MadeRoom, fitted: list[np.ndarray]) -> None:
        for one in range(len(fitted)):
            for other in range(one):
                true = room.people[one].world[:, 0] - room.people[other].world[:, 0]
                apart = fitted[one][:, 0] - fitted[other][:, 0] - true
                share = np.linalg.norm(apart, axis=1) / np.linalg.norm(true, axis=1)
                self.places.append(float(share.mean()))

    def figures(self) -> dict[str, str]:
        """The rows of the table, in its order."""
        lens = 100 * np.expm1(np.array(self.lens))
        return {
            "up, median / 95th percentile, degrees": _two(self.up),
            "roll within 3 degrees where above 10": _share(self.rolled, 3),
            "field of view, walkers, median % off": _one(lens),
            "root path, median % of the way (90th)": _two(100 * np.array(self.way), 90),
            "relative places, median % of the distance (90th)": _two(
                100 * np.array(self.places), 90
            ),
            "planted foot moves, mean (median) mm": _mean(self.slides),
            "floats or sinks, mean (median) mm": _mean(self.floats),
            "flight's height, median % off": _one(100 * np.array(self.flights)),
            "MPJPE in the room, mm": _one(self.poses, np.mean),
            "acceleration error, mm a frame squared": _one(self.acceleration, np.mean, 2),
            "joints (true ones) from what was seen, % of the height": (
                f"{_one(self.picture, np.mean, 2)} ({_one(self.true_picture, np.mean, 2)})"
            ),
            "milliseconds a room, or a live frame": _one(
                1000 * np.array(self.seconds), np.median, 1
            ),
        }


def walk_of(world: np.ndarray) -> float:
    """Metres that a person's pelvis goes, without its sway."""
    return float(np.linalg.norm(np.diff(world[::6, 0, :2], axis=0), axis=1).sum())


def turned_onto(
    points: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The turn about the vertical (3, 3) and both middles that bring points onto the target."""
    points = np.asarray(points, float)
    middle, wanted = points.mean(axis=0), target.mean(axis=0)
    one, other = (points - middle)[:, :2], (target - wanted)[:, :2]
    cross = float((one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]).sum())
    angle = np.arctan2(cross, float((one * other).sum()))
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), middle, wanted


def _way_error(path: np.ndarray, truth: np.ndarray) -> float:
    turn, middle, wanted = turned_onto(path, truth)
    return float(np.linalg.norm((path - middle) @ turn.T + wanted - truth, axis=1).mean())


def picture_error(room: MadeRoom, projected: Sequence[np.ndarray]) -> float:
    """Per cent of a person's height that well seen joints of limbs are off in the picture."""
    limbs = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]
    shares = []
    for person, pixels in zip(room.people, projected, strict=True):
        sure = person.score[:, limbs] > 0.4
        tall = (
            np.ptp(person.xy[..., 1], axis=1)[:, None] + np.ptp(person.xy[..., 0], axis=1)[:, None]
        )
        off = np.linalg.norm(pixels - person.xy, axis=-1)[:, limbs] / np.maximum(tall, 20)
        shares.append(off[sure].mean() if sure.any() else 0.0)
    return 100 * float(np.mean(shares))


def _rise(height: np.ndarray) -> float:
    return float(height.max() - (height[0] + height[-1]) / 2)


def _degrees(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))


def _two(values: Sequence[float] | np.ndarray, high: float = 95) -> str:
    if not len(values):
        return "-"
    return f"{np.median(values):.1f} / {np.percentile(values, high):.1f}"


def _one(values, how=np.median, digits: int = 1) -> str:  # type: ignore[no-untyped-def]
    return f"{how(values):.{digits}f}" if len(values) else "-"


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.1f} ({np.median(values):.1f})" if len(values) else "-"


def _share(values: Sequence[float], below: float) -> str:
    return f"{sum(v < below for v in values)} of {len(values)}" if values else "-"
