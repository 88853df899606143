"""BlazePose: 33 joints and a 3D guess of one large person, from a region that turns with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poselift import weights
from poselift.detectors.blazepose_detector import BlazePoseDetector, Region
from poselift.detectors.crops import Crop, cut_square, cut_turned
from poselift.detectors.images import as_bgr
from poselift.detectors.session import OnnxModel
from poselift.detectors.similarity import box_overlaps
from poselift.skeleton import BLAZEPOSE33
from poselift.types import Keypoints, People

SIZE = 256
JOINTS = 33
_HIPS, _RIM = 33, 34  # two of the 39 points tell the next frame's region
_CELL = 4
_WINDOW = 4  # cells on each side of a joint's own in which its heatmap refines it
_SAME = 0.4  # overlap with last frame's body that makes it the same one


@dataclass(frozen=True)
class Landmarks:
    """What BlazePose reads of one body.

    Attributes:
        xy: (33, 2) pixels of the picture.
        score: (33,) in 0..1.
        world: (33, 3) metres, hip-centred, x right, y down, z away from the camera.
        presence: 0..1, whether there is a body at all.
        next_region: where to look in the next frame.
    """

    xy: np.ndarray
    score: np.ndarray
    world: np.ndarray
    presence: float
    next_region: Region


class BlazePose:
    """Reads BlazePose-33 joints.

    It remembers where the bodies of its last call were: who is still there is looked for in the
    region that their own joints told. For somebody new the region comes from BlazePose's
    detector, run on the surroundings of the box. Feed it a clip in order, or call `forget`.
    """

    skeleton = BLAZEPOSE33

    def __init__(
        self, file: str | Path | None = None, device: str = "auto", threads: int | None = None
    ) -> None:
        """Load the model and its detector."""
        path = Path(file) if file else weights.get("blazepose-full")
        self._model = OnnxModel(path, device, threads)
        self._detector = BlazePoseDetector(device=device, threads=threads)
        self._before: list[tuple[np.ndarray, Region]] = []  # (box, region) of the last call

    def forget(self) -> None:
        """Start over: the next picture has nothing to do with the last."""
        self._before = []

    def state(self) -> dict[str, np.ndarray]:
        """The boxes and regions of the last call."""
        regions = [region for _, region in self._before]
        return {
            "boxes": np.array([box for box, _ in self._before], np.float32).reshape(-1, 4),
            "middles": np.array([r.middle for r in regions], np.float32).reshape(-1, 2),
            "sides_angles": np.array([(r.side, r.angle) for r in regions]).reshape(-1, 2),
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` returned."""
        regions = [
            Region(middle, side, angle)
            for middle, (side, angle) in zip(
                state["middles"], state["sides_angles"].tolist(), strict=True
            )
        ]
        self._before = list(zip(state["boxes"], regions, strict=True))

    def __call__(self, images: Sequence[np.ndarray], people: Sequence[People]) -> list[Keypoints]:
        """Read the joints of each image's people."""
        read = []
        for image, found in zip(images, people, strict=True):
            landmarks = self.read(as_bgr(image), found.boxes)
            if not landmarks:
                read.append(Keypoints.none(BLAZEPOSE33))
                continue
            xy = np.stack([body.xy for body in landmarks])
            score = np.stack([body.score for body in landmarks])
            read.append(Keypoints(xy, score, BLAZEPOSE33))
        return read

    def read(self, image: np.ndarray, boxes: np.ndarray) -> list[Landmarks]:
        """All that the model says about the people in `boxes` (N, 4) of a BGR uint8 image."""
        regions = [self._region(image, box) for box in boxes]
        bodies = []
        for region in regions:
            crop = cut_turned(image, region.middle, region.side, region.angle, SIZE)
            outputs = self._model(crop.image[None, ..., ::-1].astype(np.float32) / 255)
            bodies.append(decode(outputs, crop, region.angle))
        self._before = [
            (np.concatenate([body.xy.min(axis=0), body.xy.max(axis=0)]), body.next_region)
            for body in bodies
            if body.presence > 0.5
        ]
        return bodies

    def _region(self, image: np.ndarray, box: np.ndarray) -> Region:
        if self._before:
            overlaps = box_overlaps(box[None], np.stack([known for known, _ in self._before]))[0]
            if overlaps.max() >= _SAME:
                return self._before[int(overlaps.argmax())][1]
        around = cut_square(image, box, 1.5, 2 * SIZE)
        regions, _ = self._detector.regions(around.image)
        if not regions:
            return Region.from_box(box)
        scale = float(around.to_picture[0, 0])
        best = regions[0]
        return Region(around.points_to_picture(best.middle), best.side * scale, best.angle)


def decode(outputs: dict[str, np.ndarray], crop: Crop, angle: float) -> Landmarks:
    """The model's outputs for one crop to joints in the picture.

    Args:
        outputs: `landmarks` (1, 195), `presence` (1, 1), `heatmap` (1, 64, 64, 39), `world`
            (1, 117).
        crop: what the model saw.
        angle: how the crop is turned.
    """
    points = outputs["landmarks"][0].reshape(39, 5)
    xy = refine(points[:, :2], _sigmoid(outputs["heatmap"][0]))
    score = np.minimum(_sigmoid(points[:JOINTS, 3]), _sigmoid(points[:JOINTS, 4]))
    presence = float(outputs["presence"][0, 0])
    world = outputs["world"][0].reshape(39, 3)[:JOINTS].astype(np.float32)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]], np.float32)
    world = np.concatenate([world[:, :2] @ turn.T, world[:, 2:]], axis=1)
    in_picture = crop.points_to_picture(xy)
    return Landmarks(
        in_picture[:JOINTS].astype(np.float32),
        (score * min(max(presence, 0.0), 1.0)).astype(np.float32),
        world,
        presence,
        Region.from_circle(in_picture[_HIPS], in_picture[_RIM]),
    )


def refine(xy: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Move points of the crop to the weighted mean of their heatmaps nearby, where those are sure.

    Args:
        xy: (39, 2) pixels of the crop.
        heat: (64, 64, 39) in 0..1.
    """
    refined = xy.astype(np.float32).copy()
    grid = heat.shape[0]
    for joint, (x, y) in enumerate(xy / _CELL):
        column, row = int(x), int(y)
        if not (0 <= column < grid and 0 <= row < grid):
            continue
        x0, x1 = max(column - _WINDOW, 0), min(column + _WINDOW + 1, grid)
        y0, y1 = max(row - _WINDOW, 0), min(row + _WINDOW + 1, grid)
        window = heat[y0:y1, x0:x1, joint]
        if window.max() >= 0.5:
            across = (window.sum(axis=0) * np.arange(x0, x1)).sum()
            down = (window.sum(axis=1) * np.arange(y0, y1)).sum()
            refined[joint] = np.array([across, down]) / window.sum() * _CELL
    return refined


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
