"""The person detector that ships: NanoDet-g, small and quick without a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from poselift import weights
from poselift.detectors.boxes import keep_people, letterbox
from poselift.detectors.images import as_bgr
from poselift.detectors.session import OnnxModel
from poselift.detectors.similarity import box_overlaps
from poselift.types import People

SIZE = 416
STRIDES = (8, 16, 32)
BINS = 11
_MEAN = np.array([103.53, 116.28, 123.675], np.float32)
_SPREAD = np.array([57.375, 57.12, 58.395], np.float32)
_PERSON = 0
#: Of `generous`: the least score, and the most overlap (IoU) with somebody who is sure.
_GENEROUS, _SHARED = 0.15, 0.3


class NanoDet:
    """Finds people with NanoDet-g.

    Its scores are low by nature, so the threshold is too, and it takes some furniture for people;
    let the joints' scores decide, as `poselift.detectors.see.See` does.

    Attributes:
        side: pixels of the square that a picture is shrunk to.
    """

    side = SIZE

    def __init__(
        self,
        file: str | Path | None = None,
        device: str = "auto",
        threads: int | None = None,
        threshold: float = 0.3,
        overlap: float = 0.6,
        threshold_apart: float = 0.25,
    ) -> None:
        """Load the model.

        Args:
            file: another file of the same model; None is the one that ships.
            device: where to run.
            threads: None takes what this machine has.
            threshold: least score of a person.
            overlap: most overlap (IoU) of two people.
            threshold_apart: least score of a person apart from all others, whose box cannot be a
                second one of somebody else.
        """
        path = Path(file) if file else weights.get("nanodet-g-416")
        self._model = OnnxModel(path, device, threads, float_weights=True)
        self.threshold = threshold
        self.overlap = overlap
        self.threshold_apart = threshold_apart

    def __call__(self, images: Sequence[np.ndarray]) -> list[People]:
        """Find the people of each image, best first."""
        return [self._find(as_bgr(image), self.threshold_apart, 0.0) for image in images]

    def generous(self, images: Sequence[np.ndarray]) -> list[People]:
        """The same with whatever looks a little like a person, for who can tell by the joints."""
        return [self._find(as_bgr(image), _GENEROUS, _SHARED) for image in images]

    def _find(self, image: np.ndarray, least: float, shared: float) -> People:
        """People from the score `least`; the unsure ones overlap sure ones by `shared` at most."""
        fitted = letterbox(image, SIZE)
        pixels = (fitted.image.astype(np.float32) - _MEAN) / _SPREAD
        outputs = list(self._model(pixels.transpose(2, 0, 1)[None]).values())
        scores = np.concatenate([level[0, :, _PERSON] for level in outputs[:3]])
        sides = np.concatenate([level[0] for level in outputs[3:]])
        least = min(least, self.threshold)
        good = np.flatnonzero(scores >= least)
        boxes = decode_sides(sides[good], good)
        people, _ = keep_people(fitted, boxes, scores[good], least, self.overlap, image.shape)
        sure = people.scores >= self.threshold
        others = box_overlaps(people.boxes, people.boxes[sure]).max(axis=1, initial=0)
        kept = sure | (others <= shared)
        return People(people.boxes[kept], people.scores[kept])


def decode_sides(sides: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Boxes of the 416 square from the model's distributions.

    Args:
        sides: (N, 44) logits: left, top, right, bottom times 11 bins of a stride each.
        cells: (N,) which of the 3549 cells each is from.

    Returns:
        (N, 4) x0 y0 x1 y1.
    """
    middles, strides = _cells()
    logits = sides.reshape(-1, 4, BINS)
    likely = np.exp(logits - logits.max(axis=-1, keepdims=True))
    likely /= likely.sum(axis=-1, keepdims=True)
    away = likely @ np.arange(BINS, dtype=np.float32) * strides[cells, None]  # (N, 4)
    middle = middles[cells]
    return np.concatenate([middle - away[:, :2], middle + away[:, 2:]], axis=1).astype(np.float32)


@lru_cache(maxsize=1)
def _cells() -> tuple[np.ndarray, np.ndarray]:
    """(3549, 2) the cells' middles in pixels and (3549,) their strides, row by row."""
    middles, strides = [], []
    for stride in STRIDES:
        count = SIZE // stride
        y, x = np.mgrid[:count, :count]
        middles.append((np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * stride)
        strides.append(np.full(count * count, stride))
    return np.concatenate(middles).astype(np.float32), np.concatenate(strides).astype(np.float32)
