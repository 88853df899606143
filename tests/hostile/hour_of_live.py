"""An hour of live by a simulated clock, as a process of its own: `python -m … FRAMES`.

Prints the memory in use, in kB, ten times on the way. People come, go and come back as others, the
camera stalls now and then and changes its size once.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from poselift.demo.live import Pace, run_loop
from poselift.demo.live_picture import LivePicture
from poselift.live import Live
from poselift.types import Frame
from tests.live_parts import Stage, StandingLifter, somebody

FPS = 10


class Camera:
    """Frames of an hour as fast as they are taken."""

    dropped = 0

    def __init__(self, frames: int, stage: Stage) -> None:
        self._frames, self._stage = frames, stage
        self._now = 0.0

    def clock(self) -> float:
        return self._now + 0.01

    def frames(self) -> Iterator[Frame]:
        small, large = (np.zeros((h, w, 3), np.uint8) for h, w in ((48, 64), (60, 80)))
        for index in range(self._frames):
            self._now = index / FPS + 7 * (index // 6000)  # it stalls every ten minutes
            self._stage.bodies = [
                somebody(20 + 3 * np.sin(index / 9 + who), 24, 40)
                for who in range(2)
                if (index // 450 + who) % 3
            ]
            if index % (self._frames // 10) == 0:
                gc.collect()
                print(resident(), flush=True)
            yield Frame(index, self._now, large if index > self._frames // 2 else small)


class Nothing:
    """An output that takes everything and keeps nothing."""

    needs_picture = False

    def take(self, *_: object) -> bool:
        return True

    def finish(self) -> None:
        pass


def resident() -> int:
    """Kilobytes in use now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def main() -> None:
    """Run."""
    stage = Stage()

    class Finder(Stage):
        def __call__(self, images):  # type: ignore[no-untyped-def, override]
            return stage.detect(images)

    live = Live(detector=Finder(), keypointer=stage, lifter=StandingLifter())  # type: ignore[arg-type]
    live.lifter.lengths = live.lifter.sizes = live.lifter.threads = Forgetful()
    camera = Camera(int(sys.argv[1]), stage)
    run_loop(camera, live, LivePicture(64, "front"), [Nothing()], Pace())  # type: ignore[arg-type, list-item]


class Forgetful(list):  # type: ignore[type-arg]
    """What the test's own lifter notes down, which is not to be measured."""

    def append(self, _: object) -> None:
        pass


if __name__ == "__main__":
    main()
