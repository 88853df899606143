"""The keypointers that ship: MoveNet Thunder for quality and Lightning for live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from poselift import weights
from poselift.detectors.crops import Crop, cut_square, without_others
from poselift.detectors.engines import engine_name
from poselift.detectors.images import as_bgr
from poselift.detectors.places import CANDIDATES, SeveralPlaces
from poselift.detectors.session import OnnxModel
from poselift.errors import PoseliftError
from poselift.skeleton import COCO17
from poselift.types import People

STRIDE = 4
#: The grey of a crop outside the picture. To the network it is zero, which its layers pad with: it
#: puts joints there, while next to black it squeezes them into the picture.
OUTSIDE = 127
#: The expected place of a joint pulls with 1 / (cells away + this).
_PULL = 1.8
_BATCH = 8
#: The least distance, in cells and on either axis, between two places for one joint.
_APART = 3
#: Spread of a person's joints about where they are expected, on average, in parts of the body's
#: longer side.
_FIT = 0.1
#: How far a hint moves the places that the network expects for a person's joints towards its own.
_HINTED = 0.4


@dataclass(frozen=True)
class Hint:
    """Where the joints of somebody are expected.

    Attributes:
        xy: (17, 2) x, y.
        trust: (17,) 0..1, how sure that is; 0 for joints of which nothing is known.
    """

    xy: np.ndarray
    trust: np.ndarray

    @property
    def size(self) -> float:
        """The longer side of the body."""
        known = self.xy[self.trust > 0]
        return float(max(np.ptp(known, axis=0).max(), 1)) if len(known) > 1 else 1.0


class MoveNet:
    """Reads COCO-17 joints with MoveNet, one square crop per person."""

    skeleton = COCO17
    takes_hints = True
    reads_crops = True  # any part of a picture will do

    def __init__(
        self,
        size: str = "thunder",
        file: str | Path | None = None,
        device: str = "auto",
        threads: int | None = None,
        margin: float = 1.2,
        centre_spread: float = 0.2,
        company: str = "lightning",
    ) -> None:
        """Load the model.

        Args:
            size: "thunder" or "lightning".
            file: another file of the same model; None is the one that ships.
            device: where to run. "auto" computes thunder in eight bits where that is faster.
            threads: None takes what this machine has.
            margin: side of the crop over the box's longer side.
            centre_spread: how far from the crop's middle a person may be, as a part of its side:
                a small one stays with the person of the box when somebody stands in front.
            company: the size of `quick`, which reads the smaller people of a crowd.
        """
        path = Path(file) if file else weights.get(_weights_of(size, device))
        self._model = OnnxModel(path, device, threads, float_weights=True)
        side = self._model.input_shape[1]
        if not isinstance(side, int) or side % STRIDE:
            raise PoseliftError(
                f"{path.name} is not a MoveNet file: its input is {self._model.input_shape}.",
                "Leave the file out: thunder and lightning are included.",
            )
        self._quick = partial(
            MoveNet, company, None, device, threads, margin, centre_spread, company
        )
        self._is_quick = size == company
        self.size = side
        self.margin = margin
        self._prior = _centre_prior(side // STRIDE, centre_spread)

    def __call__(
        self,
        images: Sequence[np.ndarray],
        people: Sequence[People],
        hints: Sequence[Sequence[Hint | None]] | None = None,
        others: Sequence[Sequence[np.ndarray]] | None = None,
    ) -> list[SeveralPlaces]:
        """Read the joints of each image's people.

        Args:
            images: BGR uint8.
            people: of each image.
            hints: for each of them where the joints are expected, of those who stand so close to
                others that the crop may show somebody else as well.
            others: for each of them the boxes (M, 4) of everybody else: what is in these and not
                in the person's own is not looked at, or it is the neighbour who is read.
        """
        crops: list[Crop] = []
        for number, (image, found) in enumerate(zip(images, people, strict=True)):
            picture = as_bgr(image) if len(found) else image
            for i, box in enumerate(found.boxes):
                crop = cut_square(picture, box, self.margin, self.size, OUTSIDE)
                if others is not None:
                    crop = without_others(crop, box, others[number][i], OUTSIDE)
                crops.append(crop)
        flat = [None] * len(crops) if hints is None else [one for row in hints for one in row]
        xy, score = self._read(crops, flat)
        ends = np.cumsum([0, *(len(found) for found in people)])
        return [
            SeveralPlaces(xy[a:b, :, 0], score[a:b, :, 0], COCO17, xy[a:b], score[a:b])
            for a, b in pairwise(ends)
        ]

    @cached_property
    def quick(self) -> MoveNet:
        """What reads the smaller people of a crowd, loaded when it is first needed."""
        return self if self._is_quick else self._quick()

    def _read(
        self, crops: Sequence[Crop], hints: Sequence[Hint | None]
    ) -> tuple[np.ndarray, np.ndarray]:
        """(N, 17, C, 2) in pixels of the pictures and (N, 17, C): candidates, the best first."""
        most = CANDIDATES if any(hint is not None for hint in hints) else 1
        xy = np.zeros((len(crops), 17, most, 2), np.float32)
        score = np.zeros((len(crops), 17, most), np.float32)
        for start in range(0, len(crops), _BATCH):
            part = crops[start : start + _BATCH]
            batch = np.stack([crop.image[..., ::-1] for crop in part]).astype(np.float32)
            batch *= np.float32(1 / 127.5)
            batch -= 1
            in_cells = [
                None
                if hint is None
                else Hint(crop.points_from_picture(hint.xy) / STRIDE, hint.trust)
                for crop, hint in zip(part, hints[start : start + _BATCH], strict=True)
            ]
            cells, part_score = decode(self._model(batch), self._prior, in_cells)
            given = cells.shape[2]
            for i, crop in enumerate(part):
                xy[start + i, :, :given] = crop.points_to_picture(cells[i] * STRIDE)
            score[start : start + len(part), :, :given] = part_score
        return xy, score


def _weights_of(size: str, device: str) -> str:
    """The name of the weights: those in eight bits where they are and where that is faster."""
    plain, eight_bit = f"movenet-{size}", f"movenet-{size}-8bit"
    there = eight_bit in weights.ENTRIES and weights.available(eight_bit)
    return eight_bit if there and engine_name(device) == "onnxruntime-8bit" else plain


def decode(
    heads: dict[str, np.ndarray],
    prior: np.ndarray,
    hints: Sequence[Hint | None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """MoveNet's four heads to joints.

    Args:
        heads: `kpt_heatmap` (N, G, G, 17), `kpt_regress` (N, G, G, 34), `center` (N, G, G, 1),
            `kpt_offset` (N, G, G, 34).
        prior: (G, G) how likely the person's centre is in each cell.
        hints: for each of the N where the joints are expected, in cells.

    Returns:
        (N, 17, C, 2) x, y in cells and (N, 17, C) scores of the candidates for each joint, the
        best first. Without hints there is one of each.
    """
    count, grid = heads["center"].shape[:2]
    each = np.arange(count)
    told = [i for i, hint in enumerate(hints or ()) if hint is not None]
    centre = _sigmoid(heads["center"][..., 0]) * prior
    for i in told:
        centre[i] *= _fit(heads["kpt_regress"][i].reshape(grid, grid, 17, 2), _hint(hints, i))
    row, column = np.divmod(centre.reshape(count, -1).argmax(axis=1), grid)
    away = heads["kpt_regress"][each, row, column].reshape(count, 17, 2)  # y, x
    expected = away + np.stack([row, column], axis=-1)[:, None]  # (N, 17, 2)

    for i in told:
        hint = _hint(hints, i)
        expected[i] += _HINTED * hint.trust[:, None] * (hint.xy[:, ::-1] - expected[i])
    likely = _sigmoid(heads["kpt_heatmap"]).transpose(0, 3, 1, 2)  # (N, 17, G, G)
    pulled = likely / (_far(expected, grid) + _PULL)
    best = _best(pulled, CANDIDATES if told else 1)  # (N, 17, C)
    row, column = np.divmod(best, grid)
    person, joint = each[:, None, None], np.arange(17)[:, None]
    score = likely[person, joint, row, column]
    offset = heads["kpt_offset"].reshape(count, grid, grid, 17, 2)[person, row, column, joint]
    yx = np.stack([row, column], axis=-1) + offset
    return yx[..., ::-1].astype(np.float32), score.astype(np.float32)


def _hint(hints: Sequence[Hint | None] | None, i: int) -> Hint:
    hint = hints[i] if hints is not None else None
    assert hint is not None
    return hint


def _best(pulled: np.ndarray, most: int) -> np.ndarray:
    """(N, 17, most) the highest cells of each map, with some distance between them."""
    count, joints, grid, _ = pulled.shape
    flat = pulled.reshape(count, joints, -1)
    found = [flat.argmax(axis=-1)]
    line = np.arange(grid)
    for _ in range(most - 1):
        row, column = np.divmod(found[-1], grid)
        around = (np.abs(line - row[..., None]) <= _APART)[..., :, None] & (
            np.abs(line - column[..., None]) <= _APART
        )[..., None, :]
        flat = np.where(around.reshape(flat.shape), 0, flat)
        found.append(flat.argmax(axis=-1))
    return np.stack(found, axis=-1)


def _far(yx: np.ndarray, grid: int) -> np.ndarray:
    """How far each cell is from points (..., 2): (..., G, G)."""
    line = np.arange(grid, dtype=np.float32)
    squared = (line - yx[..., :1])[..., :, None] ** 2
    squared = squared + (line - yx[..., 1:])[..., None, :] ** 2
    far: np.ndarray = np.sqrt(squared)
    return far


def _fit(regressed: np.ndarray, hint: Hint) -> np.ndarray:
    """(G, G) 0..1: how well the person whose centre is in a cell agrees with a hint."""
    grid = len(regressed)
    rows, columns = np.mgrid[:grid, :grid]
    known = hint.trust > 0
    points = regressed[:, :, known] + np.stack([rows, columns], axis=-1)[:, :, None]
    away = np.linalg.norm(points - hint.xy[known][:, ::-1], axis=-1)
    fit: np.ndarray = np.exp(-((away.mean(axis=-1) / (_FIT * hint.size)) ** 2) / 2)
    return fit


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -30, 30)))


def _centre_prior(grid: int, spread: float) -> np.ndarray:
    """(G, G) a bell around the middle, `spread` of the side wide."""
    away = (np.arange(grid, dtype=np.float32) + 0.5) / grid - 0.5
    bell = np.exp(-(away**2) / (2 * spread**2))
    return bell[:, None] * bell[None, :]
