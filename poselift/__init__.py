"""Any video, camera or folder of videos into a 2D overlay and a moving 3D skeleton.

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poselift.errors import PoseliftError
    from poselift.pipeline import Pipeline
    from poselift.result import ClipMotion
    from poselift.settings import Settings

# In a checkout the folders `demo`, `detectors`, `lifter` and `weights` lie beside this one, and
# links in here lead to them. Where links cannot be (Windows, some archives), look there directly.
if not Path(__file__).with_name("lifter").is_dir():
    __path__.append(str(Path(__file__).parents[1]))

_HOME = {
    "ClipMotion": "poselift.result",
    "Pipeline": "poselift.pipeline",
    "PoseliftError": "poselift.errors",
    "Settings": "poselift.settings",
}

__all__ = ["ClipMotion", "Pipeline", "PoseliftError", "Settings"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'poselift' has no attribute {name!r}")
