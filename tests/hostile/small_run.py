"""A whole run of the pipeline with parts that need no network, as a process of its own.

`python -m tests.hostile.small_run CLIP OUT [SECONDS A FRAME] [LARGEST FILE]`
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Sequence

import numpy as np

from poselift.demo.process import ending_by_signals, problem_of
from poselift.errors import PoseliftError
from poselift.pipeline import Pipeline
from poselift.skeleton import H36M17
from poselift.types import Frame, Keypoints, Motion, People, Track
from tests.live_parts import somebody


class Finder:
    """Somebody who walks through the picture."""

    skeleton = H36M17
    cache_key = "walker"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def find(self, frames: Sequence[Frame]) -> list[tuple[People, Keypoints]]:
        time.sleep(self._seconds * len(frames))
        return [self._at(frame.index) for frame in frames]

    def _at(self, index: int) -> tuple[People, Keypoints]:
        xy = somebody(30 + index / 3, 48, 60)[None]
        box = np.concatenate([xy[0].min(0), xy[0].max(0)])[None].astype(np.float32)
        score = np.full((1, 17), 0.9, np.float32)
        return People(box, score[:, 0]), Keypoints(xy, score, H36M17)


class Lifter:
    """Stands everybody in the plane of the picture."""

    name = "flat"

    def __call__(self, tracks: Sequence[Track], *, image_size, fps, progress=None) -> list[Motion]:
        out = []
        for track in tracks:
            flat = (track.xy - track.xy[:, :1]) / 60
            pose = np.concatenate([flat, np.zeros_like(flat[..., :1])], axis=-1)
            out.append(Motion(track, pose, fps, self.name, np.zeros(len(track), bool)))
        return out


def main() -> int:
    """Run; returns the code that the command would."""
    clip, out, *more = sys.argv[1:]
    pipeline = Pipeline(
        keypointer=Finder(float(more[0]) if more else 0.0), lifter=Lifter(), out=out, height=64,
        up="level", place=False, save="mp4,gif,npz,json,csv",
    )  # fmt: skip
    if len(more) > 1:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(more[1]), int(more[1])))
    if "RUN_AS" in os.environ:  # permissions mean nothing to root
        with tempfile.TemporaryDirectory() as folder:  # all is imported now: Python may be root's
            Pipeline(
                keypointer=Finder(0), lifter=Lifter(), out=folder, height=64, up="level",
                place=False, save="mp4,gif,npz,json,csv",
            ).process(clip)  # fmt: skip
        os.setuid(int(os.environ["RUN_AS"]))
    print("begun", flush=True)
    try:
        pipeline.process(clip)
    except (PoseliftError, OSError) as error:
        told = error if isinstance(error, PoseliftError) else problem_of(error)
        print(f"error: {told.message}\n{told.hint}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    with ending_by_signals():
        raise SystemExit(main())
