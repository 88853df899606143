"""The whole command, from file to MP4: frames per second, memory, and how live keeps up.

    python -m benchmarks.show                   the sample clip as one 720p clip of one person
    python -m benchmarks.show --memory          a clip ten times as long: does memory grow?

The command runs as a user runs it, in a process of its own. "times their drawing" is the whole
command over what the published demos need for drawing alone, a matplotlib figure a frame
(`benchmarks.draw`), measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.draw import rate, walk, with_matplotlib
from benchmarks.machine import describe, in_words, table, write_json
from benchmarks.see import write_clip

ROOT = Path(__file__).parents[1]
CLIP = ROOT / "sample_videos" / "balance.mp4"
FIGURES = 9


def make_clip(path: Path, seconds: float, size: tuple[int, int], fps: int = 30) -> Path:
    """A performer and an onlooker at `size`: the sample clip to and fro, for `seconds`."""
    with av.open(str(CLIP)) as source:
        frames = [f.to_ndarray(format="bgr24") for f in source.decode(video=0)][::2]
    height = size[1]
    small = [cv2.resize(f, (round(height * f.shape[1] / f.shape[0]), height)) for f in frames]
    swing = small + small[-2:0:-1]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(round(seconds * fps)):
            image = np.full((height, size[0], 3), 128, np.uint8)
            part = swing[number % len(swing)]
            left = (size[0] - part.shape[1]) // 2
            image[:, left : left + part.shape[1]] = part
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path


def run_command(*words: str) -> tuple[list[dict[str, object]], float, float]:
    """Run `demo/vis.py`; its JSON lines, seconds in all, and its largest memory in MB."""
    command = [sys.executable, str(ROOT / "demo" / "vis.py"), *words, "--log", "json"]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    events = [json.loads(line) for line in process.stdout]
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return events, time.perf_counter() - begun, usage.ru_maxrss / 1024


def command_row(name: str, clip: Path, folder: Path, *options: str) -> list[object]:
    """Frames per second of each stage and of all."""
    words = ("--video", str(clip), "--out", str(folder), "--no-cache", *options)
    events, whole, memory = run_command(*words)
    result = next(event for event in events if event["event"] == "result")
    seconds, frames = result["seconds"], result["frames"]
    assert isinstance(seconds, dict)
    assert isinstance(frames, int)
    rates = [round(frames / seconds[stage], 1) for stage in ("see", "lift", "draw")]
    return [name, frames, *rates, round(frames / whole, 1), round(memory)]


def live_row(clip: Path, folder: Path) -> list[object]:
    """How live keeps up with a camera of 640x480 and 30 frames per second."""
    events, _, memory = run_command(
        "--webcam", str(clip), "--record", str(folder / "live.mp4"), "--people", "main"
    )
    facts = next(event for event in events if "latency_p95_ms" in event)
    names = ("pictures", "per_second", "latency_median_ms", "latency_p95_ms")
    return [*(facts[name] for name in names), round(memory)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the clips")
    parser.add_argument("--memory", action="store_true", help="also one and ten minutes")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    print(in_words(describe()))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = write_clip(folder, 1, round(30 * chosen.seconds))
        rows = [
            command_row("720p, one person, thunder", clip, folder, "--people", "main"),
            command_row(
                "the same, lightning", clip, folder, "--people", "main", "--pose", "lightning"
            ),
        ]
        if chosen.memory:
            for minutes in (1, 10):
                long = make_clip(folder / "long.mp4", 60 * minutes, (320, 240))
                label = f"320x240, {minutes} min, lightning"
                rows.append(command_row(label, long, folder, "--pose", "lightning"))
        theirs = rate(with_matplotlib(walk(1, FIGURES)[0], folder), FIGURES)
        print(f"the published demos' drawing, a matplotlib figure a frame: {theirs:.2f} frames/s")
        headings = ["clip", "frames", "see/s", "lift/s", "draw/s", "whole command/s", "memory, MB"]
        rows = [[*row, f"{float(str(row[5])) / theirs:.1f}"] for row in rows]
        print(table([*headings, "times their drawing"], rows))
        camera = make_clip(folder / "camera.mp4", chosen.seconds, (640, 480))
        live = live_row(camera, folder)
        titles = [
            "live at 640x480: pictures",
            "per second",
            "median ms",
            "95th percentile ms",
            "memory, MB",
        ]
        print(table(titles, [live]))
    if chosen.json:
        write_json(chosen.json, {"command": rows, "matplotlib": theirs, "live": live})


if __name__ == "__main__":
    main()
