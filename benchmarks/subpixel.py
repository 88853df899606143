"""Where joints are read to parts of a pixel: `python -m benchmarks.subpixel [NAME ...]`.

Pictures of the sample clips are enlarged so that a pixel of the picture is a quarter of a pixel of
the keypointer's crop, then the crop is moved over them pixel by pixel, through a whole cell of the
heatmaps. Nothing is interpolated between the moves: the joints should stay where they are. Printed
in pixels of the crop: the bias, by which the joints are off on average at the worst place within a
cell; the spread of a joint about its own mean; and, from mirrored pictures, how far to the right
everything is read. HRNet's maps are taken as they are trained to be, Gaussians, at known places.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.machine import describe, in_words, table, write_json
from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.crops import square_around
from poselift.detectors.heatmaps import decode_dark, decode_quarter
from poselift.detectors.protocols import Keypointer
from poselift.media import open_source
from poselift.types import People

FINE = 4  # pixels of the enlarged picture in one of the crop
CELL = 4  # pixels of the crop in a cell of its maps
_KNOWN = 0.5  # score of the joints that count
CLIPS = Path(__file__).parents[1] / "sample_videos"


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", default=["thunder", "lightning"])
    options.add_argument("--people", type=int, default=40, help="at most so many (default: 40)")
    options.add_argument("--json", type=Path, help="also write the figures here")
    given = options.parse_args()
    print(in_words(describe()))
    shots = list(people(given.people))
    rows = [measure(name, shots) for name in given.names]
    print(f"\n{table(list(rows[0]), [list(row.values()) for row in rows])}", flush=True)
    maps = gaussians()
    print(f"\n{table(list(maps[0]), [list(row.values()) for row in maps])}", flush=True)
    if given.json:
        write_json(given.json, {"rows": rows, "gaussians": maps})


def gaussians() -> list[dict[str, object]]:
    """How far off HRNet's two rules are at the worst place within a cell, in pixels of the crop."""
    rows: list[dict[str, object]] = []
    for size, spread, kernel in (("256x192", 2.0, 11), ("384x288", 3.0, 17)):
        x = 30 + np.arange(64) / 64
        line = np.arange(64)
        across = np.exp(-((line - x[:, None]) ** 2) / (2 * spread**2))
        down = np.exp(-((line - 31.0) ** 2) / (2 * spread**2))
        maps = (down[:, None] * across[:, None, :])[:, None].astype(np.float32)
        row: dict[str, object] = {"HRNet": size}
        for name, (xy, _) in {
            "quarter": decode_quarter(maps),
            "dark": decode_dark(maps, kernel),
        }.items():
            row[name] = round(CELL * float(np.abs(xy[:, 0, 0] - x).max()), 3)
        rows.append(row)
    return rows


def people(most: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pictures and the box of somebody in them."""
    detector = load_detector("nanodet")
    count = 0
    for clip in sorted(CLIPS.glob("*.mp4")):
        with open_source(clip) as source:
            for frame in source.frames():
                if frame.index % 10:
                    continue
                for box in detector([frame.image])[0].boxes:
                    if count < most:
                        yield frame.image, box
                        count += 1


def measure(name: str, shots: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, object]:
    """One row: what is read off, in pixels of the crop."""
    keypointer = load_keypointer(name)
    size = int(keypointer.size)  # type: ignore[attr-defined]
    off, mirrored = [], []
    for image, box in shots:
        picture, box = _enlarged(image, box, size)
        places = _moved(keypointer, picture, box)  # (moves, 17, 2) in pixels of the crop
        known = places[..., 2].min(axis=0) > _KNOWN
        if known.any():
            xy = places[:, known, :2]
            off.append(xy - xy.mean(axis=0))
            mirrored.append(_mirrored(keypointer, picture, box)[known])
    moved = np.concatenate(off, axis=1)  # (moves, joints, 2)
    right = np.concatenate(mirrored)
    return {
        "keypointer": name,
        "joints": moved.shape[1],
        "bias x": round(float(np.abs(moved[..., 0].mean(axis=1)).max()), 3),
        "bias y": round(float(np.abs(moved[..., 1].mean(axis=1)).max()), 3),
        "spread": round(float(np.sqrt((moved**2).sum(axis=-1).mean())), 3),
        "to the right": f"{np.median(right):+.3f}",
    }


def _enlarged(image: np.ndarray, box: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The part of a picture around a box, so large that its crop shrinks it by `FINE`."""
    x, y, side = square_around(box, 1.2)
    half = 0.75 * side
    scale = FINE * size / side
    whole = round(2 * half * scale)
    matrix = np.array(
        [[1 / scale, 0, x - half + 0.5 / scale - 0.5], [0, 1 / scale, y - half + 0.5 / scale - 0.5]]
    )
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(image, matrix, (whole, whole), flags=how)
    middle, reach = whole // 2, FINE * size / 1.2 / 2
    return picture, np.array([middle - reach, middle - reach, middle + reach, middle + reach])


def _read(keypointer: Keypointer, picture: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(N, 17, 3): x, y in pixels of the crop, and scores."""
    whom = People(boxes.astype(np.float32), np.ones(len(boxes), np.float32))
    (read,) = keypointer([picture], [whom])
    return np.concatenate([read.xy / FINE, read.score[..., None]], axis=-1)


def _moved(keypointer: Keypointer, picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    """(moves, 17, 3) with the crop moved along a diagonal."""
    moves = np.arange(-FINE * CELL // 2, FINE * CELL // 2)
    return _read(keypointer, picture, box + moves[:, None])


def _mirrored(keypointer: Keypointer, picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    """(17,) how far to the right each joint is read, in pixels of the crop."""
    width = picture.shape[1]
    flipped = np.ascontiguousarray(picture[:, ::-1])
    # Pixel i is in the middle of i and i + 1 of the box's coordinates.
    other = np.array([width - box[2], box[1], width - box[0], box[3]])
    straight = _read(keypointer, picture, box[None])[0, :, 0]
    back = _read(keypointer, flipped, other[None])[0, list(keypointer.skeleton.mirror), 0]
    right: np.ndarray = (straight + back - (width - 1) / FINE) / 2
    return right


if __name__ == "__main__":
    main()
