"""Turn 2D joint sequences into 3D: lifters, windows, streams, metrics, training.

>>> from poselift import lifter
>>> lift = lifter.load("sct", checkpoint="weights.safetensors")  # doctest: +SKIP
>>> motions = lift(tracks, image_size=(1280, 720), fps=30)  # doctest: +SKIP

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poselift.lifter.clip import ClipLifter
    from poselift.lifter.engine import WindowSettings
    from poselift.lifter.loading import available, load
    from poselift.lifter.stream import Stream
    from poselift.types import Motion, Track

_HOME = {
    "ClipLifter": "poselift.lifter.clip",
    "Motion": "poselift.types",
    "Stream": "poselift.lifter.stream",
    "Track": "poselift.types",
    "WindowSettings": "poselift.lifter.engine",
    "available": "poselift.lifter.loading",
    "load": "poselift.lifter.loading",
}
_MODULES = ("metrics", "models", "normalise")

__all__ = [
    "ClipLifter",
    "Motion",
    "Stream",
    "Track",
    "WindowSettings",
    "available",
    "load",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _MODULES:
        return import_module(f"poselift.lifter.{name}")
    raise AttributeError(f"module 'poselift.lifter' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES])
