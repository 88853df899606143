"""Small networks of every model, for tests of what is around them."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch

from poselift.lifter import models
from poselift.lifter.models.base import LifterNet
from poselift.types import Track

IMAGE = (640, 480)

_SMALL: dict[str, Any] = {
    "frames": 9, "frames_kept": 3, "coefficients_kept": 3, "depth": 2, "blocks": 1, "width": 16,
    "heads": 2, "attention_heads": 2, "representation": 16, "ratio": 0.6, "pruned_layers": (0,),
    "spatial_blocks": 1, "temporal_blocks": 1, "kernels": (3, 3), "room": True,
}  # fmt: skip


def small_net(name: str, seed: int = 0, **settings: Any) -> LifterNet:
    """A network of model `name` that runs in no time; its weights depend on `seed` alone."""
    taken = inspect.signature(models.MODELS[name]).parameters
    small = {key: value for key, value in _SMALL.items() if key in taken} | settings
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = models.create(name, **small)
        for parameter in net.parameters():  # so that no part is zero and nothing cancels
            torch.nn.init.normal_(parameter, std=0.15)
    return net.eval()


def random_track(frames: int, seed: int = 0, track_id: int = 1) -> Track:
    """A body of random joints that wander."""
    rng = np.random.default_rng(seed)
    body = rng.uniform(-80, 80, size=(1, 17, 2)) + np.array([300, 240])
    walk = rng.normal(size=(frames, 17, 2)).cumsum(axis=0)
    return Track(track_id, np.arange(frames), body + walk, rng.uniform(0.3, 1, (frames, 17)))
