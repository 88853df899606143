"""How long the page takes to draw the room once, and to show its first picture, in Chromium.

    python -m benchmarks.redraw [--people 10]

Without a GPU: Chromium draws in software. Each frame is drawn until its pixels can be read.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from poselift.media import VideoWriter
from poselift.result import ClipMotion

FRAMES = 240
SIZE = 640, 360
DRAW = """
() => {
  const side = poselift.main, context = side.room.canvas.getContext("2d"), took = [];
  for (let frame = 0; frame < 240; frame++) {
    side.player.frame = frame;
    const begun = performance.now();
    side.draw();
    context.getImageData(0, 0, 1, 1);
    took.push(performance.now() - begun);
  }
  return took;
}
"""
#: Somebody who stands: x across, z up, in metres, H36M-17.
STANDING = np.array(
    [
        (0, 0.95), (-0.12, 0.95), (-0.12, 0.5), (-0.12, 0.08), (0.12, 0.95), (0.12, 0.5),
        (0.12, 0.08), (0, 1.2), (0, 1.45), (0, 1.55), (0, 1.7), (0.18, 1.45), (0.25, 1.17),
        (0.28, 0.92), (-0.18, 1.45), (-0.25, 1.17), (-0.28, 0.92),
    ]
)  # fmt: skip


def crowd(people: int) -> ClipMotion:
    """People who walk in circles beside each other."""
    pose = np.stack([STANDING[:, 0], np.zeros(17), STANDING[:, 1]], axis=1)
    time_ = np.arange(FRAMES) / 30
    poses = np.empty((people, FRAMES, 17, 3), np.float32)
    for person in range(people):
        turn = 0.8 * time_ + person
        cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
        x, y = pose[:, 0] * cos, pose[:, 0] * sin
        poses[person] = np.stack([x + person % 4 + 0.4 * cos, y + person // 4 + 0.4 * sin,
                                  np.broadcast_to(pose[:, 2], x.shape)], axis=-1)  # fmt: skip
    return ClipMotion(
        name="crowd", time=time_, fps=30.0, size=SIZE, ids=np.arange(1, people + 1),
        pose3d=poses, pose2d=np.float32([150, 100]) + 60 * poses[..., [0, 2]],
        score=np.full(poses.shape[:3], 0.9, np.float32),
        filled=np.zeros(poses.shape[:2], bool), placed=True, lifter="none",
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        motion, clip = crowd(options.people), Path(name) / "crowd.mp4"
        with VideoWriter(clip, SIZE, 30.0) as writer:
            for moment in motion.time:
                writer.write(np.full((SIZE[1], SIZE[0], 3), 90, np.uint8), float(moment))
        [page_file] = motion.save(name, ["html"], source=clip)
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--disable-gpu"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        begun = time.perf_counter()
        page.goto(page_file.as_uri())
        while not page.evaluate("Boolean(window.poselift && poselift.main.player.told)"):
            pass
        shown = time.perf_counter() - begun
        page.evaluate(DRAW)
        took = np.array(page.evaluate(DRAW))
        browser.close()
    print(
        f"{options.people} people over clip and room: median {np.median(took):.1f} ms, "
        f"95th percentile {np.percentile(took, 95):.1f} ms a redraw; first picture after "
        f"{shown:.2f} s"
    )


if __name__ == "__main__":
    main()
