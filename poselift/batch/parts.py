"""What a worker does with a part of a video, and with parts that are all there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from poselift.batch.records import Record, Records
from poselift.batch.units import Stretch, Unit
from poselift.errors import PoseliftError
from poselift.types import SeenClip

if TYPE_CHECKING:
    from poselift.detectors.see import See
    from poselift.pipeline import Pipeline, Processed
    from poselift.seen_frames import SeenFrame


def see_part(path: str, stretch: Stretch, pipeline: Pipeline, folder: Path) -> Processed:
    """See a part of a video into a file in `folder`."""
    from poselift.batch import splitting
    from poselift.pipeline import Processed

    begun = time.perf_counter()
    made, frames = splitting.see_part(path, stretch, pipeline.parts, pipeline.reporter, folder)
    return Processed(made, {"see": time.perf_counter() - begun}, 0, frames)


def seen_in_parts(
    whole: Unit, path: str, pipeline: Pipeline, records: Records, folder: Path
) -> tuple[SeenClip, dict[str, float]]:
    """What was seen of all parts of a video as one, and how long the stages of all parts took.

    Args:
        whole: the video.
        path: where it lies, or a copy of it.
        pipeline: has the models, which continue over each cut for a while.
        records: those of the batch.
        folder: for copies, where the parts lie in an object store.
    """
    from poselift.batch.joining import join

    done: list[Record] = []
    for part in whole.parts:
        record = records.of(part).settled(part)
        if record is None:
            raise PoseliftError(f"A part of {whole.address} is missing.", "Run the batch again.")
        if record.error is not None:
            stretch = part.stretch
            assert stretch is not None
            raise PoseliftError(
                f"Part {stretch.number} of {stretch.count}: {record.error.message}",
                record.error.hint,
            )
        done.append(record)
    seconds: dict[str, float] = {}
    for record in done:
        seconds = added(seconds, record.seconds)
    seconds.pop("total", None)
    cuts = [part.stretch.cut for part in whole.parts if part.stretch is not None]
    of_parts = records.of(whole.parts[0])
    folders = [of_parts.local_copy(record, folder) for record in done]
    begun = time.perf_counter()
    seen = join(folders, cuts, partial(_again, whole, path, pipeline))
    return seen, added(seconds, {"join": time.perf_counter() - begun})


def _again(
    whole: Unit, path: str, pipeline: Pipeline, index: int, state: Mapping[str, np.ndarray]
) -> Iterator[tuple[SeenFrame, See]]:
    """See a part from its cut on, going on from a state of the part before."""
    from poselift.media import open_source
    from poselift.seeing import new_see, see_stretch

    stretch = whole.parts[index].stretch
    assert stretch is not None
    see = new_see(pipeline.parts)
    see.restore(state)
    with open_source(path, stretch.cut, stretch.end) as source:
        for frame in see_stretch(source, see, pipeline.reporter):
            yield frame, see


def forget_parts(whole: Unit, records: Records) -> None:
    """Remove the parts of a video that is joined and recorded."""
    for part in whole.parts:
        record = records.of(part).read(part.id)
        if record is not None:
            records.of(part).forget(record)


def added(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    """The seconds of stages, together."""
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in {**one, **other}}
