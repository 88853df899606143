"""People who are there for long, in parts, so that what is computed of them at once is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from poselift import large
from poselift.scene.bones import bone_lengths, constant_bones
from poselift.sections import WHOLE, Section, sections
from poselift.types import LIFTED_COLUMNS, Motion, rows_of


def rows_of_motion(motion: Motion, rows: slice) -> Motion:
    """Some frames of a motion, by their rows in it."""
    columns: dict[str, Any] = {
        name: None if (values := getattr(motion, name)) is None else values[rows]
        for name in (*LIFTED_COLUMNS, "filled")
    }
    return replace(motion, track=rows_of(motion.track, rows), **columns)


def in_sections(motion: Motion) -> Iterator[tuple[Section, Motion]]:
    """The sections in which somebody was seen, with bones of one length throughout."""
    if len(motion) <= WHOLE:
        (section,) = sections(len(motion))
        yield section, motion
        return
    lengths = bone_lengths(middle_of(motion.pose3d).astype(np.float64))
    for section in sections(len(motion)):
        part = rows_of_motion(motion, section.rows)
        if not part.filled.all() or motion.filled.all():
            pose = constant_bones(part.pose3d.astype(np.float64), lengths=lengths)
            yield section, replace(part, pose3d=pose.astype(np.float32))
        large.release(motion.pose3d, motion.track.xy, motion.track.score, motion.up, motion.spread)


def longest_seen(motion: Motion) -> Motion:
    """As many frames as are processed in one go, where most of them were seen."""
    if len(motion) <= WHOLE:
        return motion
    seen = np.concatenate([[0], np.cumsum(~motion.filled)])
    first = int((seen[WHOLE:] - seen[:-WHOLE]).argmax())
    return rows_of_motion(motion, slice(first, first + WHOLE))


def middle_of(poses: np.ndarray) -> np.ndarray:
    """Some of the frames of (T, ...), spread over all of them: enough for a median."""
    if len(poses) <= WHOLE:
        return poses
    every = -(-len(poses) // (WHOLE // 2))
    some = [
        poses[block.start + -block.start % every : block.stop : every].copy()
        for block in large.blocks(len(poses), poses)
    ]
    return np.concatenate(some)
