"""How good a network is on windows with known poses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from poselift.lifter.data.windows import WindowBatch
from poselift.lifter.models.base import LifterNet
from poselift.lifter.models.packed import heads_of
from poselift.lifter.training.losses import best_fit

#: Metres a window of somebody who walks.
_WALKS = 0.4


@dataclass(frozen=True)
class Errors:
    """Errors a frame and joint, metres: (N, 17) plain and aligned; (M, 17) of velocities a step."""

    plain: np.ndarray
    aligned: np.ndarray
    velocity: np.ndarray

    def summary(self) -> dict[str, float]:
        """Millimetres: mpjpe, p_mpjpe, mpjve (a frame)."""
        return {
            "mpjpe": 1000 * float(self.plain.mean()),
            "p_mpjpe": 1000 * float(self.aligned.mean()),
            "mpjve": 1000 * float(self.velocity.mean()) if self.velocity.size else 0.0,
        }


@torch.no_grad()
def _in_batches(
    net: nn.Module, ask: Callable[[Tensor], Tensor], x: Tensor, batch: int = 256
) -> Tensor:
    """What `net`, asked so, says of windows (B, T, 17, C): on its device, back on the CPU."""
    was_training = net.training
    net.eval()
    device = next(net.parameters()).device
    channels = getattr(net, "channels", x.shape[-1])
    out = [ask(part[..., :channels].to(device)).float().cpu() for part in x.split(batch)]
    net.train(was_training)
    return torch.cat(out)


def predict(net: nn.Module, x: Tensor) -> Tensor:
    """The network's poses for windows (B, T, 17, C)."""
    return _in_batches(net, net, x)


def predict_packed(net: LifterNet, x: Tensor) -> Tensor:
    """What the network says of windows (B, T, 17, C), packed; see `models.packed`."""
    return _in_batches(net, net.packed, x)


def predict_live(net: LifterNet, x: Tensor, position: int) -> Tensor:
    """What the network says of one frame of streams' windows (B, T, 17, C), packed."""
    return _in_batches(net, partial(net.live_at, position=position), x)


def measure_heads(packed: Tensor, windows: WindowBatch) -> dict[str, float]:
    """Degrees that up is off, a window; the F1 of planted feet; percents of closeness and way.

    These are median errors of a window's mean closeness, and of its way, of those who walk. Empty
    without heads.
    """
    heads = heads_of(packed)
    if heads is None or windows.up is None or windows.planted is None:
        return {}
    # One answer a window: its frames agree on where up is, but for a camera that shakes.
    said, true = heads.up.sum(1), windows.up.nan_to_num().sum(1)
    cosine = torch.cosine_similarity(said, true, dim=-1).clamp(-1, 1)
    off = torch.rad2deg(torch.arccos(cosine))[windows.up.isfinite().all(-1).any(1)]
    known = windows.planted.isfinite()
    stands, says = windows.planted[known] > 0.5, heads.planted[known] > 0
    hits = float((stands & says).sum())
    f1 = 2 * hits / max(float(stands.sum() + says.sum()), 1.0)
    figures = {"up_degrees": float(off.mean()), "planted_f1": 100 * f1}
    if heads.closeness is not None and windows.closeness is not None:
        wrong = heads.closeness[..., 0].mean(1) / windows.closeness.mean(1) - 1
        figures["closeness_percent"] = 100 * float(wrong.abs().median())
    if heads.velocity is not None and windows.velocity is not None:
        way, true = (one[..., :3].sum(1) for one in (heads.velocity, windows.velocity))
        walks = true.norm(dim=-1) > _WALKS
        wrong = ((way - true).norm(dim=-1) / true.norm(dim=-1))[walks]
        if len(wrong):
            figures["way_percent"] = 100 * float(wrong.median())
    return figures


def measure(guess: Tensor, truth: Tensor) -> Errors:
    """Errors of poses (B, T, 17, 3); the pelvis is taken as the origin of both."""
    guess, truth = guess - guess[:, :, :1], truth - truth[:, :, :1]
    flat_guess, flat_truth = guess.flatten(0, 1), truth.flatten(0, 1)
    scale, turn, from_centre, to_centre = best_fit(flat_guess, flat_truth)
    fitted = (flat_guess - from_centre) @ turn * scale + to_centre
    step = (guess - truth).diff(dim=1)
    return Errors(
        (flat_guess - flat_truth).norm(dim=-1).numpy(),
        (fitted - flat_truth).norm(dim=-1).numpy(),
        step.norm(dim=-1).flatten(0, 1).numpy(),
    )


def wanted(net: nn.Module, windows: WindowBatch) -> Tensor:
    """The poses that this network should give: all, or the middle frame's."""
    if getattr(net, "output", "all") == "centre":
        middle = (windows.y.shape[1] - 1) // 2
        return windows.y[:, middle : middle + 1]
    return windows.y
