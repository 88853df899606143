"""Planted feet stay where they are: legs are bent to reach one spot a stance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poselift.gaps import at_times
from poselift.scene.balance import ANKLES
from poselift.scene.bones import reach
from poselift.scene.smoothing import blurred
from poselift.scene.stance import Stance

_FARTHEST = 0.12  # metres: a foot that is seen further off is not moved there
_EASE = 0.12  # seconds over which a correction comes and goes
_ROLL = 0.03  # metres that an ankle of a planted foot may still roll and rise


def plant(
    world: np.ndarray,
    planted: np.ndarray,
    level: np.ndarray | None,
    found: Sequence[Stance],
    fps: float,
) -> tuple[np.ndarray, np.ndarray]:
    """World poses (T, 17, 3) whose standing feet stay, and (T, 2) bool which feet stand.

    Between stances the corrections run smoothly from one to the next.
    """
    out = world
    stays = np.zeros(planted.shape, bool)
    for side in range(2):
        mine = [stance for stance in found if stance.side == side]
        if not mine:
            continue
        ankle = world[:, ANKLES[side]]
        shift, weight = np.zeros_like(ankle), np.zeros(len(world))
        for stance in mine:
            inside = stance.frames
            sure = planted[inside, side, None]
            spot = (ankle[inside] * sure).sum(axis=0) / sure.sum()
            if level is not None and np.isfinite(level[stance.first, side]):
                spot[2] = level[stance.first, side]
            wanted = spot - ankle[inside]
            if np.median(np.linalg.norm(wanted, axis=1)) > _FARTHEST:
                continue
            shift[inside], weight[inside] = wanted, 1.0
            stays[inside, side] = True
        if weight.any():
            out = reach(out, side, ankle + _between(shift, weight > 0, fps))
    return out, stays


def _between(shift: np.ndarray, known: np.ndarray, fps: float) -> np.ndarray:
    """Corrections (T, 3) for all frames: as known, and fading where no stance is near."""
    frames = np.arange(len(shift))
    filled = at_times(shift[known], frames[known], frames)
    before = np.maximum.accumulate(np.where(known, frames, -(10**6)))
    after = np.minimum.accumulate(np.where(known, frames, 10**7)[::-1])[::-1]
    gap = np.minimum(frames - before, after - frames) / max(fps, 1e-6)
    fade = np.exp(-np.square(gap / 0.35))[:, None]
    eased = blurred(filled * fade, _EASE * fps / 2)
    # Inside a stance the foot must stay to the millimetre, but for its first and last moments.
    inner = blurred(known.astype(float), 0.04 * fps)[:, None]
    hold = np.clip(2 * inner - 1, 0, 1)
    return np.asarray(hold * filled + (1 - hold) * eased)
