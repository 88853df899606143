"""Boxes: suppressing doubles, and fitting a picture into a model's square input and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poselift.detectors.similarity import box_overlaps
from poselift.types import People

#: So many candidates, the best, are looked at; overlaps take memory with their number squared.
MOST_CANDIDATES = 1000


def suppress(boxes: np.ndarray, scores: np.ndarray, overlap: float) -> np.ndarray:
    """Non-maximum suppression: the indices to keep, best score first, of the best 1000.

    Args:
        boxes: (N, 4) x0 y0 x1 y1.
        scores: (N,).
        overlap: a box that overlaps a better one by more than this (IoU) goes.

    >>> twice = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [50, 0, 60, 10]], float)
    >>> suppress(twice, np.array([0.5, 0.9, 0.8]), 0.6).tolist()
    [1, 2]
    """
    order = np.argsort(-scores, kind="stable")[:MOST_CANDIDATES]
    alike = box_overlaps(boxes[order], boxes[order]) > overlap
    kept: list[int] = []
    gone = np.zeros(len(order), bool)
    for place in range(len(order)):
        if not gone[place]:
            kept.append(place)
            gone |= alike[place]
    return order[np.array(kept, int)]


def clip_boxes(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes cut at the picture's edges."""
    return np.clip(boxes, 0, np.array([width, height, width, height], np.float32)).astype(
        np.float32
    )


@dataclass(frozen=True)
class Letterboxed:
    """A picture fitted into a square, and how to go back.

    Attributes:
        image: (S, S, 3) uint8, or whatever shape was asked for.
        scale: pixels of the square for one pixel of the picture.
        left: where the picture's left edge is in the square.
        top: where its upper edge is.
    """

    image: np.ndarray
    scale: float
    left: int
    top: int

    def to_picture(self, xy: np.ndarray) -> np.ndarray:
        """(..., 2) points of the square in pixels of the picture."""
        return (xy - np.array([self.left, self.top], np.float32)) / np.float32(self.scale)

    def boxes_to_picture(self, boxes: np.ndarray) -> np.ndarray:
        """(N, 4) boxes of the square in pixels of the picture."""
        return self.to_picture(boxes.reshape(-1, 2, 2)).reshape(-1, 4)


def letterbox(
    image: np.ndarray, size: int | tuple[int, int], fill: int = 0, centred: bool = True
) -> Letterboxed:
    """Fit a picture into a square of `size` pixels, or (width, height), its shape kept.

    It lies in the middle, or at the upper left where not `centred`.
    """
    import cv2

    height, width = image.shape[:2]
    full_width, full_height = (size, size) if isinstance(size, int) else size
    scale = min(full_width / width, full_height / height)
    new_width, new_height = max(round(width * scale), 1), max(round(height * scale), 1)
    # Averaging when shrinking: skipping pixels loses thin limbs of people far away.
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(image, (new_width, new_height), interpolation=how)
    left = (full_width - new_width) // 2 if centred else 0
    top = (full_height - new_height) // 2 if centred else 0
    canvas = np.full((full_height, full_width, 3), fill, np.uint8)
    canvas[top : top + new_height, left : left + new_width] = small
    return Letterboxed(canvas, scale, left, top)


def keep_people(
    fitted: Letterboxed,
    boxes: np.ndarray,
    scores: np.ndarray,
    threshold: float,
    overlap: float,
    shape: tuple[int, ...],
) -> tuple[People, np.ndarray]:
    """The people among a model's candidates, without doubles, best first, cut at the picture.

    Args:
        fitted: how the picture lies in the model's input.
        boxes: (N, 4) in pixels of that input.
        scores: (N,).
        threshold: least score of a person.
        overlap: most overlap (IoU) of two people.
        shape: of the picture, height and width first.

    Returns:
        The people, and which of the candidates they are.
    """
    good = np.flatnonzero((scores >= threshold) & np.isfinite(boxes).all(axis=1))
    kept = good[suppress(boxes[good], scores[good], overlap)]
    found = clip_boxes(fitted.boxes_to_picture(boxes[kept]), shape[1], shape[0])
    inside = (found[:, 2:] - found[:, :2] >= 1).all(axis=1)
    people = People(found[inside], np.clip(scores[kept][inside], 0, 1).astype(np.float32))
    return people, kept[inside]
