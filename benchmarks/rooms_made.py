"""Made rooms: people of motion capture on one floor, filmed by cameras that are known exactly.

The world is z up with the floor, on which ankles rest, at z = 0. Keypoints have the errors that
training uses, or none.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Generator

from benchmarks.rooms_cameras import FPS, SIZE, MadeCamera, random_camera
from poselift.detectors.smooth import smooth_track
from poselift.lifter.clip import ClipLifter
from poselift.lifter.data.augment import NOMINAL_LENGTH, to_nominal
from poselift.lifter.data.body import put_together, take_apart
from poselift.lifter.data.camera import project
from poselift.lifter.data.head import coco_points
from poselift.lifter.data.mocap import Clip
from poselift.lifter.data.noise import disturb
from poselift.lifter.data.recipe import JUDGED_NOISE
from poselift.lifting import SMOOTHING
from poselift.scene.rays import FIELD_OF_VIEW, focal_length, turn_to
from poselift.scene.steps import CameraSteps
from poselift.skeleton import coco_to_h36m
from poselift.types import Motion, Track

SECONDS = 6.0
_ANKLES = (3, 6)
_STILL = 0.15  # metres per second
_LEFT_OUT = ("playground", "uneven terrain", "getup")  # floors that are not one, or nobody stands


@dataclass(frozen=True)
class MadePerson:
    """One person of a made room: `world` (T, 17, 3), their pixels and scores, the true size."""

    world: np.ndarray
    xy: np.ndarray
    score: np.ndarray
    size: float
    action: str


@dataclass(frozen=True)
class MadeRoom:
    """A made room: its camera and its people, who are all there in every frame.

    `steps` is what the background shows of the camera, where it was looked at.
    """

    name: str
    kind: str
    camera: MadeCamera
    people: tuple[MadePerson, ...]
    seed: int = 0
    steps: CameraSteps | None = None

    @property
    def frames(self) -> int:
        """How long it is."""
        return len(self.camera.focal)

    def true_pixels(self) -> list[np.ndarray]:
        """(T, 17, 2) where each person's true joints are in the picture."""
        seen = [self.camera.seen(person.world) for person in self.people]
        focal = self.camera.focal[:, None, None]
        return [points[..., :2] / points[..., 2:] * focal + np.array(SIZE) / 2 for points in seen]

    def tracks(self) -> list[Track]:
        """What a tracker would give."""
        at = np.arange(self.frames)
        return [Track(i + 1, at, p.xy, p.score) for i, p in enumerate(self.people)]

    def motions(self, lift: ClipLifter | None) -> list[Motion]:
        """Lifted by `lift`, or perfectly where it is None: true bodies, but of the nominal size."""
        if lift is not None:
            calm = [smooth_track(track, FPS, SMOOTHING["auto"]) for track in self.tracks()]
            return lift(calm, image_size=SIZE, fps=FPS)
        out = []
        for track, person in zip(self.tracks(), self.people, strict=True):
            body = self.camera.seen(person.world)
            # Seen along the line of sight, then turned for the camera that lifters assume.
            pose = (body - body[:, :1]) / person.size @ turn_to(body[:, 0])
            ahead = np.full((len(body), 1), focal_length(SIZE, FIELD_OF_VIEW))
            assumed = turn_to(np.concatenate([person.xy[:, 0] - np.array(SIZE) / 2, ahead], 1))
            pose = (pose @ assumed.swapaxes(1, 2)).astype(np.float32)
            out.append(Motion(track, pose, FPS, "true", np.zeros(len(pose), bool)))
        return out


def usable(clips: Sequence[Clip]) -> list[Clip]:
    """The clips whose people stand and move on one floor for at least 1.2 s."""
    return [
        clip
        for clip in clips
        if not any(word in clip.action for word in _LEFT_OUT) and len(clip.joints) >= 1.2 * clip.fps
    ]


def make_room(
    clips: Sequence[Clip], kind: str, seed: int, people: int | None = None, noisy: bool = True
) -> MadeRoom:
    """One room; the same for the same seed. `people` is 1 to 5 by chance unless given."""
    rng = np.random.default_rng(seed)
    for _ in range(400):
        count = people or int(rng.choice([1, 2, 3, 4, 5], p=[0.35, 0.3, 0.15, 0.1, 0.1]))
        room = _attempt(clips, kind, seed, count, noisy, rng)
        if room is not None:
            return room
    raise RuntimeError(f"no camera sees {people} people of these clips well")


