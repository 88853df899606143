"""Lifters seen side by side: one picture of some moments of a clip, a lifter a row.

    python -m benchmarks.gallery sample_videos/balance.mp4 --lifter poselift-27 ftcm-2 --out a.png

The first row is the clip with the 2D of its main person; all lifters get the same 2D.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from poselift import ClipMotion, Pipeline, lifter
from poselift.drawing.layout import fit_image
from poselift.drawing.people2d import draw_people
from poselift.drawing.scene3d import Scene
from poselift.drawing.text import write
from poselift.drawing.views import VIEWS
from poselift.errors import PoseliftError
from poselift.media import open_source

_INK = (235, 235, 235)


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    out = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    out.add_argument("video", type=Path)
    out.add_argument("--lifter", nargs="+", help="names; all whose weights are here unless given")
    out.add_argument("--weights", nargs="*", type=Path, default=[], metavar="FILE")
    out.add_argument("--moments", type=int, default=5, help="columns")
    out.add_argument("--view", default="three-quarter", choices=VIEWS)
    out.add_argument("--side", type=int, default=260, help="pixels of a panel's sides")
    out.add_argument("--out", type=Path, required=True)
    return out


def moments_of(motion: ClipMotion, count: int) -> np.ndarray:
    """Frames spread over those in which the person is there and was seen."""
    rows = np.flatnonzero(motion.present[0] & ~motion.filled[0])
    if not len(rows):
        raise PoseliftError("Nobody was found in this clip.", "Give one with a person.")
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]


def film_row(video: Path, motion: ClipMotion, rows: np.ndarray, side: int) -> list[np.ndarray]:
    """The clip's own frames with the person's 2D, cut to squares about the person."""
    out = {}
    with open_source(str(video)) as source:
        for row, frame in enumerate(source.frames()):
            if row in rows:
                points = motion.pose2d[:1, row]
                drawn = draw_people(frame.image, points, motion.score[:1, row], motion.ids[:1])
                out[row] = square_about(drawn, points[0], side)
    return [out[int(row)] for row in rows]


def square_about(image: np.ndarray, points: np.ndarray, side: int) -> np.ndarray:
    """A square cut about a person, black beyond the picture's edges."""
    low, high = points.min(0), points.max(0)
    reach = int(0.7 * (high - low).max())
    padded = cv2.copyMakeBorder(image, *([reach] * 4), cv2.BORDER_CONSTANT)
    left, top = ((low + high) / 2).astype(int)
    return fit_image(padded[top : top + 2 * reach, left : left + 2 * reach], (side, side))


def room_row(motion: ClipMotion, rows: np.ndarray, view: str, side: int) -> list[np.ndarray]:
    """The person in the room at the same moments, framed once."""
    poses = motion.pose3d[:1].copy()
    poses[..., :2] -= poses[:, :, :1, :2]  # each above one spot, to be seen large
    scene = Scene(poses, (side, side), view)
    return [scene.render(poses[:, row], motion.ids[:1]).copy() for row in rows]


def gallery(video: Path, lifters: list[dict[str, object]], options: argparse.Namespace) -> None:
    """Lift, draw and write the picture."""
    lines: list[np.ndarray] = []
    moments = np.zeros(0, int)
    for chosen in lifters:
        motion = Pipeline(people="main", **chosen).run(video)
        if not lines:
            moments = moments_of(motion, options.moments)
            lines.append(np.hstack(film_row(video, motion, moments, options.side)))
        panels = room_row(motion, moments, options.view, options.side)
        write(panels[0], motion.lifter, (8, options.side - 10), 15, _INK)
        lines.append(np.hstack(panels))
        sys.stderr.write(f"{motion.lifter} drawn\n")
    if not cv2.imwrite(str(options.out), np.vstack(lines)):
        raise PoseliftError(f"{options.out} could not be written.", "Is the folder there?")


def main(argv: list[str] | None = None) -> int:
    """The command; 0 when it did its work."""
    options = parser().parse_args(argv)
    names = options.lifter if options.lifter is not None else list(lifter.available())
    chosen: list[dict[str, object]] = [{"lifter": name} for name in names]
    chosen += [{"weights": str(path)} for path in options.weights]
    try:
        gallery(options.video, chosen, options)
    except PoseliftError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
