"""The keypointers that ship: MoveNet Thunder for quality and Lightning for live."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from poselift import weights
from poselift.detectors.crops import Crop, cut_square
from poselift.detectors.images import as_bgr
from poselift.detectors.session import OnnxModel
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17
from poselift.types import Keypoints, People

STRIDE = 4
#: The expected place of a joint pulls with 1 / (cells away + this).
_PULL = 1.8
_BATCH = 8


class MoveNet:
    """Reads COCO-17 joints with MoveNet, one square crop per person."""

    skeleton = COCO17

    def __init__(
        self,
        size: str = "thunder",
        file: str | Path | None = None,
        device: str = "auto",
        threads: int | None = None,
        margin: float = 1.2,
        centre_spread: float = 0.2,
    ) -> None:
        """Load the model.

        Args:
            size: "thunder" or "lightning".
            file: another file of the same model; None is the one that ships.
            device: where to run.
            threads: None takes what this machine has.
            margin: side of the crop over the box's longer side.
            centre_spread: how far from the crop's middle a person may be, as a part of its side:
                a small one stays with the person of the box when somebody stands in front.
        """
        path = Path(file) if file else weights.get(f"movenet-{size}")
        self._model = OnnxModel(path, device, threads, float_weights=True)
        side = self._model.input_shape[1]
        if not isinstance(side, int) or side % STRIDE:
            raise PoseliftError(
                f"{path.name} is not a MoveNet file: its input is {self._model.input_shape}.",
                "Leave the file out: thunder and lightning are included.",
            )
        self.size = side
        self.margin = margin
        self._prior = _centre_prior(side // STRIDE, centre_spread)

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        """Read the joints of each image's people."""
        crops: list[Crop] = []
        for image, found in zip(images, people, strict=True):
            picture = as_bgr(image) if len(found) else image
            crops += [cut_square(picture, box, self.margin, self.size) for box in found.boxes]
        xy, score = self._read(crops)
        ends = np.cumsum([0, *(len(found) for found in people)])
        return [Keypoints(xy[start:end], score[start:end], COCO17) for start, end in pairwise(ends)]

    def _read(self, crops: Sequence[Crop]) -> tuple[np.ndarray, np.ndarray]:
        """(N, 17, 2) in pixels of the pictures and (N, 17)."""
        xy = np.zeros((len(crops), 17, 2), np.float32)
        score = np.zeros((len(crops), 17), np.float32)
        for start in range(0, len(crops), _BATCH):
            part = crops[start : start + _BATCH]
            batch = np.stack([crop.image[..., ::-1] for crop in part]).astype(np.float32)
            batch *= np.float32(1 / 127.5)
            batch -= 1
            cells, part_score = decode(self._model(batch), self._prior)
            for i, crop in enumerate(part):
                xy[start + i] = crop.points_to_picture(cells[i] * STRIDE)
            score[start : start + len(part)] = part_score
        return xy, score


def decode(heads: dict[str, np.ndarray], prior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """MoveNet's four heads to joints.

    Args:
        heads: `kpt_heatmap` (N, G, G, 17), `kpt_regress` (N, G, G, 34), `center` (N, G, G, 1),
            `kpt_offset` (N, G, G, 34).
        prior: (G, G) how likely the person's centre is in each cell.

    Returns:
        (N, 17, 2) x, y in cells and (N, 17) scores.
    """
    count, grid = heads["center"].shape[:2]
    each = np.arange(count)
    centre = _sigmoid(heads["center"][..., 0]) * prior
    row, column = np.divmod(centre.reshape(count, -1).argmax(axis=1), grid)
    away = heads["kpt_regress"][each, row, column].reshape(count, 17, 2)  # y, x
    expected = away + np.stack([row, column], axis=-1)[:, None]  # (N, 17, 2)

    likely = _sigmoid(heads["kpt_heatmap"]).transpose(0, 3, 1, 2)  # (N, 17, G, G)
    line = np.arange(grid, dtype=np.float32)
    squared = (line - expected[..., :1])[..., :, None] ** 2
    squared = squared + (line - expected[..., 1:])[..., None, :] ** 2
    pulled = likely / (np.sqrt(squared) + _PULL)
    best = pulled.reshape(count, 17, -1).argmax(axis=-1)  # (N, 17)
    row, column = np.divmod(best, grid)
    joint = np.arange(17)
    score = likely[each[:, None], joint, row, column]
    offset = heads["kpt_offset"].reshape(count, grid, grid, 17, 2)[
        each[:, None], row, column, joint
    ]
    yx = np.stack([row, column], axis=-1) + offset
    return yx[..., ::-1].astype(np.float32), score.astype(np.float32)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -30, 30)))


def _centre_prior(grid: int, spread: float) -> np.ndarray:
    """(G, G) a bell around the middle, `spread` of the side wide."""
    away = (np.arange(grid, dtype=np.float32) + 0.5) / grid - 0.5
    bell = np.exp(-(away**2) / (2 * spread**2))
    return bell[:, None] * bell[None, :]
