"""Turn 2D joint sequences into 3D: lifters, windows, streams, metrics, training.

>>> from poselift import lifter
>>> lift = lifter.load("sct", checkpoint="weights.safetensors")  # doctest: +SKIP
>>> motions = lift(tracks, image_size=(1280, 720), fps=30)  # doctest: +SKIP

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poselift.lazy import lazy

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

__all__ = [
    "ClipLifter",
    "Motion",
    "Stream",
    "Track",
    "WindowSettings",
    "available",
    "load",
]


__getattr__, __dir__ = lazy(__name__, _HOME, ("metrics", "models", "normalise"))
