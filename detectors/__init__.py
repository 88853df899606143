"""Find people in pictures, follow them, and read their joints in 2D."""

from detectors.registry import (
    choose_detector,
    choose_keypointer,
    load_detector,
    load_keypointer,
    names,
)
from detectors.types import Frame, Keypointer, Keypoints, People, PersonDetector

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
