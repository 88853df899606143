"""What a batch costs beside the work itself: processes, short clips, memory, Ray.

    python -m benchmarks.batch                 the table of docs/batch.md
    python -m benchmarks.batch --only overhead --clips 30
    python -m benchmarks.batch --only split --minutes 10
    python -m benchmarks.batch --only list

Clips are made of the sample clip, played again and again. Times count from the first record on, so
that models are loaded; `--json` also keeps the times of all stages, for batch_simulated.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.machine import describe, in_words, table, write_json
from poselift.batch import Batch, OnRay, Record
from poselift.batch.engine import Engine
from poselift.batch.local import Local
from poselift.settings import Settings

SAMPLE = Path(__file__).parents[1] / "sample_videos" / "two_people.mp4"
_Rows = list[tuple[str, str]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(JOBS), default=["jobs", "overhead"])
    parser.add_argument("--clips", type=int, default=8, help="how many")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the clip that is split")
    parser.add_argument("--pose", default="auto", help="the keypointer of all runs")
    parser.add_argument("--json", help="a file for the figures")
    options = parser.parse_args()
    print(in_words(describe()), "\n", flush=True)
    times: list[dict[str, float]] = []
    rows: _Rows = []
    for name in options.only:
        with tempfile.TemporaryDirectory() as folder:
            rows += JOBS[name](Path(folder), options, times)
    print(table(["what", "measured"], rows))
    if options.json:
        loading = [float(value.split()[0]) for what, value in rows if what.startswith("to load")]
        kept = {"figures": dict(rows), "loading": min(loading, default=None), "seconds": times}
        write_json(options.json, kept)


def looped(target: Path, seconds: float, fps: int = 30) -> str:
    """The sample clip played again and again for so long, with a key frame every two seconds."""
    import av

    target.parent.mkdir(parents=True, exist_ok=True)
    wanted = round(seconds * fps)
    with av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=fps, options={"preset": "veryfast"})
        stream.gop_size, stream.pix_fmt = 2 * fps, "yuv420p"
        made = count()
        while True:
            with av.open(str(SAMPLE)) as sample:
                for frame in sample.decode(video=0):
                    number = next(made)
                    if number >= wanted:
                        out.mux(stream.encode(None))
                        return str(target)
                    if number == 0:
                        stream.width, stream.height = frame.width, frame.height
                    frame.pts, frame.time_base = number, Fraction(1, fps)
                    out.mux(stream.encode(frame))


class _Run:
    """A batch with the moments at which its records came.

    Attributes:
        records: in the order in which they came.
        moments: of each, in seconds from the start.
        processor: seconds that supervisor and workers had computed by then, all threads together.
        memory: the most MB of resident memory that any worker took.
    """

    def __init__(self, sources: list[str], out: Path, engine: Engine, pose: str) -> None:
        self.records: list[Record] = []
        self.moments: list[float] = []
        self.processor: list[float] = []
        self.memory = 0.0
        begun = time.perf_counter()

        def told(record: Record) -> None:
            self.moments.append(time.perf_counter() - begun)
            self.records.append(record)
            self.processor.append(time.process_time() + _computed())
            self.memory = max(self.memory, _most_memory())

        chosen = Settings().changed(out=str(out), save="npz", pose=pose)
        summary = Batch(sources, chosen).run(engine=engine, told=told)
        assert summary.failed == 0, "a video failed"

    def a_minute(self) -> float:
        """Videos a minute from the first record on."""
        return 60 * (len(self.moments) - 1) / (self.moments[-1] - self.moments[0])

    def loading(self) -> float:
        """Seconds until the first worker had its models."""
        return self.moments[0] - self.records[0].seconds["total"]


def _most_memory() -> float:
    import psutil

    workers = psutil.Process().children(recursive=True)
    return max((one.memory_info().rss / 1e6 for one in workers), default=0.0)


def _computed() -> float:
    """Processor seconds of all workers so far."""
    import psutil

    workers = psutil.Process().children(recursive=True)
    return sum(sum(one.cpu_times()[:2]) for one in workers)


def _jobs(folder: Path, options: argparse.Namespace, times: list[dict[str, float]]) -> _Rows:
    clips = [looped(folder / f"{n}.mp4", options.seconds) for n in range(options.clips)]
    rows = []
    for jobs in (1, 2):
        run = _Run(clips, folder / f"out{jobs}", Local(jobs), options.pose)
        if jobs == 1:
            times.extend(record.seconds for record in run.records)
        rows += [
            (f"clips of {options.seconds:g} s a minute, {jobs} processes", f"{run.a_minute():.2f}"),
            (f"to load the models, {jobs} processes", f"{run.loading():.1f} s"),
            (f"memory a worker, {jobs} processes", f"{run.memory:.0f} MB"),
        ]
    return rows


def _overhead(folder: Path, options: argparse.Namespace, times: list[dict[str, float]]) -> _Rows:
    """Clips of a second each, against the same number of seconds in one clip."""
    number = options.clips
    warm = looped(folder / "0.mp4", 1)
    clips = [looped(folder / f"{n + 1}.mp4", 1) for n in range(number)]
    many = _Run([warm, *clips], folder / "many", Local(1), options.pose)
    long_clip = looped(folder / "long.mp4", number)
    one = _Run([warm, long_clip], folder / "one", Local(1), options.pose)
    rows = []
    for kind in ("moments", "processor"):
        in_all = [getattr(run, kind) for run in (many, one)]
        short, long = ((values[-1] - values[0]) / number for values in in_all)
        what = "wall" if kind == "moments" else "processor"
        rows += [
            (f"a clip of 1 s, {what}", f"{short:.2f} s"),
            (f"1 s of a clip of {number} s, {what}", f"{long:.2f} s"),
            (f"overhead a video, {what}", f"{short - long:.2f} s"),
        ]
    return rows


def _ray(folder: Path, options: argparse.Namespace, times: list[dict[str, float]]) -> _Rows:
    clips = [looped(folder / f"{n}.mp4", options.seconds) for n in range(options.clips)]
    engines: dict[str, Engine] = {"--jobs 1": Local(1), "Ray, 1 worker": OnRay(workers=1, cpus=2)}
    runs = {n: _Run(clips, folder / n, engine, options.pose) for n, engine in engines.items()}
    spent = {name: run.moments[-1] - run.moments[0] for name, run in runs.items()}
    first, second = spent.values()
    return [
        *((f"{name}, a clip", f"{s / (len(clips) - 1):.2f} s") for name, s in spent.items()),
        ("Ray against --jobs", f"{100 * (second / first - 1):+.1f} %"),
    ]


def _split(folder: Path, options: argparse.Namespace, times: list[dict[str, float]]) -> _Rows:
    """A clip in three parts against the whole one."""
    clip = looped(folder / "clip.mp4", options.minutes * 60)
    apart = compared(clip, folder, options.minutes / 3, options.pose)
    return [
        ("people, whole and in parts", f"{apart.whole}, {apart.joined}"),
        ("farthest joint more than 2 s from a cut", f"{np.nanmax(apart.mm):.1f} mm"),
        ("99 % of those joints within", f"{np.nanpercentile(apart.mm, 99):.1f} mm"),
        ("median", f"{np.nanmedian(apart.mm):.2f} mm"),
    ]


@dataclass(frozen=True)
class Apart:
    """How a clip in parts differs from the whole one.

    Attributes:
        whole: the numbers of its people.
        joined: those of the clip in parts.
        mm: (P, T, 17) between joints, in frames more than two seconds from a cut.
    """

    whole: list[int]
    joined: list[int]
    mm: np.ndarray


def compared(clip: str, folder: Path, minutes: float, pose: str = "auto") -> Apart:
    """Process a clip as a whole and in parts of about so many minutes."""
    from poselift import load
    from poselift.batch.splitting import stretches

    motions = []
    for split in (None, minutes):
        out = folder / f"out-{split}"
        settings = Settings().changed(out=str(out), save="npz", pose=pose)
        batch = Batch([clip], settings, split=split)
        assert batch.run(jobs=1).done == 1, "the clip failed"
        [record] = batch.records
        motions.append(load(out / record.folder / "clip.npz"))
    whole, joined = motions
    cuts = [part.cut for part in stretches(clip, minutes * 60, Settings())][1:]
    assert cuts, "the clip is too short to be cut"
    np.testing.assert_array_equal(whole.time, joined.time)
    away = np.abs(whole.time[:, None] - np.array(cuts)).min(axis=1) > 2.0
    if whole.ids.tolist() != joined.ids.tolist():
        return Apart(whole.ids.tolist(), joined.ids.tolist(), np.full((1, 1, 17), np.nan))
    mm = np.linalg.norm(whole.pose3d - joined.pose3d, axis=-1)[:, away] * 1000
    return Apart(whole.ids.tolist(), joined.ids.tolist(), mm)


def _list(folder: Path, options: argparse.Namespace, times: list[dict[str, float]]) -> _Rows:
    """How fast units come from a list of 100,000 lines, none of which was done."""
    import resource

    listed = folder / "list.txt"
    with listed.open("w") as file:
        file.writelines(f"/clips/{number:06d}.mp4\n" for number in range(100_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    batch = Batch([str(listed)], Settings().changed(out=str(folder / "out")))
    total = sum(1 for _ in batch.units())
    counted = time.perf_counter() - begun
    missing = sum(1 for _ in batch.missing())
    assert total == missing == 100_000
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return [
        ("100,000 lines counted", f"{counted:.1f} s"),
        ("and each looked up", f"{time.perf_counter() - begun - counted:.1f} s"),
        ("memory that took", f"{(after - before) / 1000:.0f} MB"),
    ]


JOBS: dict[str, Callable[[Path, argparse.Namespace, list[dict[str, float]]], _Rows]] = {
    "jobs": _jobs,
    "overhead": _overhead,
    "ray": _ray,
    "split": _split,
    "list": _list,
}

if __name__ == "__main__":
    main()
