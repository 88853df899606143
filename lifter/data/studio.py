"""Endless training windows of people put together from clips and angles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import resize, sometimes, turn_limbs, turn_whole
from poselift.lifter.data.body import Parts, put_together, take_apart
from poselift.lifter.data.composed import compose, grounded
from poselift.lifter.data.definitions import as_human36m
from poselift.lifter.data.hands import place_hands
from poselift.lifter.data.mocap import Clip
from poselift.lifter.data.people import MovingPeople
from poselift.lifter.data.rarity import frame_weights
from poselift.lifter.data.recipe import Recipe, of_streams
from poselift.lifter.data.windows import WindowBatch, record

#: Composed poses have no rate of their own.
_COMPOSED_FPS = 30.0


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
        """`count` new windows; more, if they are shorter ones."""
        recipe = self.recipe
        if recipe.live and float(torch.rand((), generator=self.rng)) < recipe.live:
            count = round(count * recipe.frames / len(recipe.live_ages))
            recipe = of_streams(recipe, recipe.live_ages)
        elif recipe.lengths:
            which = int(torch.randint(len(recipe.lengths), (), generator=self.rng))
            count = round(count * recipe.frames / recipe.lengths[which])
            recipe = replace(recipe, frames=recipe.lengths[which], lengths=())
        return record(self.people(count, recipe.frames), recipe, self.rng)

    def people(self, count: int, frames: int | None = None) -> MovingPeople:
        """New moving people; legs, upper bodies and arms may be of different clips."""
        rng, recipe = self.rng, self.recipe
        frames = frames or recipe.frames
        legs, fps = self._read(count, frames)
        upper, arms = self._read(count, frames)[0], self._read(count, frames)[0]
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
            made, on_feet = compose(_some(parts, posed), rng, recipe.hands_composed)
            parts = _put(parts, posed, made)
        joints = put_together(resize(parts, rng))
        joints[posed] = grounded(joints[posed], on_feet)
        joints, upright = turn_whole(joints, recipe.lying, rng)
        return MovingPeople(joints, torch.where(posed, _COMPOSED_FPS, fps), upright)

    def _read(self, count: int, frames: int) -> tuple[Parts, Tensor]:
        """Random stretches of random clips, at random speeds, forth or back; and their rates."""
        rng = self.rng
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
