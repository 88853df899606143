"""Windows of people as a camera and a keypointer see them, and the fixed ones for validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import sometimes, to_nominal, uniform
from poselift.lifter.data.body import put_together, take_apart
from poselift.lifter.data.camera import Filmed, assumed_fov, film, project
from poselift.lifter.data.definitions import as_human36m
from poselift.lifter.data.filling import fill, left_behind
from poselift.lifter.data.head import coco_points
from poselift.lifter.data.keypoint_scores import without_scores
from poselift.lifter.data.mocap import Clip
from poselift.lifter.data.noise import disturb
from poselift.lifter.data.people import MovingPeople
from poselift.lifter.data.recipe import Detection, Joints, Recipe, as_judged, of_streams
from poselift.lifter.normalise import Normalisation, crop, crop_box, ray, ray_axes
from poselift.skeleton import coco_to_h36m

#: Metres: whoever walks into the camera is no nearer.
_NEAREST = 0.5


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
        closeness: (B, T) 1 / metres from the camera to the pelvis.
        velocity: (B, T, 3) metres a frame of the pelvis, in the frame of `y`.
        axes: (B, 3, 3) camera axes to those of `y`: `y @ axes` is in camera space.
        live: whether they are streams' windows, whose frames need not be neighbours.
    """

    x: Tensor
    y: Tensor
    known: Tensor
    up: Tensor | None = None
    planted: Tensor | None = None
    closeness: Tensor | None = None
    velocity: Tensor | None = None
    axes: Tensor | None = None
    live: bool = False

    def to(self, device: torch.device) -> WindowBatch:
        """The same on a device."""
        moved: dict[str, Any] = {
            name: value.to(device)
            for name, value in vars(self).items()
            if isinstance(value, Tensor)
        }
        return replace(self, **moved)


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
    shown = [recipe.frames - 1 - age for age in recipe.ages] or list(range(recipe.frames))
    index, known = index[:, shown], known[:, shown]
    which = np.arange(batch)[:, None]
    made, made_score = made[which, index], made_score[which, index]
    points, true_axes = _normalised(made, made_score, filmed.fov, recipe, rng)
    x = np.concatenate([points, made_score[..., None]], axis=-1)
    axes = torch.from_numpy(true_axes)
    into = axes.transpose(-1, -2)
    seen = (filmed.joints - filmed.joints[:, :, :1])[:, shown]
    distance = filmed.joints[:, shown, 0].norm(dim=-1).clamp_min(_NEAREST)
    (velocity,) = torch.gradient(filmed.way, dim=1)
    up = torch.where(people.upright[:, None, None], filmed.up[:, shown] @ into, torch.nan)
    return WindowBatch(
        torch.from_numpy(x), seen @ into[:, None], known, up, planted[:, shown],
        1 / distance, velocity[:, shown] @ into, axes,
        live=bool(recipe.ages),
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
    ages: Sequence[int] = (),
) -> tuple[WindowBatch, list[str]]:
    """Every clip cut into windows, each under its own fixed random camera; and their actions.

    Bodies are the captured ones brought to the nominal size; nothing else is augmented. Clips
    shorter than a window are padded by repetition, as at run time. `stride` is the distance of
    windows, their own length unless said. `joints` says whose hips, spine and neck are judged, and
    `recipe` how they are filmed, if not as `as_judged` says. With `ages` the windows are streams',
    of which they are how many frames ago each frame is, the oldest first.
    """
    plain = recipe or as_judged(frames, detection, normalisation)
    if ages:
        plain = of_streams(plain, tuple(ages))
        frames = plain.frames
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
