"""Endless training windows, and the fixed ones for validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import (
    resize,
    sometimes,
    to_nominal,
    turn_limbs,
    turn_whole,
    uniform,
)
from poselift.lifter.data.body import Parts, put_together, take_apart
from poselift.lifter.data.camera import (
    USUAL,
    Cameras,
    CameraSource,
    Filmed,
    assumed_fov,
    film,
    project,
)
from poselift.lifter.data.composed import compose, grounded
from poselift.lifter.data.definitions import as_human36m
from poselift.lifter.data.faults import Faults
from poselift.lifter.data.filling import fill, left_behind
from poselift.lifter.data.hands import place_hands
from poselift.lifter.data.head import coco_points
from poselift.lifter.data.keypoint_scores import without_scores
from poselift.lifter.data.mocap import Clip
from poselift.lifter.data.noise import KeypointNoise, disturb
from poselift.lifter.data.people import MovingPeople
from poselift.lifter.data.rarity import frame_weights
from poselift.lifter.normalise import Normalisation, crop, crop_box, ray, ray_axes
from poselift.skeleton import coco_to_h36m

Detection = Literal["true", "detected"]
#: Human3.6M's joints, or those of the capture's own skeleton.
Joints = Literal["human36m", "captured"]
#: Composed poses have no rate of their own.
_COMPOSED_FPS = 30.0
#: The keypointer that validation is seen by.
JUDGED_NOISE = KeypointNoise(
    cut=0.0,
    faults=Faults(legs_swapped=0.04, arms_swapped=0, jumps=0, frozen=0, gaps=0.15, unseen=0),
)
NO_NOISE = KeypointNoise(cut=0.0, faults=Faults(0, 0, 0, 0, 0, 0))


@dataclass(frozen=True)
class Recipe:
    """How windows are made.

    Attributes:
        frames: length of a window.
        fps: (slowest, fastest) rate at which the motion is read; drawn log-uniformly.
        still: chance of a hardly moving person.
        mixed: chance that arms, and that trunk and head, come from other clips.
        composed: chance of a pose made by angles: sitting, squatting, bent, lying, getting up.
        hands: chance of hands at the face, on a desk, the hips and so on.
        hands_composed: the same for composed poses.
        lying: chance that the whole body is turned over.
        true: chance of points without any keypointer error.
        joints: chance that trunk and head points are the true joints and not made from a face.
        scoreless: chance of points without scores: all that is seen has the same one.
        border: whether the picture's border cuts people off.
        left_behind: chance that joints that are never seen lie where they were seen before the
            window, and not amid the others.
        cut_future, cut_past: chance that frames at an end repeat the last or first known one.
        noise: the keypointer's errors.
        cameras: where people are filmed from.
        normalisation: of the points; "ray" or "crop".
        known_lens: chance that the true field of view is known when rays are taken, and not
            assumed as the run time does.
    """

    frames: int = 27
    fps: tuple[float, float] = (18.0, 50.0)
    still: float = 0.06
    mixed: float = 0.3
    composed: float = 0.18
    hands: float = 0.1
    hands_composed: float = 0.6
    lying: float = 0.05
    true: float = 0.12
    joints: float = 0.15
    scoreless: float = 0.5
    border: bool = True
    left_behind: float = 0.3
    cut_future: float = 0.3
    cut_past: float = 0.1
    noise: KeypointNoise = field(default_factory=KeypointNoise)
    cameras: CameraSource = field(default_factory=Cameras)
    normalisation: Normalisation = "ray"
    known_lens: float = 0.5


@dataclass
class WindowBatch:
    """A batch of windows.

    Attributes:
        x: (B, T, 17, 3) normalised points and scores.
        y: (B, T, 17, 3) poses, metres from the pelvis; of our own windows in the frame of each
            window's viewing ray (`normalise.ray_axes`).
        known: (B, T) 1 for real frames, 0 for repeated ones.
        up: (B, T, 3) unit vectors against gravity, in the frame of `y`; NaN where unknown.
        planted: (B, T, 2) 1 where the right, left foot stands, 0 where not, NaN where unknown.
        axes: (B, 3, 3) camera axes to those of `y`: `y @ axes` is in camera space.
    """

    x: Tensor
    y: Tensor
    known: Tensor
    up: Tensor | None = None
    planted: Tensor | None = None
    axes: Tensor | None = None


class Studio:
    """Films the clips: `windows(n)` gives n new windows, the same ones for the same seed."""

    def __init__(self, clips: Sequence[Clip], recipe: Recipe, seed: int = 0) -> None:
        self.recipe = recipe
        self.rng = Generator().manual_seed(seed)
        parts = [take_apart(as_human36m(torch.from_numpy(clip.joints))) for clip in clips]
        self._rows = torch.cat([_pack(one) for one in parts])  # (frames, 69)
        self._length = torch.tensor([len(clip.joints) for clip in clips])
        self._start = self._length.cumsum(0) - self._length
        self._fps = torch.tensor([clip.fps for clip in clips])
        self._sampled = _sampled_frames(self._length, self._fps)  # (S, 2) clip and frame
        rows = self._rows[self._start[self._sampled[:, 0]] + self._sampled[:, 1]]
        often = self._length[self._sampled[:, 0]].float().clamp_min(100) ** -0.3
        self._chance = often * frame_weights(_unpack(rows))

    def windows(self, count: int) -> WindowBatch:
        """`count` new windows."""
        return record(self.people(count), self.recipe, self.rng)

    def people(self, count: int) -> MovingPeople:
        """New moving people; legs, upper bodies and arms may be of different clips."""
        rng, recipe = self.rng, self.recipe
        legs, fps = self._read(count)
        upper, arms = self._read(count)[0], self._read(count)[0]
        other_upper = sometimes(count, recipe.mixed * 0.6, rng)
        other_arms = sometimes(count, recipe.mixed, rng)
        upper = _choose(upper, legs, other_upper)
        parts = Parts(
            legs.root, legs.pelvis, upper.chest, legs.legs, upper.trunk, upper.head,
            _choose(arms, upper, other_arms).arms,
        )  # fmt: skip
        parts = turn_limbs(parts, rng)
        parts = place_hands(parts, recipe.hands, rng)
        posed = sometimes(count, recipe.composed, rng) > 0
        on_feet = torch.zeros(0, dtype=torch.bool)
        if posed.any():
            made, on_feet = compose(_some(parts, posed), rng)
            parts = _put(parts, posed, place_hands(made, recipe.hands_composed, rng))
        joints = put_together(resize(parts, rng))
        joints[posed] = grounded(joints[posed], on_feet)
        joints, upright = turn_whole(joints, recipe.lying, rng)
        return MovingPeople(joints, torch.where(posed, _COMPOSED_FPS, fps), upright)

    def _read(self, count: int) -> tuple[Parts, Tensor]:
        """Random stretches of random clips, at random speeds, forth or back; and their rates."""
        rng, frames = self.rng, self.recipe.frames
        picked = torch.multinomial(self._chance, count, replacement=True, generator=rng)
        clip, shown = self._sampled[picked].unbind(-1)
        low, high = self.recipe.fps
        rate = low * (high / low) ** torch.rand((count,), generator=rng)
        step = self._fps[clip] / rate
        step = torch.where(sometimes(count, self.recipe.still, rng) > 0, step * 0.1, step)
        last = self._length[clip] - 1
        length = step * (frames - 1)
        begin = shown - torch.rand((count,), generator=rng) * length  # it is somewhere in between
        begin = torch.minimum(begin, last - length).clamp_min(0)
        time = begin[:, None] + step[:, None] * torch.arange(frames)[None]
        # A clip shorter than the window is played forth and back.
        period = 2 * last[:, None]
        time = last[:, None] - ((time % period) - last[:, None]).abs()
        backwards = sometimes(count, 0.08, rng)[:, None] > 0
        time = torch.where(backwards, time.flip(1), time)
        below = time.floor().long().clamp_max(last[:, None] - 1)
        share = (time - below)[..., None]
        row = self._start[clip][:, None] + below
        parts = _unpack(self._rows[row] * (1 - share) + self._rows[row + 1] * share)
        return parts, self._fps[clip] / step


def record(people: MovingPeople, recipe: Recipe, rng: Generator) -> WindowBatch:
    """People as a random camera and a keypointer see them."""
    batch = people.joints.shape[0]
    filmed = film(people.joints, coco_points(people.joints, rng), rng, recipe.cameras)
    flipped = sometimes(batch, 0.5, rng)
    filmed = filmed.mirrored(flipped)
    planted = people.planted()
    planted = torch.where(flipped[:, None, None] > 0, planted.flip(-1), planted)
    made, made_score = keypoints(filmed, recipe, rng)
    index, known = _truncate(batch, recipe, rng)
    which = np.arange(batch)[:, None]
    made, made_score = made[which, index], made_score[which, index]
    points, true_axes = _normalised(made, made_score, filmed.fov, recipe, rng)
    x = np.concatenate([points, made_score[..., None]], axis=-1)
    axes = torch.from_numpy(true_axes)
    into = axes.transpose(-1, -2)
    seen = filmed.joints - filmed.joints[:, :, :1]
    up = torch.where(people.upright[:, None, None], filmed.up @ into, torch.nan)
    return WindowBatch(
        torch.from_numpy(x), seen @ into[:, None], known, up, planted, axes
    )  # fmt: skip


def _normalised(
    points: np.ndarray, score: np.ndarray, fov: Tensor, recipe: Recipe, rng: Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Points (B, T, 17, 2) at focal length 1 as the network sees them; their true rays' axes."""
    axes = ray_axes(crop_box(points, score)[0])
    if recipe.normalisation == "crop":
        return crop(points, score), axes
    assumed = assumed_fov(fov, recipe.known_lens, rng)
    lens = (torch.tan(assumed / 2) / torch.tan(fov / 2)).numpy().astype(np.float32)
    return ray(points * lens[:, None, None, None], score)[0], axes


