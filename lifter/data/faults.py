"""Where a keypointer does not err a little but altogether: limbs taken for others, or not seen."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from poselift.lifter.data.augment import sometimes
from poselift.skeleton import COCO17

#: The frames that spans were set for: in longer clips swaps and gaps last no longer than in these.
SPAN_WITHIN = 27
#: Limbs taken for the other side's last this many frames at most.
_LONGEST_SWAP = 15
_LEGS = [COCO17.index(f"{side} {name}") for name in ("knee", "ankle") for side in ("left", "right")]
_ARMS = [
    COCO17.index(f"{side} {name}") for name in ("elbow", "wrist") for side in ("left", "right")
]
_LIMBS = sorted(_ARMS + _LEGS)


def _group(*words: str) -> list[int]:
    """The joints whose names hold all of the words of one of `words`."""
    return [
        i for i, name in enumerate(COCO17.names)
        if any(all(part in name for part in word.split()) for word in words)
    ]  # fmt: skip


#: What is out of the picture, behind a desk or a sofa or other people for a whole window, and how
#: often beside one another.
_UNSEEN_GROUPS = (
    (_group("knee", "ankle"), 3.0),
    (_group("hip", "knee", "ankle"), 3.0),
    (_group("ankle"), 1.5),
    (_group("left shoulder", "left elbow", "left wrist", "left hip", "left knee", "left ankle"), 1),
    (_group("right shoulder", "right elbow", "right wrist", "right hip", "right knee",
            "right ankle"), 1),
    (_group("left elbow", "left wrist"), 1.0),
    (_group("right elbow", "right wrist"), 1.0),
    (_group("wrist"), 1.0),
    (_group("left knee", "left ankle"), 0.7),
    (_group("right knee", "right ankle"), 0.7),
    (_group("nose", "eye", "ear"), 0.7),
    (_group("nose", "eye", "ear", "shoulder", "elbow", "wrist"), 0.3),
)  # fmt: skip


@dataclass(frozen=True)
class Faults:
    """Chances that a window has each of these.

    Attributes:
        legs_swapped, arms_swapped: the left one's points on the right one's and the reverse, for 1
            to 15 frames.
        jumps: a joint on its neighbour of the other side, so that both lie there, for as long.
        frozen: joints that stay where they were.
        gaps: joints without a point for a while.
        unseen: joints without a point in all frames: legs, half a body, arms.
        never: COCO joints that have no point in any window.
    """

    legs_swapped: float = 0.1
    arms_swapped: float = 0.06
    jumps: float = 0.08
    frozen: float = 0.05
    gaps: float = 0.15
    unseen: float = 0.12
    never: tuple[int, ...] = ()

    def apply(self, points: Tensor, score: Tensor, rng: Generator) -> tuple[Tensor, Tensor]:
        """Points (B, T, 17, 2) and scores (B, T, 17) with faults; score 0 where none is seen."""
        batch, frames, joints = score.shape
        who = torch.arange(joints).expand(batch, frames, joints)
        when = torch.arange(frames)[None, :, None].expand(batch, frames, joints)
        other = torch.tensor(COCO17.mirror)
        for limbs, chance in ((_LEGS, self.legs_swapped), (_ARMS, self.arms_swapped)):
            member = torch.zeros(joints, dtype=torch.bool)
            member[limbs] = True
            inside = _some_time(batch, frames, chance, _LONGEST_SWAP, rng)[0]
            who = torch.where(inside[..., None] & member, other[who], who)
        inside, _ = _some_time(batch, frames, self.jumps, _LONGEST_SWAP, rng)
        who = torch.where(inside[..., None] & _one_limb(batch, rng)[:, None], other[who], who)
        inside, start = _some_time(batch, frames, self.frozen, _LONGEST_SWAP, rng)
        stuck = inside[..., None] & (_one_limb(batch, rng) | _one_limb(batch, rng))[:, None]
        when = torch.where(stuck, start[:, None, None], when)
        row = torch.arange(batch)[:, None, None]
        points, score = points[row, when, who], score[row, when, who]
        gone = self._gaps(batch, frames, joints, rng) | _unseen(batch, self.unseen, rng)[:, None]
        gone[..., list(self.never)] = True
        return points, torch.where(gone, 0.0, score)

    def _gaps(self, batch: int, frames: int, joints: int, rng: Generator) -> Tensor:
        longest = max(int(0.5 * min(frames, SPAN_WITHIN)), 1)
        inside, _ = _some_time(batch, frames, self.gaps, longest, rng)
        everything = torch.rand((batch, 1), generator=rng) < 0.2
        missing = (torch.rand((batch, joints), generator=rng) < 0.25) | everything
        return inside[..., None] & missing[:, None]


NO_FAULTS = Faults(0, 0, 0, 0, 0, 0)


def _some_time(
    batch: int, frames: int, chance: float, longest: int, rng: Generator
) -> tuple[Tensor, Tensor]:
    """(B, T) the frames of one stretch, in the windows that have it; and (B,) its first."""
    start = (torch.rand((batch,), generator=rng) * frames).long()
    length = 1 + (torch.rand((batch,), generator=rng) ** 2 * longest).long()
    time = torch.arange(frames)[None]
    chosen = sometimes(batch, chance, rng)[:, None] > 0
    inside = (time >= start[:, None]) & (time < (start + length)[:, None]) & chosen
    return inside, start


def _one_limb(batch: int, rng: Generator) -> Tensor:
    """(B, 17) one joint of an arm or leg."""
    limbs = torch.tensor(_LIMBS)
    pick = limbs[torch.randint(len(limbs), (batch,), generator=rng)]
    return torch.arange(17)[None] == pick[:, None]


def _unseen(batch: int, chance: float, rng: Generator) -> Tensor:
    """(B, 17) what is not seen in any frame."""
    table = torch.zeros((len(_UNSEEN_GROUPS), 17), dtype=torch.bool)
    for row, (joints, _) in enumerate(_UNSEEN_GROUPS):
        table[row, joints] = True
    weights = torch.tensor([float(weight) for _, weight in _UNSEEN_GROUPS])
    group = torch.multinomial(weights, batch, replacement=True, generator=rng)
    return table[group] & (sometimes(batch, chance, rng)[:, None] > 0)
