"""Turn 2D joint sequences into 3D: lifters, windows, streams, metrics, training.

>>> import lifter
>>> lift = lifter.load("sct", checkpoint="weights.safetensors")  # doctest: +SKIP
>>> motions = lift(tracks, image_size=(1280, 720), fps=30)  # doctest: +SKIP

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifter.clip import ClipLifter
    from lifter.engine import WindowSettings
    from lifter.loading import available, load
    from lifter.stream import Stream
    from lifter.types import Motion, Track
    from lifter.world import motions_to_world, to_world

_HOME = {
    "ClipLifter": "lifter.clip",
    "Motion": "lifter.types",
    "Stream": "lifter.stream",
    "Track": "lifter.types",
    "WindowSettings": "lifter.engine",
    "available": "lifter.loading",
    "load": "lifter.loading",
    "motions_to_world": "lifter.world",
    "to_world": "lifter.world",
}
_ROOMS = ("metrics", "models", "normalise", "skeleton", "world")

__all__ = [
    "ClipLifter",
    "Motion",
    "Stream",
    "Track",
    "WindowSettings",
    "available",
    "load",
    "motions_to_world",
    "to_world",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _ROOMS:
        return import_module(f"lifter.{name}")
    raise AttributeError(f"module 'lifter' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_ROOMS])