def keypoints(filmed: Filmed, recipe: Recipe, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """What a keypointer and the run time's conversion and filling make of people.

    Returns H36M-17 points (B, T, 17, 2) at focal length 1 and scores (B, T, 17).
    """
    batch = len(filmed.joints)
    clean, straight = project(filmed.points), project(filmed.joints)
    frame = filmed.frame if recipe.border else None
    points, score = disturb(clean, filmed.points[..., 2], recipe.noise, rng, frame)
    perfect = sometimes(batch, recipe.true, rng)[:, None, None] > 0
    points = torch.where(perfect[..., None], clean, points)
    score = torch.where(perfect & (score > 0), torch.ones(()), score)
    score = without_scores(score, sometimes(batch, recipe.scoreless, rng), rng)
    made, made_score = coco_to_h36m(points.numpy(), score.numpy())
    shift = made - coco_to_h36m(clean.numpy(), score.numpy())[0]
    jointly = sometimes(batch, recipe.joints, rng).numpy()[:, None, None, None] > 0
    made = np.where(jointly, straight.numpy() + shift, made)
    whole = fill(torch.from_numpy(made), torch.from_numpy(made_score))
    whole = left_behind(whole, torch.from_numpy(made_score), recipe.left_behind, rng)
    return whole.numpy(), made_score


def as_judged(frames: int, detection: Detection, normalisation: Normalisation = "ray") -> Recipe:
    """Nothing made up but the camera, and the keypointer's errors where they are asked for."""
    return Recipe(
        frames, true=float(detection == "true"), joints=0, scoreless=0, border=False,
        left_behind=0, cut_future=0, cut_past=0, cameras=USUAL,
        normalisation=normalisation, known_lens=1.0,
        noise=NO_NOISE if detection == "true" else JUDGED_NOISE,
    )  # fmt: skip


def validation_windows(
    clips: Sequence[Clip],
    frames: int,
    fps: float,
    detection: Detection,
    seed: int = 1,
    stride: int | None = None,
    joints: Joints = "human36m",
    normalisation: Normalisation = "ray",
    recipe: Recipe | None = None,
) -> tuple[WindowBatch, list[str]]:
    """Every clip cut into windows, each under its own fixed random camera; and their actions.

    Bodies are the captured ones brought to the nominal size; nothing else is augmented. Clips
    shorter than a window are padded by repetition, as at run time. `stride` is the distance of
    windows, their own length unless said. `joints` says whose hips, spine and neck are judged, and
    `recipe` how they are filmed, if not as `as_judged` says.
    """
    plain = recipe or as_judged(frames, detection, normalisation)
    rng = Generator().manual_seed(seed)
    cut, actions = [], []
    for clip in clips:
        moving = clip.at_rate(fps)
        if joints == "human36m":
            moving = as_human36m(torch.from_numpy(moving)).numpy()
        for start in range(0, max(len(moving) - frames // 2, 1), stride or frames):
            cut.append(moving[np.minimum(np.arange(start, start + frames), len(moving) - 1)])
            actions.append(clip.action)
    bodies = put_together(to_nominal(take_apart(torch.from_numpy(np.stack(cut)))))
    count = len(bodies)
    people = MovingPeople(bodies, torch.full((count,), fps), torch.ones(count, dtype=torch.bool))
    return record(people, plain, rng), actions


def _truncate(batch: int, recipe: Recipe, rng: Generator) -> tuple[np.ndarray, Tensor]:
    """(B, T) which frame is shown at each place, and where it is not a repeated one."""
    frames = recipe.frames
    time = torch.arange(frames)[None]
    half = frames // 2
    future = sometimes(batch, recipe.cut_future, rng) * uniform((batch,), 0, half + 1, rng)
    past = sometimes(batch, recipe.cut_past, rng) * uniform((batch,), 0, half, rng)
    first, last = past.long()[:, None], frames - 1 - future.long()[:, None]
    index = time.clamp(first, last)
    return index.numpy(), (index == time).float()


def _pack(parts: Parts) -> Tensor:
    return torch.cat([
        parts.root, parts.pelvis.flatten(-2), parts.chest.flatten(-2), parts.legs.flatten(-2),
        parts.trunk.flatten(-2), parts.head.flatten(-2), parts.arms.flatten(-2),
    ], dim=-1)  # fmt: skip


def _unpack(rows: Tensor) -> Parts:
    root, pelvis, chest, legs, trunk, head, arms = rows.split((3, 9, 9, 18, 6, 6, 18), dim=-1)
    return Parts(
        root, *(flat.unflatten(-1, (-1, 3)) for flat in (pelvis, chest, legs, trunk, head, arms))
    )


def _choose(first: Parts, second: Parts, chosen: Tensor) -> Parts:
    """`first` for the windows that are chosen, else `second`."""

    def pick(name: str) -> Tensor:
        a, b = getattr(first, name), getattr(second, name)
        return torch.where(chosen.view(-1, *[1] * (a.ndim - 1)) > 0, a, b)

    return Parts(**{name: pick(name) for name in vars(first)})


def _some(parts: Parts, chosen: Tensor) -> Parts:
    """The parts of the chosen windows, (B,) bool."""
    return Parts(**{name: value[chosen] for name, value in vars(parts).items()})


def _put(parts: Parts, chosen: Tensor, new: Parts) -> Parts:
    """The parts with those of the chosen windows replaced."""

    def put(name: str) -> Tensor:
        out = getattr(parts, name).clone()
        out[chosen] = getattr(new, name)
        return out

    return Parts(**{name: put(name) for name in vars(parts)})


def _sampled_frames(lengths: Tensor, fps: Tensor, rate: float = 5.0) -> Tensor:
    """(S, 2) numbers of the clips and of some of their frames, `rate` a second."""
    pairs = []
    for clip, (length, speed) in enumerate(zip(lengths.tolist(), fps.tolist(), strict=True)):
        frames = torch.arange(0, length, max(round(speed / rate), 1))
        pairs.append(torch.stack([torch.full_like(frames, clip), frames], -1))
    return torch.cat(pairs)