def _attempt(
    clips: Sequence[Clip],
    kind: str,
    seed: int,
    count: int,
    noisy: bool,
    rng: np.random.Generator,
) -> MadeRoom | None:
    chosen = [clips[i] for i in rng.integers(len(clips), size=count)]
    bodies = [_standing_on_floor(_stretch(clip, rng)) for clip in chosen]
    frames = min(len(body) for body, _ in bodies)
    sizes = np.exp(0.04 * rng.standard_normal(count))
    worlds = _apart([b[:frames] * s for (b, _), s in zip(bodies, sizes, strict=True)], rng)
    if worlds is None:
        return None
    camera = random_camera(np.stack(worlds), kind, rng)
    if camera is None:
        return None
    torch_rng = Generator().manual_seed(seed)
    seen = [
        filmed_person(world, float(size), camera, torch_rng, clip.action, noisy)
        for clip, world, size in zip(chosen, worlds, sizes, strict=True)
    ]
    return MadeRoom(f"{kind} {seed}", kind, camera, tuple(seen), seed)


def filmed_person(
    world: np.ndarray,
    size: float,
    camera: MadeCamera,
    rng: Generator,
    action: str,
    noisy: bool = True,
) -> MadePerson:
    """A person of `world` (T, 17, 3), `size` times the nominal one, as a keypointer sees them."""
    joints = torch.from_numpy(world.astype(np.float32))[None]
    faces = coco_points(joints / size, rng if noisy else None)[0] * size
    seen = _tensor(camera.seen(faces.numpy().astype(np.float64)))
    points = project(seen)
    score = torch.ones(points.shape[:-1])
    if noisy:
        points, score = disturb(points, seen[..., 2], JUDGED_NOISE, rng)
    xy, score = coco_to_h36m(points.numpy(), score.numpy())
    pixels = xy[0] * camera.focal[:, None, None] + np.array(SIZE) / 2
    return MadePerson(world, pixels.astype(np.float32), score[0], size, action)


def _tensor(points: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(points.astype(np.float32))[None]


def _stretch(clip: Clip, rng: np.random.Generator) -> np.ndarray:
    joints = clip.at_rate(FPS)
    longest = round(SECONDS * FPS)
    start = int(rng.integers(max(len(joints) - longest, 0) + 1))
    return joints[start : start + longest]


def _standing_on_floor(joints: np.ndarray) -> tuple[np.ndarray, float]:
    """A body of the nominal size whose ankles rest on z = 0, and the factor that made it so."""
    parts = to_nominal(take_apart(torch.from_numpy(joints.astype(np.float32))[None]))
    body = put_together(parts)[0].numpy().astype(np.float64)
    body[..., 2] -= resting_height(body)
    return body, NOMINAL_LENGTH


def resting_height(body: np.ndarray) -> float:
    """Where the ankles of a body (T, 17, 3) rest above z = 0, metres."""
    ankles = body[:, _ANKLES]
    low = float(np.percentile(ankles[..., 2].min(axis=1), 10))
    # Those that stand are mostly a little above their lowest.
    still = np.linalg.norm(np.gradient(ankles, axis=0), axis=-1) * FPS < _STILL
    rest = ankles[..., 2][still & (ankles[..., 2] < low + 0.06)]
    return float(np.median(rest)) if len(rest) > 5 else low


def _apart(bodies: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray] | None:
    """People turned and put about the room so that nobody stands in another."""
    placed: list[np.ndarray] = []
    for body in bodies:
        for _ in range(30):
            heading = rng.uniform(0, 2 * np.pi)
            c, s = np.cos(heading), np.sin(heading)
            turned = body @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
            spot = rng.uniform(-1, 1, 2) * (0.3 + 0.6 * (len(bodies) - 1))
            middle = (turned[:, 0, :2].min(axis=0) + turned[:, 0, :2].max(axis=0)) / 2
            turned = turned + np.append(spot - middle, 0)
            gap = [np.linalg.norm(turned[:, 0, :2] - o[:, 0, :2], axis=1).min() for o in placed]
            if min(gap, default=9.0) > 0.7:
                placed.append(turned)
                break
        else:
            return None
    return placed


@functools.cache
def _plain(size: tuple[int, int]) -> np.ndarray:
    return np.array(size, float) / 2


def without_noise(room: MadeRoom) -> MadeRoom:
    """The same room with the exact projections of the true joints."""
    people = []
    for person in room.people:
        seen = room.camera.seen(person.world)
        xy = seen[..., :2] / seen[..., 2:] * room.camera.focal[:, None, None] + _plain(SIZE)
        people.append(replace(person, xy=xy.astype(np.float32), score=np.ones_like(person.score)))
    return replace(room, people=tuple(people))
