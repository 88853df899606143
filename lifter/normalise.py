"""From pixels to what a network was trained on: the two 2D normalisations.

- `screen`: both axes by the picture's width, so x is in -1..1 and the aspect ratio is kept.
- `crop`: the box of the confident joints of the sequence that the network sees (its window), the
  longer side mapped to -1..1 about the box's centre. It depends neither on the size of the picture
  nor on where the person stands, nor on what happens before and after the window, so that training,
  files of any length and live use all see the same thing.

The confidence is the third channel for the networks that take three. Both are centred on x = 0:
`poselift.skeleton.mirror_points` mirrors what comes out.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

Normalisation = Literal["screen", "crop"]

#: Joints below this score do not stretch the box: a keypointer's guesses may lie anywhere.
CONFIDENT = 0.2


def screen(xy: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """Pixels (..., 2) to screen units, for a picture of (width, height).

    >>> screen(np.array([[0, 0], [1280, 720], [640, 360]]), (1280, 720)).tolist()
    [[-1.0, -0.5625], [1.0, 0.5625], [0.0, 0.0]]
    """
    width, height = image_size
    return (np.asarray(xy, np.float32) * 2 - np.array([width, height], np.float32)) / np.float32(
        width
    )


def crop_box(xy: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre (..., 2) and half of the longer side (...,) of the box of each sequence's joints.

    `xy` is (..., T, 17, 2), `score` (..., T, 17): the box is taken over all T frames of the joints
    that have confidence (`CONFIDENT`); where none has, of those with any; where none has, of all.
    """
    xy, score = np.asarray(xy, np.float32), np.asarray(score, np.float32)
    sure, seen = score >= CONFIDENT, score > 0
    any_sure = sure.any(axis=(-2, -1), keepdims=True)
    any_seen = seen.any(axis=(-2, -1), keepdims=True)
    counted = (sure | (seen & ~any_sure) | ~any_seen)[..., None]
    low = np.where(counted, xy, np.float32(np.inf)).min(axis=(-3, -2))
    high = np.where(counted, xy, np.float32(-np.inf)).max(axis=(-3, -2))
    half = (high - low).max(axis=-1) / 2
    return (low + high) / 2, np.maximum(half, np.float32(1e-6))


def crop(xy: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Sequences (..., T, 17, 2) of any unit to their own boxes' units.

    >>> xy = np.zeros((1, 17, 2)); xy[0, 0] = 150, 300
    >>> crop(xy, np.ones((1, 17)))[0, :2].tolist()
    [[0.5, 1.0], [-0.5, -1.0]]
    """
    centre, half = crop_box(xy, score)
    return (np.asarray(xy, np.float32) - centre[..., None, None, :]) / half[..., None, None, None]


def network_input(points: np.ndarray, score: np.ndarray, channels: int) -> np.ndarray:
    """Normalised points (..., 17, 2) and their scores as (..., 17, `channels`)."""
    if channels == 2:
        return np.asarray(points, np.float32)
    return np.concatenate([points, np.asarray(score)[..., None]], axis=-1, dtype=np.float32)
