"""Square crops around people, upright or turned, and the way back to the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Crop:
    """A square cut from a picture.

    Attributes:
        image: (S, S, 3) BGR uint8.
        to_picture: (2, 3) float32, takes points of the crop to points of the picture.
    """

    image: np.ndarray
    to_picture: np.ndarray

    def points_to_picture(self, xy: np.ndarray) -> np.ndarray:
        """(..., 2) points of the crop in pixels of the picture."""
        return xy @ self.to_picture[:, :2].T + self.to_picture[:, 2]

    def points_from_picture(self, xy: np.ndarray) -> np.ndarray:
        """(..., 2) pixels of the picture as points of the crop."""
        inside: np.ndarray = (xy - self.to_picture[:, 2]) @ np.linalg.inv(self.to_picture[:, :2]).T
        return inside


def square_around(box: np.ndarray, margin: float) -> tuple[float, float, float]:
    """The square around a box: its middle x, y and its side, `margin` times the longer side."""
    x0, y0, x1, y1 = (float(value) for value in box)
    return (x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0, 1.0) * margin


def cut_square(
    image: np.ndarray, box: np.ndarray, margin: float, size: int, outside: int = 0
) -> Crop:
    """The upright square around `box`, resized to `size`; grey outside the picture.

    `outside` is how grey, from 0 (black) to 255.
    """
    import cv2

    middle_x, middle_y, side = square_around(box, margin)
    height, width = image.shape[:2]
    whole = max(round(side), 2)
    left, top = round(middle_x - whole / 2), round(middle_y - whole / 2)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + whole, width), min(top + whole, height)
    scale = size / whole
    to_picture = np.array([[1 / scale, 0, left], [0, 1 / scale, top]], np.float32)
    if x1 <= x0 or y1 <= y0:  # the box is outside the picture
        return Crop(np.full((size, size, 3), outside, np.uint8), to_picture)
    part = image[y0:y1, x0:x1]
    if (x1 - x0, y1 - y0) != (whole, whole):
        part = cv2.copyMakeBorder(
            part,
            y0 - top,
            top + whole - y1,
            x0 - left,
            left + whole - x1,
            cv2.BORDER_CONSTANT,
            value=(outside,) * 3,
        )
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return Crop(cv2.resize(part, (size, size), interpolation=how), to_picture)


def without_others(crop: Crop, own: np.ndarray, others: np.ndarray, grey: int) -> Crop:
    """The crop with the boxes `others` (M, 4) painted over, save where the box `own` (4,) is."""
    size = len(crop.image)
    corners = crop.points_from_picture(np.vstack([others, own]).reshape(-1, 2, 2))
    *them, mine = np.clip(np.round(corners), 0, size).astype(int)
    hidden = np.zeros((size, size), bool)
    for (x0, y0), (x1, y1) in them:
        hidden[y0:y1, x0:x1] = True
    (x0, y0), (x1, y1) = mine
    hidden[y0:y1, x0:x1] = False
    if not hidden.any():
        return crop
    image = crop.image.copy()
    image[hidden] = grey
    return Crop(image, crop.to_picture)


def cut_turned(image: np.ndarray, middle: np.ndarray, side: float, angle: float, size: int) -> Crop:
    """A square turned by `angle` (radians, clockwise), the border's colours carried on outside."""
    import cv2

    shrink = side / size
    cosine, sine = np.cos(angle) * shrink, np.sin(angle) * shrink
    half = size / 2
    to_picture = np.array(
        [
            [cosine, -sine, middle[0] - half * (cosine - sine)],
            [sine, cosine, middle[1] - half * (sine + cosine)],
        ],
        np.float32,
    )
    source, matrix = image, to_picture.astype(np.float64)
    if shrink > 2:
        # Warping reads four pixels a point: shrink first, or the rest of them are lost.
        smaller = 2 / shrink
        height, width = image.shape[:2]
        source = cv2.resize(
            image,
            (max(round(width * smaller), 1), max(round(height * smaller), 1)),
            interpolation=cv2.INTER_AREA,
        )
        matrix = matrix * [[source.shape[1] / width], [source.shape[0] / height]]
    turned = cv2.warpAffine(
        source,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Crop(turned, to_picture)
