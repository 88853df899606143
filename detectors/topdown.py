"""What every top-down keypointer shares: upright crops of its own shape, read in batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from poselift.detectors.crops import Crop
from poselift.detectors.images import as_bgr
from poselift.skeleton import Skeleton
from poselift.types import Keypoints, People


class TopDown(ABC):
    """A keypointer that reads one crop per person.

    Attributes:
        skeleton: the joints that it gives.
        size: width and height of its crops.
        margin: how much larger than the box a crop is.
        batch: how many crops are read together.
    """

    skeleton: Skeleton
    size: tuple[int, int]
    margin: float = 1.25
    batch: int = 8
    reads_crops = True  # any part of a picture will do

    @abstractmethod
    def read(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, H, W, 3) BGR uint8 to joints: (N, K, 2) in pixels of the crop and (N, K) scores."""

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        """Read the joints of each image's people."""
        if not images:
            return []
        crops: list[Crop] = []
        for image, found in zip(images, people, strict=True):
            picture = as_bgr(image) if len(found) else image
            crops += [cut_upright(picture, box, self.margin, self.size) for box in found.boxes]
        xy = np.zeros((len(crops), len(self.skeleton), 2), np.float32)
        score = np.zeros((len(crops), len(self.skeleton)), np.float32)
        for start in range(0, len(crops), self.batch):
            part = crops[start : start + self.batch]
            here = slice(start, start + len(part))
            joints, score[here] = self.read(np.stack([crop.image for crop in part]))
            xy[here] = [crop.points_to_picture(one) for crop, one in zip(part, joints, strict=True)]
        # A model in float16 may overflow; a joint without a place is not seen.
        lost = ~np.isfinite(xy).all(axis=-1) | ~np.isfinite(score)
        xy[lost], score[lost] = 0, 0
        ends = np.cumsum([len(found) for found in people], dtype=int)[:-1]
        return [
            Keypoints(one_xy, one_score, self.skeleton)
            for one_xy, one_score in zip(np.split(xy, ends), np.split(score, ends), strict=True)
        ]


def cut_upright(image: np.ndarray, box: np.ndarray, margin: float, size: tuple[int, int]) -> Crop:
    """The part of a picture around `box`, as the official HRNet cuts it.

    The box is grown on one side to the shape of `size`, then by `margin`; outside the picture it
    is black.
    """
    import cv2

    width, height = size
    x0, y0, x1, y1 = (float(value) for value in box)
    span = max(x1 - x0, (y1 - y0) * width / height, 1.0) * margin  # width of the cut
    shrink = span / width
    to_picture = np.array(
        [
            [shrink, 0, (x0 + x1) / 2 - shrink * width / 2],
            [0, shrink, (y0 + y1) / 2 - shrink * height / 2],
        ]
    )
    crop = cv2.warpAffine(
        image, to_picture, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return Crop(crop, to_picture.astype(np.float32))
