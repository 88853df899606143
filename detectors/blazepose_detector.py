"""BlazePose's person detector: finds one large person, and how the body is turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from poselift import weights
from poselift.detectors.boxes import clip_boxes, letterbox
from poselift.detectors.images import as_bgr
from poselift.detectors.session import OnnxModel
from poselift.detectors.similarity import box_overlaps
from poselift.types import People

SIZE = 224
#: (stride, anchors in a cell)
LAYERS = ((8, 2), (16, 2), (32, 6))
_OVERLAP = 0.3


@dataclass(frozen=True)
class Region:
    """The turned square that holds a body, in pixels of the picture.

    Attributes:
        middle: (2,) the middle of the hips.
        side: length of a side.
        angle: radians, clockwise; 0 is an upright body.
    """

    middle: np.ndarray
    side: float
    angle: float

    @classmethod
    def from_circle(cls, hips: np.ndarray, rim: np.ndarray) -> Region:
        """From the hips' middle and the point of the circle around the body above them."""
        along = np.asarray(rim - hips, np.float64)
        side = max(2 * 1.25 * float(np.hypot(*along)), 2.0)
        return cls(np.asarray(hips, np.float32), side, float(np.arctan2(along[0], -along[1])))

    @classmethod
    def from_box(cls, box: np.ndarray) -> Region:
        """An upright one around a person's box, where nothing better is known."""
        middle = (box[:2] + box[2:]) / 2
        return cls(middle, max(1.25 * float((box[2:] - box[:2]).max()), 2.0), 0.0)


class BlazePoseDetector:
    """Finds the most prominent people; good for one who fills much of the picture."""

    def __init__(
        self,
        file: str | Path | None = None,
        device: str = "auto",
        threads: int | None = None,
        threshold: float = 0.5,
    ) -> None:
        """Load the model; `threshold` is the least score of a person."""
        path = Path(file) if file else weights.get("blazepose-detector")
        self._model = OnnxModel(path, device, threads)
        self.threshold = threshold

    def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
        """Find the people of each image; a box bounds the circle around the body."""
        return [self._people(as_bgr(image)) for image in images]

    def _people(self, image: np.ndarray) -> People:
        regions, scores = self.regions(image)
        if not regions:
            return People.none()
        middles = np.stack([region.middle for region in regions])
        reach = np.array([region.side / 2.5 for region in regions], np.float32)[:, None]
        height, width = image.shape[:2]
        boxes = clip_boxes(np.concatenate([middles - reach, middles + reach], 1), width, height)
        inside = (boxes[:, 2:] - boxes[:, :2] >= 1).all(axis=1)
        return People(boxes[inside], scores[inside])

    def regions(self, image: np.ndarray) -> tuple[list[Region], np.ndarray]:
        """The regions of the people of a BGR uint8 image, best first, and their scores (N,)."""
        fitted = letterbox(image, SIZE)
        pixels = fitted.image[None, ..., ::-1].astype(np.float32) / 127.5 - 1
        outputs = self._model(pixels)
        logits = np.clip(outputs["scores"][0, :, 0], -30, 30)
        scores = 1 / (1 + np.exp(-logits))
        good = np.flatnonzero(scores >= self.threshold)
        decoded = _decode(outputs["boxes"][0, good], _anchors()[good])
        merged, scores = _merge(decoded, scores[good])
        points = fitted.to_picture(merged[:, 4:8].reshape(-1, 2, 2))
        return [Region.from_circle(hips, rim) for hips, rim in points], scores


def _decode(raw: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """(N, 12) box (middle, size) and four points to x0 y0 x1 y1 and points, in the square."""
    points = raw.reshape(-1, 6, 2).astype(np.float32)
    middle, half = points[:, 0] + anchors, points[:, 1] / 2
    points = points + anchors[:, None]
    points[:, 0], points[:, 1] = middle - half, middle + half
    return points.reshape(-1, 12)


def _merge(rows: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Averages rows whose boxes overlap by their scores: (N, 12), (N,) to (M, 12), (M,)."""
    merged, best = [], []
    left = np.argsort(-scores, kind="stable")
    while len(left):
        alike = box_overlaps(rows[left[:1], :4], rows[left, :4])[0] > _OVERLAP
        alike[0] = True
        group = left[alike]
        merged.append(np.average(rows[group], axis=0, weights=scores[group]))
        best.append(scores[left[0]])
        left = left[~alike]
    return np.array(merged, np.float32).reshape(-1, 12), np.array(best, np.float32)


@lru_cache(maxsize=1)
def _anchors() -> np.ndarray:
    """(2254, 2) the anchors' middles in pixels of the square."""
    layers = []
    for stride, each in LAYERS:
        count = SIZE // stride
        y, x = np.mgrid[:count, :count]
        middles = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * stride
        layers.append(np.repeat(middles, each, axis=0))
    return np.concatenate(layers).astype(np.float32)
