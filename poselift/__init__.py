"""Turn any video, camera or folder of videos into a 2D overlay and a moving 3D skeleton.

>>> import poselift
>>> motion = poselift.run("clip.mp4", people="main")  # doctest: +SKIP
>>> motion.save("out/", ["mp4", "bvh"])  # doctest: +SKIP

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from poselift.lazy import lazy

if TYPE_CHECKING:
    from poselift.api import lift, load, register, run
    from poselift.errors import PoseliftError
    from poselift.live import Live, LivePerson
    from poselift.parts import Lifter
    from poselift.pipeline import Pipeline
    from poselift.result import ClipMotion
    from poselift.settings import Settings
    from poselift.skeleton import Skeleton
    from poselift.types import Frame, Keypoints, Motion, People, Track

# In a checkout the folders `demo`, `detectors`, `lifter` and `weights` lie beside this one, and
# links in here lead to them. Where links cannot be (Windows, some archives), look there directly.
if not Path(__file__).with_name("lifter").is_dir():
    __path__.append(str(Path(__file__).parents[1]))

_HOME = {
    "ClipMotion": "poselift.result",
    "Frame": "poselift.types",
    "Keypoints": "poselift.types",
    "Lifter": "poselift.parts",
    "Motion": "poselift.types",
    "People": "poselift.types",
    "Live": "poselift.live",
    "LivePerson": "poselift.live",
    "Pipeline": "poselift.pipeline",
    "PoseliftError": "poselift.errors",
    "Settings": "poselift.settings",
    "Skeleton": "poselift.skeleton",
    "Track": "poselift.types",
    "lift": "poselift.api",
    "load": "poselift.api",
    "register": "poselift.api",
    "run": "poselift.api",
}

__all__ = [
    "ClipMotion",
    "Frame",
    "Keypoints",
    "Lifter",
    "Live",
    "LivePerson",
    "Motion",
    "People",
    "Pipeline",
    "PoseliftError",
    "Settings",
    "Skeleton",
    "Track",
    "lift",
    "load",
    "register",
    "run",
]


__getattr__, __dir__ = lazy(__name__, _HOME)
