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
from scipy.spatial.transform import Rotation
from torch import Generator

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
from poselift.scene.motion import CameraSteps
from poselift.scene.rays import FIELD_OF_VIEW, focal_length, turn_to
from poselift.skeleton import coco_to_h36m
from poselift.types import Motion, Track

SIZE = (1280, 720)
FPS = 30.0
SECONDS = 6.0
KINDS = ("still", "panning", "zooming", "hand-held")
_ANKLES = (3, 6)
_STILL = 0.15  # metres per second
_NEAREST = 1.2  # metres: nobody films from where somebody walks into the camera
_LEFT_OUT = ("playground", "uneven terrain", "getup")  # floors that are not one, or nobody stands


@dataclass(frozen=True)
class MadeCamera:
    """The camera of a made room through its T frames.

    Attributes:
        rotation: (T, 3, 3), camera from world.
        position: (T, 3) world metres.
        focal: (T,) pixels.
        tilt, roll: degrees in the first frame.
    """

    rotation: np.ndarray
    position: np.ndarray
    focal: np.ndarray
    tilt: float
    roll: float

    def seen(self, world: np.ndarray) -> np.ndarray:
        """World (T, ..., 3) to camera space; the first axis is that of the frames."""
        shape = (-1,) + (1,) * (world.ndim - 2) + (3,)
        turn = self.rotation.reshape(-1, *(1,) * (world.ndim - 3), 3, 3)
        return (world - self.position.reshape(shape)) @ turn.swapaxes(-1, -2)

    def steps(self, noise: float = 0.0, seed: int = 0) -> CameraSteps:
        """What its background shows; `noise` in pixels a frame for shifts, in a thousandth for
        roll and zoom.
        """
        turns = self.rotation[1:] @ self.rotation[:-1].swapaxes(1, 2)
        turn = np.vstack([np.zeros(3), Rotation.from_matrix(turns).as_rotvec()])
        rng = np.random.default_rng(seed)
        zoom = np.diff(np.log(self.focal), prepend=np.log(self.focal[0]))
        pixels = np.stack([-turn[:, 1], turn[:, 0]], axis=1) * self.focal[:, None]
        off = noise * rng.standard_normal((len(turn), 4))
        return CameraSteps(
            pixels + off[:, :2], turn[:, 2] + off[:, 2] / 1000, zoom + off[:, 3] / 1000
        )

    @property
    def up(self) -> np.ndarray:
        """(T, 3) the world's up in camera space."""
        return self.rotation[:, :, 2]


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
    """A made room: its camera and its people, who are all there in every frame."""

    name: str
    kind: str
    camera: MadeCamera
    people: tuple[MadePerson, ...]

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
    camera = _camera(np.stack(worlds), kind, rng)
    if camera is None:
        return None
    seen = []
    torch_rng = Generator().manual_seed(seed)
    for clip, world, size in zip(chosen, worlds, sizes, strict=True):
        joints = torch.from_numpy(world.astype(np.float32))[None]
        faces = coco_points(joints / float(size), torch_rng if noisy else None)[0] * float(size)
        points = project(_tensor(camera.seen(faces.numpy().astype(np.float64))))
        score = torch.ones(points.shape[:-1])
        if noisy:
            depth = _tensor(camera.seen(faces.numpy().astype(np.float64)))[..., 2]
            points, score = disturb(points, depth, JUDGED_NOISE, torch_rng)
        xy, score = coco_to_h36m(points.numpy(), score.numpy())
        pixels = xy[0] * camera.focal[:, None, None] + np.array(SIZE) / 2
        seen.append(
            MadePerson(world, pixels.astype(np.float32), score[0], float(size), clip.action)
        )
    return MadeRoom(f"{kind} {seed}", kind, camera, tuple(seen))


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
    ankles = body[:, _ANKLES]
    lowest = ankles[..., 2].min(axis=1)
    low = float(np.percentile(lowest, 10))
    # The floor is where ankles rest: those that stand are mostly a little above their lowest.
    still = np.linalg.norm(np.gradient(ankles, axis=0), axis=-1) * FPS < _STILL
    rest = ankles[..., 2][still & (ankles[..., 2] < low + 0.06)]
    body[..., 2] -= float(np.median(rest)) if len(rest) > 5 else low
    return body, NOMINAL_LENGTH


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


