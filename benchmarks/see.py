"""How fast a clip becomes tracks: `python -m benchmarks.see [--json FILE] [--frames N]`.

Writes 1280x720 clips with 1, 2 and 5 people (a real person, cut out and set side by side), then
reads and sees each one: decoding in a thread of its own, as the demo does. What each part costs by
itself, parts and people, detector cadence, threads: a table each. "best" is the fastest stretch of
30 frames: on a busy machine it says more about Poselift, the mean more about the machine;
"processor ms" is the processor time of all threads for a frame.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.machine import best_seconds, describe, in_words, table, write_json
from poselift.detectors import load_detector, load_keypointer
from poselift.detectors.see import See
from poselift.detectors.session import usable_cores
from poselift.media import VideoWriter, open_source, prefetch
from poselift.types import People

CLIP = Path(__file__).parents[1] / "sample_videos" / "two_people.mp4"
WIDTH, HEIGHT = 1280, 720
STRETCH = 30  # frames
ALONE = 40  # so many frames show the man on the roof alone
MAN = slice(455, 855)  # the columns that he stays in
EMPTY = slice(40, 440)  # columns without anybody


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path, help="also write the figures here")
    options.add_argument("--frames", type=int, default=120, help="length of the clips")
    given = options.parse_args()
    figures: dict[str, Any] = {"frames": given.frames}
    print(in_words(describe()))
    with tempfile.TemporaryDirectory() as folder:
        clips = {n: write_clip(Path(folder), n, given.frames) for n in (1, 2, 5)}
        figures["parts"] = measure_parts(clips[1])
        show("Each part by itself, ms", figures["parts"])
        figures["people"] = [
            measure(clips[n], n, keypointer=name)
            for name in ("thunder", "lightning")
            for n in clips
        ]
        show("File to tracks, frames per second", figures["people"])
        cadences: tuple[int | Literal["auto"], ...] = (1, 2, 5, 10, "auto")
        figures["cadence"] = [measure(clips[2], 2, every=every) for every in cadences]
        show("Cadence of the detector, two people, thunder", figures["cadence"])
        figures["threads"] = [
            measure(clips[1], 1, threads=threads) for threads in range(1, usable_cores() + 1)
        ]
        show("Threads of the models, one person, thunder", figures["threads"])
    if given.json:
        write_json(given.json, figures)


def measure(
    clip: Path,
    people: int,
    keypointer: str = "thunder",
    every: int | Literal["auto"] = "auto",
    threads: int | None = None,
) -> dict[str, Any]:
    """See a clip once; models are loaded and warm before the clock starts."""
    see = See(
        load_detector("nanodet", threads=threads),
        load_keypointer(keypointer, threads=threads),
        every=every,
    )
    _warm(see)
    processor = time.process_time()
    times = [time.perf_counter()]
    counts, detections = [], 0
    with open_source(clip) as source:
        for seen in see.frames(prefetch(source.frames())):
            counts.append(len(seen.people))
            detections += seen.detected
            times.append(time.perf_counter())
    processor = time.process_time() - processor
    stretches = np.array(times[STRETCH:]) - np.array(times[:-STRETCH])
    return {
        "keypointer": keypointer,
        "people": people,
        "found": round(float(np.mean(counts)), 2),
        "every": every,
        "detections": detections,
        "threads": threads or usable_cores(),
        "frames/s": round(len(counts) / (times[-1] - times[0]), 1),
        "best": round(STRETCH / float(stretches.min()), 1),
        "processor ms": round(1e3 * processor / len(counts), 1),
    }


def _warm(see: See) -> None:
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    box = People(np.array([[400, 100, 600, 600]], np.float32), np.ones(1, np.float32))
    assert not isinstance(see.detector, str)
    see.detector([black])
    see.keypointer([black], [box])


def measure_parts(clip: Path) -> list[dict[str, Any]]:
    """The shortest time of one call of each part, on one frame with one person."""
    with open_source(clip) as source:
        image = next(iter(source.frames())).image
    rows = []
    for threads in range(1, usable_cores() + 1):
        detector = load_detector("nanodet", threads=threads)
        people = detector([image])
        jobs: dict[str, Callable[[], object]] = {"nanodet": partial(detector, [image])}
        for name in ("thunder", "lightning", "blazepose"):
            jobs[name] = partial(load_keypointer(name, threads=threads), [image], people)
        best = best_seconds(jobs, rounds=25)
        rows.append({"threads": threads, **{name: round(1e3 * s, 1) for name, s in best.items()}})
    return rows


def write_clip(folder: Path, people: int, frames: int) -> Path:
    """A 720p clip with so many people; forwards, then backwards, so that nobody jumps."""
    path = folder / f"{people}.mp4"
    with open_source(CLIP) as source:
        shown = [frame.image for frame, _ in zip(source.frames(), range(ALONE), strict=False)]
    order = [*range(ALONE), *reversed(range(1, ALONE - 1))]
    writer = VideoWriter(path, (WIDTH, HEIGHT), 30)
    for i in range(frames):
        writer.write(_side_by_side(shown[order[i % len(order)]], people), i / 30)
    writer.close()
    return path


def _side_by_side(image: np.ndarray, people: int) -> np.ndarray:
    import cv2

    strips = [image[:700, MAN]] * people + [image[:700, EMPTY]] * (5 - people)
    narrow = [cv2.resize(strip, (WIDTH // 5, HEIGHT * 5 // 8)) for strip in strips]
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    picture[: HEIGHT * 5 // 8] = np.hstack(narrow)
    return picture


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """Print rows as a Markdown table."""
    values = [list(row.values()) for row in rows]
    print(f"\n{title}\n\n{table(list(rows[0]), values)}", flush=True)


if __name__ == "__main__":
    main()
