"""The small pictures and clips with people in them, and what a person read off them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from poselift.types import Frame

PEOPLE = Path(__file__).parents[1] / "data" / "people"

# Positions that a person read off the first frames, in pixels.
WALKING_WOMAN = {
    "nose": (750, 315), "left shoulder": (773, 338), "left elbow": (762, 370),
    "left wrist": (726, 388), "left knee": (785, 455), "right knee": (733, 442),
    "left ankle": (806, 497), "right ankle": (717, 492),
}  # fmt: skip
BALANCING_MAN = {
    "left shoulder": (322, 262), "right shoulder": (243, 268), "left elbow": (345, 318),
    "right elbow": (233, 330), "left wrist": (361, 366), "right wrist": (213, 372),
    "left hip": (305, 375), "right hip": (265, 378),
}  # fmt: skip
ASTRONAUT = {
    "nose": (228, 122), "right eye": (203, 101), "left eye": (247, 103),
    "right shoulder": (85, 255), "left shoulder": (335, 265),
}  # fmt: skip


@lru_cache
def clip(name: str) -> tuple[Frame, ...]:
    """Frames of `two_people_small` or `balance_small`."""
    capture = cv2.VideoCapture(str(PEOPLE / f"{name}.mp4"))
    frames: list[Frame] = []
    while True:
        there, image = capture.read()
        if not there:
            return tuple(frames)
        frames.append(Frame(len(frames), len(frames) / 30, image))


@lru_cache
def astronaut() -> np.ndarray:
    """One woman facing the camera, from the chest up."""
    image = cv2.imread(str(PEOPLE / "astronaut.jpg"))
    assert image is not None
    return image


def farthest(joints: dict[str, tuple[int, int]], xy: np.ndarray, names: tuple[str, ...]) -> float:
    """How many pixels the worst of the hand-read joints is away."""
    return max(float(np.hypot(*(xy[names.index(name)] - place))) for name, place in joints.items())