def _camera(worlds: np.ndarray, kind: str, rng: np.random.Generator) -> MadeCamera | None:
    """A random camera that sees the people (P, T, 17, 3); None if this one does not."""
    frames = worlds.shape[1]
    lens = rng.uniform(30, 90)
    tilt = rng.uniform(0, 20) if rng.random() < 0.5 else rng.uniform(0, 60)
    roll = rng.normal(0, 2) if rng.random() < 0.5 else rng.uniform(-20, 20)
    focal = SIZE[0] / 2 / np.tan(np.radians(lens) / 2)
    share = rng.uniform(0.22, 0.7)  # of the picture's height that somebody takes
    distance = float(np.clip(1.7 * focal / (share * SIZE[1]), 2.2, 14))
    target = np.append(worlds[:, :, 0, :2].mean(axis=(0, 1)), 0.9) + rng.normal(0, 0.15, 3)
    azimuth = rng.uniform(0, 2 * np.pi)
    first = looking(azimuth, tilt, roll)
    position = target - first[2] * distance
    if position[2] < 0.4:
        return None
    rotation = np.repeat(first[None], frames, axis=0)
    focals, places = np.full(frames, focal), np.repeat(position[None], frames, axis=0)
    if kind == "panning":
        rotation = _following(worlds, position, azimuth, tilt, roll, rng)
    elif kind == "zooming":
        focals = focal * np.exp(np.linspace(0, rng.choice([-1, 1]) * rng.uniform(0.2, 0.6), frames))
    elif kind == "hand-held":
        rotation, places = _held(azimuth, tilt, roll, position, frames, rng)
    camera = MadeCamera(rotation, places, focals, float(tilt), float(roll))
    seen = np.stack([camera.seen(world) for world in worlds])
    if seen[..., 2].min() < _NEAREST:
        return None
    pixels = seen[..., :2] / seen[..., 2:] * focals[:, None, None] + np.array(SIZE) / 2
    inside = ((pixels > 0) & (pixels < np.array(SIZE))).all(axis=-1)
    return camera if inside.mean() > 0.97 and inside[:, 0].all() else None


def looking(azimuth: float, tilt: float, roll: float) -> np.ndarray:
    """(3, 3) camera from world: rows right, down, ahead; azimuth in radians, the rest degrees."""
    t, r = np.radians(tilt), np.radians(roll)
    ahead = np.array([np.cos(azimuth) * np.cos(t), np.sin(azimuth) * np.cos(t), -np.sin(t)])
    right = np.array([np.sin(azimuth), -np.cos(azimuth), 0.0])
    level = np.stack([right, np.cross(ahead, right), ahead])
    return np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]) @ level


def _following(
    worlds: np.ndarray,
    position: np.ndarray,
    azimuth: float,
    tilt: float,
    roll: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """(T, 3, 3): the camera sweeps up to 60 degrees while its first person crosses the room."""
    frames = worlds.shape[1]
    ease = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0, 1, frames))
    swing = np.radians(rng.uniform(20, 60)) * rng.choice([-1, 1])
    # The people walk round with the camera's aim: without that nobody would stay in the picture.
    turn = azimuth + swing * (ease - 0.5)
    for world in worlds:
        c, s = np.cos(turn - azimuth), np.sin(turn - azimuth)
        flat = world[..., :2] - position[:2]
        world[..., 0] = position[0] + c[:, None] * flat[..., 0] - s[:, None] * flat[..., 1]
        world[..., 1] = position[1] + s[:, None] * flat[..., 0] + c[:, None] * flat[..., 1]
    dip = tilt + rng.uniform(-4, 4) * ease
    return np.stack([looking(a, t, roll) for a, t in zip(turn, dip, strict=True)])


def _held(
    azimuth: float,
    tilt: float,
    roll: float,
    position: np.ndarray,
    frames: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """A hand's shake: up to 2 degrees and 3 cm, with swings of half a second and longer."""
    time = np.arange(frames) / FPS

    def swing(size: float) -> np.ndarray:
        waves = [
            rng.normal() * np.sin(2 * np.pi * (rate * time + rng.random()))
            for rate in (0.3, 0.7, 1.4)
        ]
        return size * np.sum(waves, axis=0) / 2

    angles = np.stack([swing(np.radians(1.5)), swing(1.2), swing(0.8)], axis=1)
    turns = [looking(azimuth + a, tilt + t, roll + r) for a, t, r in angles]
    shift = np.stack([swing(0.02), swing(0.02), swing(0.015)], axis=1)
    return np.stack(turns), position + shift


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
