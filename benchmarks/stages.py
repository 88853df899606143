"""What each stage of a clip costs: `python -m benchmarks.stages [--pose NAME] [--json FILE]`.

The 720p clip of one person of `benchmarks.see`, each stage by itself on one thread, in
milliseconds of processor time a frame: other work on the machine hardly counts. Two idle cores can
at best do two seconds of it in one.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import av
import cv2
import numpy as np
import torch

from benchmarks.machine import describe, in_words, table, write_json
from benchmarks.see import write_clip
from poselift import Pipeline
from poselift.background import boxes_of
from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.see import See, Seen
from poselift.drawing.layout import ClipPainter
from poselift.media import VideoWriter, open_source
from poselift.media.writer import _to_yuv
from poselift.result import ClipMotion
from poselift.scene.motion import BackgroundMotion
from poselift.types import Frame

Result = TypeVar("Result")


class Clock:
    """Adds up processor time by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, stage: str, job: Callable[[], Result]) -> Result:
        """Do the job and count it."""
        begun = time.process_time()
        result = job()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.process_time() - begun
        return result


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pose", nargs="*", default=["thunder", "lightning"])
    options.add_argument("--frames", type=int, default=150)
    options.add_argument("--json", type=Path, help="also write the figures here")
    given = options.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    print(in_words(describe()))
    columns: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        clip = write_clip(Path(folder), 1, given.frames)
        for pose in given.pose:
            columns[pose] = measure(clip, pose, Path(folder))
    stages = list(next(iter(columns.values())))
    rows = [[stage, *(f"{columns[p][stage]:.2f}" for p in columns)] for stage in stages]
    print(f"\n{table(['ms a frame', *columns], rows)}", flush=True)
    if given.json:
        write_json(given.json, {"milliseconds a frame": columns})


def measure(clip: Path, pose: str, folder: Path) -> dict[str, float]:
    """Milliseconds of processor time a frame, by stage, and of all."""
    clock = Clock()
    clock.time("decode", lambda: _decode(clip))
    frames = clock.time("decode and colours", lambda: _read(clip))
    detector = load_detector("nanodet", threads=1)
    keypointer = load_keypointer(pose, threads=1)
    list(See(detector, keypointer).frames(frames[:3]))  # warm
    timed = See(
        lambda images: clock.time("detect", lambda: detector(images)),
        keypointer,
    )
    seen = clock.time("see", lambda: list(timed.frames(frames)))
    clock.time("background", lambda: _follow(seen))
    pipeline = Pipeline(pose=pose, people="main", cache=False)
    motion = clock.time("whole motion", lambda: pipeline.run(clip))
    painter = ClipPainter(motion)
    pictures = clock.time("draw", lambda: _paint(painter, motion, frames))
    clock.time("to YUV", lambda: [_to_yuv(picture) for picture in pictures] and None)
    clock.time("encode", lambda: _write(folder / "out.mp4", painter.size, pictures))
    return {stage: 1e3 * seconds / len(frames) for stage, seconds in clock.seconds.items()}


def _decode(clip: Path) -> None:
    with av.open(str(clip)) as container:
        for _ in container.decode(video=0):
            pass


def _read(clip: Path) -> list[Frame]:
    with open_source(clip) as source:
        return list(source.frames())


def _follow(seen: list[Seen]) -> None:
    height, width = seen[0].frame.image.shape[:2]
    behind = BackgroundMotion((width, height))
    for one in seen:
        behind.add(one.frame.image, boxes_of(one.joints))


def _paint(painter: ClipPainter, motion: ClipMotion, frames: list[Frame]) -> list[np.ndarray]:
    return [painter.paint(frame.image, row).copy() for row, frame in enumerate(frames)]


def _write(path: Path, size: tuple[int, int], pictures: list[np.ndarray]) -> None:
    with VideoWriter(path, size, 30.0) as writer:
        for i, picture in enumerate(pictures):
            writer.write(picture, i / 30)


if __name__ == "__main__":
    main()
