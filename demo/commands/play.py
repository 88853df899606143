"""Send a saved result to other programs, at its own rate.

examples:
  poselift play output/clip/clip.npz --send vmc://127.0.0.1:39539
  poselift play clip.npz --send osc://127.0.0.1:9000 --people 1,3 --loop
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from poselift.demo.parser import Parser
from poselift.errors import PoseliftError
from poselift.progress import Reporter
from poselift.result import ClipMotion
from poselift.send import Sender, SentPerson, open_senders, read_addresses


def add_options(parser: Parser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("result", type=Path, metavar="RESULT", help=".npz written by Poselift")
    add("--send", required=True, metavar="LIST",
        help="comma-separated vmc://HOST:PORT and osc://HOST:PORT")  # fmt: skip
    add("--people", default="all", metavar="WHO", help="all (default), or numbers: 1,3")
    add(
        "--speed", type=float, default=1.0, metavar="FACTOR", help="2 is twice as fast (default: 1)"
    )
    add("--loop", action="store_true", help="repeat until Ctrl-C")


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Send every frame at its time."""
    from poselift.api import load

    if not 0.01 <= options.speed <= 100:
        raise PoseliftError(f"`speed` is {options.speed:g}.", "Give 0.01 to 100.")
    if not read_addresses(options.send):
        raise PoseliftError("There is nowhere to send to.", "Give --send vmc://127.0.0.1:39539.")
    motion = load(options.result)
    rows = _chosen(motion, options.people)
    sender = open_senders(options.send)
    reporter.say(f"sending {len(rows)} of {len(motion.ids)} people to {options.send}")
    try:
        send_clip(motion, rows, sender, options.speed)
        while options.loop:
            send_clip(motion, rows, sender, options.speed)
    finally:
        sender.close()
    return 0


def send_clip(
    motion: ClipMotion,
    rows: list[int],
    sender: Sender,
    speed: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send the frames of a motion at their times, and wait until the last one has been shown."""
    begun, first = time.monotonic(), float(motion.time[0])
    for frame, moment in enumerate(motion.time):
        wait = (float(moment) - first) / speed - (time.monotonic() - begun)
        if wait > 0:
            sleep(wait)
        there = [row for row in rows if motion.present[row, frame]]
        people = [
            SentPerson(int(motion.ids[row]), motion.pose3d[row, frame], motion.score[row, frame])
            for row in there
        ]
        sender.send(float(moment), people)
    sleep(1 / motion.fps / speed)


def _chosen(motion: ClipMotion, people: str) -> list[int]:
    if people == "all":
        return list(range(len(motion.ids)))
    known = {str(number): row for row, number in enumerate(motion.ids.tolist())}
    wanted = [word.strip() for word in people.split(",")]
    missing = [word for word in wanted if word not in known]
    if missing:
        raise PoseliftError(
            f"There is no person {', '.join(missing)}.",
            f"There are {', '.join(known) or 'none'}.",
        )
    return [known[word] for word in np.unique(wanted).tolist()]
