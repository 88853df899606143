"""How fast the room is drawn, against the published demos' way, in one run.

    python benchmarks/draw.py [--json FILE]

Their way is a matplotlib 3D figure at dpi 200 for each frame, saved as PNG; done here with a plain
skeleton, as they do.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from poselift.drawing.layout import ClipPainter
from poselift.drawing.scene3d import Scene
from poselift.drawing.views import VIEWS
from poselift.result import ClipMotion
from poselift.skeleton import H36M17

SIZE = (720, 720)


def walk(people: int, frames: int) -> np.ndarray:
    """People who walk about, from sine waves: (P, T, 17, 3)."""
    rest = np.array(
        [
            (0, 0.9), (-0.13, 0.9), (-0.13, 0.46), (-0.13, 0), (0.13, 0.9), (0.13, 0.46),
            (0.13, 0), (0, 1.13), (0, 1.38), (0, 1.48), (0, 1.65), (0.17, 1.35), (0.2, 1.08),
            (0.21, 0.83), (-0.17, 1.35), (-0.2, 1.08), (-0.21, 0.83),
        ]
    )  # fmt: skip
    poses = np.zeros((people, frames, 17, 3), np.float32)
    poses[..., 0], poses[..., 2] = rest[:, 0], rest[:, 1]
    swing = np.sin(np.arange(frames) * 0.2)[:, None]
    poses[:, :, [2, 3], 1] += swing * (0.2, 0.4)
    poses[:, :, [5, 6], 1] -= swing * (0.2, 0.4)
    poses[:, :, [12, 13], 1] += swing * (0.15, 0.3)
    poses[:, :, [15, 16], 1] -= swing * (0.15, 0.3)
    poses[..., 1] += np.linspace(-1, 1, frames)[:, None]
    poses[..., 0] += np.arange(people)[:, None, None] * 0.9
    return poses


def rate(draw: Callable[[int], object], frames: int) -> float:
    """Calls a second, after one to warm up: the best third, since other work disturbs the rest."""
    draw(0)
    best = 0.0
    for third in np.array_split(np.arange(frames), 3):
        start = time.perf_counter()
        for i in third.tolist():
            draw(i)
        best = max(best, len(third) / (time.perf_counter() - start))
    return best


def with_matplotlib(poses: np.ndarray, folder: Path) -> Callable[[int], None]:
    """A figure a frame: poses (T, 17, 3)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    def draw(i: int) -> None:
        figure = Figure(figsize=(9.6, 5.4))
        FigureCanvasAgg(figure)
        axes = figure.add_subplot(projection="3d")
        for a, b in H36M17.bones:
            axes.plot(*poses[i, [a, b]].T, lw=2)
        axes.view_init(elev=15, azim=70)
        figure.savefig(folder / f"{i:04d}.png", dpi=200, bbox_inches="tight")

    return draw


def room(view: str, poses: np.ndarray) -> Callable[[int], object]:
    """Our panel: poses (P, T, 17, 3)."""
    scene, out = Scene(poses, SIZE, view), np.empty((*SIZE[::-1], 3), np.uint8)
    ids = range(1, len(poses) + 1)
    return lambda i: scene.render(poses[:, i], ids, i / 30, out=out)


def side_by_side(poses: np.ndarray) -> Callable[[int], object]:
    """A 720p frame with its overlay, the panel and the captions."""
    people, frames = poses.shape[:2]
    xy = np.stack([640 + 300 * poses[..., 0], 650 - 330 * poses[..., 2]], -1).astype(np.float32)
    motion = ClipMotion(
        name="walk",
        time=np.arange(frames) / 30,
        fps=30.0,
        size=(1280, 720),
        ids=np.arange(1, people + 1),
        pose3d=poses,
        pose2d=xy,
        score=np.ones((people, frames, 17), np.float32),
        filled=np.zeros((people, frames), bool),
        placed=True,
        lifter="sct",
    )
    painter, frame = ClipPainter(motion), np.full((720, 1280, 3), 128, np.uint8)
    return lambda i: painter.paint(frame, i)


def main() -> None:
    """Measure, print the table, and write it as JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--frames", type=int, default=300, help="frames a row (default: 300)")
    parser.add_argument("--figures", type=int, default=9, help="matplotlib figures (default: 9)")
    options = parser.parse_args()
    frames = options.frames
    one = walk(1, frames)
    rows: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        theirs = with_matplotlib(one[0], Path(folder))
        rows["matplotlib figure, dpi 200, to PNG"] = rate(theirs, options.figures)
    for view in VIEWS:
        rows[f"3D panel 720x720, {view}"] = rate(room(view, one), frames)
    for people in (2, 5):
        name = f"3D panel 720x720, three-quarter, {people} people"
        rows[name] = rate(room("three-quarter", walk(people, frames)), frames)
    rows["whole picture 2000x720, one person"] = rate(side_by_side(one), frames)
    for people in (30, 60):
        few = max(frames // 5, 1)
        name = f"whole picture 2000x720, {people} people"
        rows[name] = rate(side_by_side(walk(people, few)), few)
    base = next(iter(rows.values()))
    print(f"{'drawn':48} {'frames/s':>9} {'times':>7}")
    for name, speed in rows.items():
        print(f"{name:48} {speed:9.1f} {speed / base:7.0f}")
    if options.json:
        machine = {"processor": platform.processor() or platform.machine()}
        options.json.write_text(json.dumps({"machine": machine, "frames_a_second": rows}, indent=2))


if __name__ == "__main__":
    main()
