"""Find people in pictures, follow them, and read their joints in 2D."""

from poselift.detectors.protocols import Keypointer, PersonDetector
from poselift.detectors.registry import (
    choose_detector,
    choose_keypointer,
    load_detector,
    load_keypointer,
    names,
)
from poselift.types import Frame, Keypoints, People

__all__ = [
    "Frame",
    "Keypointer",
    "Keypoints",
    "People",
    "PersonDetector",
    "choose_detector",
    "choose_keypointer",
    "load_detector",
    "load_keypointer",
    "names",
]
