"""How the memory of a run grows with the length of the clip and the number of people.

    python -m benchmarks.growth                 the table of docs/guarantees.md
    python -m benchmarks.growth --minutes 1 10 --people 1 10 --formats npz

Each cell is a process of its own; what it took at most (VmHWM, Linux). Networks take the same for
every clip: `--networks` loads and runs them first, as every run does, without it they are left out.
A run over joints is everything from seen people to files; one over frames also decodes, draws and
encodes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from poselift.types import Motion, Track

FPS = 30


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 10, 60])
    parser.add_argument("--people", type=int, nargs="+", default=[1])
    parser.add_argument("--formats", nargs="+", default=["npz", "csv", "json", "mp4", "gif"])
    parser.add_argument("--networks", action="store_true", help="with the parts that ship loaded")
    parser.add_argument("--cell", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--clip", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.clip:
        _make_clip(Path(options.clip[0]), int(options.clip[1]))
        return
    more = ["--networks"] if options.networks else []
    if options.cell:
        if options.networks:
            _load_networks()
        _cell(options.cell[0], float(options.cell[1]), int(options.cell[2]))
        return
    print("| what | people | " + " | ".join(f"{m:g} min" for m in options.minutes) + " |")
    for kind in options.formats:
        for people in options.people:
            row = [_measured(kind, minutes, people, *more) for minutes in options.minutes]
            print(
                f"| {kind} | {people} | " + " | ".join(f"{mb} MB" for mb in row) + " |", flush=True
            )


def _measured(kind: str, minutes: float, people: int, *more: str) -> str:
    return _in_own_process(*more, "--cell", kind, minutes, people).split()[-1]


def _in_own_process(*arguments: object) -> str:
    command = [sys.executable, "-m", "benchmarks.growth", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _cell(kind: str, minutes: float, people: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if kind in ("mp4", "gif"):
            _frames(kind, round(minutes * 60 * FPS), Path(folder))
        else:
            _joints(kind, round(minutes * 60 * FPS), people, Path(folder))
    status = Path("/proc/self/status").read_text().splitlines()
    [peak] = [int(line.split()[1]) for line in status if line.startswith("VmHWM")]
    print(round(peak / 1024))


def _load_networks() -> None:
    """What every run has in memory: the parts that ship, having looked at a frame."""
    from poselift import lifter
    from poselift.detectors import load_detector, load_keypointer
    from poselift.types import People

    picture = np.full((720, 1280, 3), 114, np.uint8)
    somebody = People(np.array([[540, 60, 740, 660]], np.float32), np.ones(1, np.float32))
    load_detector("nanodet")([picture])
    load_keypointer("thunder")([picture], [somebody])
    xy, score = np.zeros((60, 17, 2), np.float32), np.ones((60, 17), np.float32)
    lifter.load("poselift-2")([Track(1, np.arange(60), xy, score)], image_size=(1280, 720), fps=FPS)


def _joints(kind: str, frames: int, people: int, folder: Path) -> None:
    """Everything but the networks: tracks collected and stored, lifted, placed and written."""
    from poselift import export
    from poselift.detectors.tracks import TrackBuilder
    from poselift.lifting import lift_clip
    from poselift.progress import Silent
    from poselift.seen_frames import SeenFrame
    from poselift.settings import Settings
    from poselift.skeleton import H36M17
    from poselift.store import TrackStore
    from poselift.types import Keypoints, SeenClip

    store, builder, ids = TrackStore(folder, "key"), TrackBuilder(), np.arange(1, people + 1)
    store.read()
    for frame, xy in enumerate(_walk(frames, people)):
        joints = Keypoints(xy, np.full((people, 17), 0.9, np.float32), H36M17)
        store.add(SeenFrame(frame, frame / FPS, ids, joints), {})
        builder.add(frame, ids, joints)
    store.finish((640, 480))
    store.close()
    seen = SeenClip(np.arange(frames) / FPS, (640, 480), builder.tracks())
    settings = Settings(max_people=max(people, 1))
    motion = lift_clip("clip", seen, Flat(), settings, Silent(), {})
    del seen, builder
    export.write(motion, folder, [kind])


def _frames(kind: str, frames: int, folder: Path) -> None:
    """Decoding, drawing and encoding."""
    from poselift import large
    from poselift.media import open_source
    from poselift.progress import Silent
    from poselift.rendering import render_clip
    from poselift.result import ClipMotion
    from poselift.settings import Settings

    clip = folder / "clip.mp4"
    # Elsewhere: what a writer of films remembers of every frame is not this process's.
    _in_own_process("--clip", clip, frames)
    # As lifting leaves them: in a file, where they are large.
    xy, pose = (large.zeros((1, frames, 17, count), np.float32) for count in (2, 3))
    for frame, body in enumerate(_walk(frames, 1)):
        xy[:, frame] = body
        pose[:, frame, :, 0], pose[:, frame, :, 2] = body[..., 0] / 100, -body[..., 1] / 100
        if frame % large.BLOCK == 0:
            large.release(xy, pose)
    score = large.zeros((1, frames, 17), np.float32)
    score[:] = 1
    large.release(xy, pose, score)
    motion = ClipMotion(
        name="drawn", time=np.arange(frames) / FPS, fps=FPS, size=(64, 48), ids=np.array([1]),
        pose3d=pose, pose2d=xy, score=score,
        filled=np.zeros((1, frames), bool), placed=False, lifter="flat",
    )  # fmt: skip
    with open_source(clip) as source:
        render_clip(source, motion, folder, [kind], Settings(height=64), Silent())


def _make_clip(clip: Path, frames: int) -> None:
    import av

    with av.open(str(clip), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(frames):
            image = np.full((48, 64, 3), index % 250, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        out.mux(stream.encode(None))


def _walk(frames: int, people: int) -> Iterator[np.ndarray]:
    """(people, 17, 2) pixels of each frame."""
    rng = np.random.default_rng(0)
    body = rng.uniform(-60, 60, (people, 17, 2)).astype(np.float32)
    for frame in range(frames):
        yield body + np.float32(240 + 100 * np.sin(frame / 50))


class Flat:
    """Stands everybody in the plane of the picture."""

    name = "flat"

    def __call__(
        self,
        tracks: Sequence[Track],
        *,
        image_size: tuple[int, int],
        fps: float,
        progress: object = None,
    ) -> list[Motion]:
        """Pixels as hundredths of a metre about the pelvis."""
        out = []
        for track in tracks:
            flat = (track.xy - track.xy[:, :1]) / 100
            pose = np.concatenate([flat, np.zeros_like(flat[..., :1])], axis=-1)
            out.append(Motion(track, pose, fps, self.name, np.zeros(len(track), bool)))
        return out


if __name__ == "__main__":
    main()
