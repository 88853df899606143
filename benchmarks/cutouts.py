"""People cut out of the sample clips, with their joints as they are read alone.

Set over each other or cut at a border on purpose, they make pictures whose truth is exact: where
each person's joints are when nobody hides them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.see import find_tracks
from poselift.media import open_source
from poselift.skeleton import COCO17
from poselift.types import Keypoints, People

CLIPS = Path(__file__).parents[1] / "sample_videos"
#: Who: the clip, its frames, the step between them, and the person's number in it.
ACTORS = {
    "woman": ("two_people.mp4", range(85, 130), 1),
    "man": ("two_people.mp4", range(35, 75), 1),
    "performer": ("balance.mp4", range(80), 2),
}
_HEIGHT = 420  # pixels that a person is kept at
_SEEN = 0.2
_COARSE = 0.35  # of the size at which outlines are sought, which takes long
_BONES = ((0, 5), (0, 6), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12), (11, 12),
          (11, 13), (13, 15), (12, 14), (14, 16))  # fmt: skip


@dataclass(frozen=True)
class Shot:
    """A person in one frame, cut out.

    Attributes:
        image: (H, W, 3) BGR uint8; the person's feet are at the lower border's middle.
        cover: (H, W) float32 in 0..1, where the person is.
        xy: (17, 2) their COCO-17 joints in pixels of `image`.
        score: (17,) of those joints.
    """

    image: np.ndarray
    cover: np.ndarray
    xy: np.ndarray
    score: np.ndarray

    def mirrored(self) -> Shot:
        """Left and right exchanged."""
        xy = self.xy[list(COCO17.mirror)] * [-1, 1] + [self.image.shape[1] - 1, 0]
        return Shot(
            np.ascontiguousarray(self.image[:, ::-1]),
            np.ascontiguousarray(self.cover[:, ::-1]),
            xy.astype(np.float32),
            self.score[list(COCO17.mirror)],
        )


@dataclass(frozen=True)
class Placed:
    """Whom to set where: a shot, the x of its middle, the y of its lower border, its height."""

    shot: Shot
    x: float
    feet: float
    height: float

    def to_picture(self) -> np.ndarray:
        """(2, 3) from pixels of the shot to pixels of the picture."""
        scale = self.height / _HEIGHT
        height, width = self.shot.cover.shape
        return np.array(
            [[scale, 0, self.x - scale * width / 2], [0, scale, self.feet - scale * height]],
            np.float32,
        )

    def joints(self) -> np.ndarray:
        """(17, 2) in pixels of the picture."""
        matrix = self.to_picture()
        xy: np.ndarray = self.shot.xy @ matrix[:, :2].T + matrix[:, 2]
        return xy


def compose(background: np.ndarray, people: Sequence[Placed]) -> tuple[np.ndarray, np.ndarray]:
    """Set people into a picture, the first farthest back.

    Returns:
        The picture, and (H, W) int8: whom each pixel shows, -1 for nobody.
    """
    import cv2

    picture = background.astype(np.float32)
    whose = np.full(background.shape[:2], -1, np.int8)
    size = background.shape[1], background.shape[0]
    for number, placed in enumerate(people):
        matrix = placed.to_picture()
        how = cv2.INTER_AREA if placed.height < _HEIGHT else cv2.INTER_LINEAR
        image = cv2.warpAffine(placed.shot.image, matrix, size, flags=how)
        cover = cv2.warpAffine(placed.shot.cover, matrix, size, flags=cv2.INTER_LINEAR)
        picture += cover[..., None] * (image - picture)
        whose[cover > 0.5] = number
    return np.clip(picture.round(), 0, 255).astype(np.uint8), whose


def there_and_back(shots: Sequence[Shot], frame: int) -> Shot:
    """The shot of a frame of an endless clip: forwards, then backwards, so that nobody jumps."""
    turn = 2 * len(shots) - 2
    place = frame % turn
    return shots[place if place < len(shots) else turn - place]


@lru_cache(maxsize=1)
def background(width: int = 1280, height: int = 720) -> np.ndarray:
    """`two_people.mp4` without its people: the median of its frames."""
    import cv2

    pictures = []
    with open_source(CLIPS / "two_people.mp4") as source:
        for frame in source.frames():
            if frame.index % 12 == 0:
                pictures.append(cv2.resize(frame.image, (width, height)))
    empty: np.ndarray = np.median(pictures, axis=0).astype(np.uint8)
    return empty


def actors(kept: Path | None = None) -> dict[str, tuple[Shot, ...]]:
    """Everybody; from the file `kept` where it is there, else cut out and written to it."""
    if kept is not None and kept.is_file():
        arrays = np.load(kept)
        columns = ("image", "cover", "xy", "score")
        return {
            name: tuple(
                Shot(*row) for row in zip(*(arrays[f"{name}_{c}"] for c in columns), strict=True)
            )
            for name in ACTORS
        }
    people = {name: actor(name) for name in ACTORS}
    if kept is not None:
        arrays = {
            f"{name}_{column}": np.stack([getattr(shot, column) for shot in shots])
            for name, shots in people.items()
            for column in ("image", "cover", "xy", "score")
        }
        np.savez_compressed(kept, **arrays)
    return people


def actor(name: str) -> tuple[Shot, ...]:
    """Somebody's shots, about 30 a second, read alone by Thunder."""
    clip, frames, step = ACTORS[name]
    keypointer = load_keypointer("thunder")
    pictures = []
    with open_source(CLIPS / clip) as source:
        for frame in source.frames():
            if frame.index in frames:
                pictures.append(frame)
    tracks = find_tracks(pictures, load_detector("nanodet"), keypointer)
    if name == "woman":
        track = max(tracks, key=lambda one: np.ptp(one.xy[:, 0, 0]))
    else:
        track = max(tracks, key=lambda one: np.ptp(one.xy[..., 1]) * len(one))
    boxes = {
        int(number): _box(xy[score > _SEEN])
        for number, xy, score in zip(track.frames, track.xy, track.score, strict=True)
        if (score > _SEEN).sum() > 12
    }
    tall = float(np.median([box[3] - box[1] for box in boxes.values()]))
    shots = []
    for frame in pictures[::step]:
        if frame.index in boxes:
            shots.append(_shot(frame.image, boxes[frame.index], tall, keypointer))
    return tuple(shot for shot in shots if shot.score.mean() > 0.4)


