"""The application: command line, pipeline, media in and out, drawing, export, live.

>>> from demo import Pipeline
>>> motion = Pipeline(people="main").run("clip.mp4")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from demo.pipeline import Pipeline
    from demo.result import ClipMotion
    from demo.settings import Settings

_HOME = {"ClipMotion": "demo.result", "Pipeline": "demo.pipeline", "Settings": "demo.settings"}

__all__ = ["ClipMotion", "Pipeline", "Settings"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'demo' has no attribute {name!r}")
