"""What rooms cost, and how bodies balance: `python -m benchmarks.room CMU17.npz --cost`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np

from benchmarks import machine
from benchmarks.rooms_cameras import FPS, SIZE
from benchmarks.rooms_live import longer
from benchmarks.rooms_made import make_room, usable
from poselift import lifter
from poselift.lifter.data.mocap import Clip, read_sets, split
from poselift.scene import balance, room
from poselift.scene.motion import BackgroundMotion


def print_cost(options: argparse.Namespace) -> None:
    """Processor time of 600 frames of two people before a still camera."""
    clips = usable(split(read_sets(options.mocap))[1])
    made = make_room(clips, "still", 2, people=2)
    # Forth and back until 600 frames are full.
    _, long = longer(made, made.motions(lifter.load(options.lifter)), 600)
    room.build(long, SIZE)  # loads what it needs
    job = {"600 frames, 2 people": lambda: room.build(long, SIZE)}
    for name, seconds in machine.best_seconds(job, 5, time.process_time).items():
        print(f"{name}: {seconds:.2f} s of processor time")
    print_background_cost()


def print_background_cost() -> None:
    """Processor time a frame of following the background of a panning camera, at 1280x720."""
    import cv2

    cv2.setNumThreads(1)
    rough = np.random.default_rng(0).integers(0, 255, (45, 160, 3), np.uint8)
    wall = cv2.GaussianBlur(cv2.resize(rough, (2560, 720)), (0, 0), 2)
    pictures = [np.ascontiguousarray(wall[:, 5 * i : 5 * i + SIZE[0]]) for i in range(100)]
    person = np.array([[500, 100, 800, 700]])

    def follow() -> None:
        motion = BackgroundMotion(SIZE)
        for picture in pictures:
            motion.add(picture, person)

    follow()  # loads what it needs
    best = machine.best_seconds({"background": follow}, 5, time.process_time)["background"]
    print(f"background: {1000 * best / len(pictures):.1f} ms of processor time a frame of 720p")


def how_bodies_balance(clips: Sequence[Clip]) -> None:
    """The lean of the line from the carrying foot to the centre of mass, and what remains."""
    ahead, aside, off = [], [], []
    for clip in clips:
        joints = clip.at_rate(FPS).astype(float)
        for start in range(0, len(joints), 90):
            part = joints[start : start + 90]
            if len(part) < 30:
                continue
            speed = np.linalg.norm(np.gradient(part[:, balance.ANKLES], axis=0), axis=-1) * FPS
            planted = np.exp(-((speed / 0.4) ** 2))
            lines, sure = balance.lines_of_balance(part, planted)
            if sure.sum() < 10:
                continue
            line = (lines * sure[:, None]).sum(axis=0)
            line /= np.linalg.norm(line)
            off.append(np.degrees(np.arccos(np.clip(line[2], -1, 1))))
            forward = balance.ahead(part) * [1, 1, 0]
            forward /= np.linalg.norm(forward, axis=1, keepdims=True)
            weight = sure / sure.sum()
            ahead.append(float((weight * (lines * forward).sum(axis=1)).sum()))
            sides = np.cross(forward, lines)
            aside.append(float((weight * sides[:, 2]).sum()))
    print(
        f"{len(off)} stretches of 3 s: after the lean that is taken off, the line still leans "
        f"{np.mean(ahead):+.3f} ahead; it is off by {np.median(off):.1f} degrees in the median, "
        f"{np.percentile(off, 90):.1f} in the 90th percentile"
    )
