"""From pixels to what a network was trained on: the 2D normalisations.

- `screen`: both axes by the picture's width, so x is in -1..1 and the aspect ratio is kept. What
  published networks take.
- `crop`: the box of the confident joints of the sequence that the network sees (its window), the
  longer side mapped to -1..1 about the box's centre. It depends neither on the size of the picture
  nor on where the person stands, nor on what happens before and after the window, so that training,
  files of any length and live use all see the same thing.
- `ray`: the same after turning the camera, in thought, towards the centre of that box, so that the
  person is seen along the optical axis wherever they stand. It needs the field of view.

A network that sees only the box cannot know where in the picture the person is, so it can only
answer as if the camera looked straight at them: in the frame of the viewing ray. `ray_axes` gives
the rotation between that frame and the camera's.

The confidence is the third channel for the networks that take three. All are centred on x = 0:
`poselift.skeleton.mirror_points` mirrors what comes out.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

Normalisation = Literal["screen", "crop", "ray"]

#: Joints below this score do not stretch the box: a keypointer's guesses may lie anywhere.
CONFIDENT = 0.2
#: Nothing is projected from nearer to the plane of the camera than this, per unit of distance.
_LEAST_DEPTH = 0.05


def screen(xy: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """Pixels (..., 2) to screen units, for a picture of (width, height).

    >>> screen(np.array([[0, 0], [1280, 720], [640, 360]]), (1280, 720)).tolist()
    [[-1.0, -0.5625], [1.0, 0.5625], [0.0, 0.0]]
    """
    width, height = image_size
    return (np.asarray(xy, np.float32) * 2 - np.array([width, height], np.float32)) / np.float32(
        width
    )


def on_plane(xy: np.ndarray, image_size: tuple[int, int], field_of_view: float) -> np.ndarray:
    """Pixels (..., 2) to the picture plane at focal length 1, the optical axis at (0, 0).

    `field_of_view` is in degrees along the longer side of the picture of (width, height).

    >>> on_plane(np.array([[1280, 360]]), (1280, 720), 90).round(6).tolist()
    [[1.0, 0.0]]
    """
    middle = np.array(image_size, np.float32) / 2
    focal = max(image_size) / 2 / np.tan(np.radians(field_of_view) / 2)
    return (np.asarray(xy, np.float32) - middle) / np.float32(focal)


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


def ray_axes(centre: np.ndarray) -> np.ndarray:
    """(..., 3, 3) camera axes to those of the viewing ray through points (..., 2) of the plane.

    The camera turns about its vertical and then nods, so that what is upright for a level camera
    stays so. Camera space `p` becomes `axes @ p`; rows of points `p @ axes.T`, and back `p @ axes`.

    >>> (ray_axes(np.zeros(2)) + 0).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    x, y = np.asarray(centre, np.float32)[..., 0], np.asarray(centre, np.float32)[..., 1]
    flat = np.sqrt(1 + x * x)
    length = np.sqrt(1 + x * x + y * y)
    zero = np.zeros_like(x)
    across = np.stack([1 / flat, zero, -x / flat], axis=-1)
    away = np.stack([x / length, y / length, 1 / length], axis=-1)
    down = np.stack([-x * y / flat, flat, -y / flat], axis=-1) / length[..., None]
    return np.stack([across, down, away], axis=-2)


def ray(points: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (..., T, 17, 2) at focal length 1 as seen along their own viewing rays.

    Returns them in their boxes' units, and the rays' axes (..., 3, 3).
    """
    points = np.asarray(points, np.float32)
    axes = ray_axes(crop_box(points, score)[0])
    homogeneous = np.concatenate([points, np.ones_like(points[..., :1])], axis=-1)
    flat = homogeneous.reshape(*axes.shape[:-2], -1, 3)
    turned = (flat @ np.swapaxes(axes, -1, -2)).reshape(homogeneous.shape)
    seen = turned[..., :2] / np.maximum(turned[..., 2:], np.float32(_LEAST_DEPTH))
    return crop(seen, score), axes


def network_input(points: np.ndarray, score: np.ndarray, channels: int) -> np.ndarray:
    """Normalised points (..., 17, 2) and their scores as (..., 17, `channels`)."""
    if channels == 2:
        return np.asarray(points, np.float32)
    return np.concatenate([points, np.asarray(score)[..., None]], axis=-1, dtype=np.float32)