def _box(points: np.ndarray) -> np.ndarray:
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _shot(image: np.ndarray, box: np.ndarray, tall: float, keypointer: object) -> Shot:
    """Cut the person of a box out and read them anew in front of the empty background."""
    import cv2

    scale = 0.85 * _HEIGHT / tall
    size = (int(1.2 * _HEIGHT), _HEIGHT)
    x, feet = (box[0] + box[2]) / 2, box[3] + 0.08 * tall
    matrix = np.array([[scale, 0, size[0] / 2 - scale * x], [0, scale, size[1] - scale * feet]])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    part = cv2.warpAffine(image, matrix, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    inside = np.concatenate([matrix[:, :2] @ box[:2], matrix[:, :2] @ box[2:]])
    inside += np.tile(matrix[:, 2], 2)
    before = _read(keypointer, part, inside)
    cover = _cover(part, before.xy[0], before.score[0])
    empty = background()[200 : 200 + size[1], 300 : 300 + size[0]]
    alone = part * cover[..., None] + empty * (1 - cover[..., None])
    after = _read(keypointer, alone.astype(np.uint8), inside)
    return Shot(part, cover, after.xy[0], after.score[0])


def _read(keypointer: object, image: np.ndarray, box: np.ndarray) -> Keypoints:
    people = People(box[None].astype(np.float32), np.ones(1, np.float32))
    (read,) = keypointer([image], [people])  # type: ignore[operator]
    return read


def _cover(image: np.ndarray, xy: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(H, W) where the person is: what grows from the bones, by colour."""
    import cv2

    small = cv2.resize(image, None, fx=_COARSE, fy=_COARSE, interpolation=cv2.INTER_AREA)
    points = (xy * _COARSE).round().astype(int)
    long = float(np.ptp(points[score > _SEEN], axis=0).max())
    sure, near, far = (np.zeros(small.shape[:2], np.uint8) for _ in range(3))
    for mask, part in ((sure, 0.02), (near, 0.1), (far, 0.16)):
        for a, b in _BONES:
            if min(score[a], score[b]) > _SEEN:
                ends = [tuple(map(int, points[a])), tuple(map(int, points[b]))]
                cv2.line(mask, *ends, 1, max(int(part * long), 1))
        cv2.fillConvexPoly(mask, cv2.convexHull(points[[5, 6, 12, 11]]), 1)
        head = tuple(map(int, points[:5].mean(axis=0)))
        cv2.circle(mask, head, int(0.04 * long + 0.5 * part * long), 1, -1)
    kinds = np.full(sure.shape, cv2.GC_BGD, np.uint8)
    for mask, kind in ((far, cv2.GC_PR_BGD), (near, cv2.GC_PR_FGD), (sure, cv2.GC_FGD)):
        kinds[mask > 0] = kind
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small, kinds, None, *models, 1, cv2.GC_INIT_WITH_MASK)
    found = np.isin(kinds, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    soft: np.ndarray = cv2.resize(found, (image.shape[1], image.shape[0]))
    return soft
