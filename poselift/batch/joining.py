"""Parts of a video become one clip, in which people keep their numbers.

A part has seen the first frames after its cut with other eyes than a run over the whole clip: its
detector runs in other frames, and whoever is hidden may be followed otherwise. So the run that saw
the part before is continued over the cut until both see the same, in the same rhythm, for a while.
From there on they cannot differ, and the part's own frames are taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice, takewhile
from pathlib import Path

import numpy as np

from poselift.batch.splitting import BEATS, NAME, OVERLAP, RHYTHM, SLACK
from poselift.detectors.pairing import best_pairs
from poselift.detectors.see import See
from poselift.detectors.similarity import pose_similarity
from poselift.detectors.tracks import TrackBuilder
from poselift.errors import PoseliftError
from poselift.seen_frames import SeenFrame
from poselift.store import Kept, TrackStore
from poselift.types import BACKGROUND, Keypoints, SeenClip

State = Mapping[str, np.ndarray]
#: Sees the part of this index again from its cut on, from a state.
Again = Callable[[int, State], Iterator[tuple[SeenFrame, See]]]

_STEADY = 20  # frames in a row that both runs see alike: more than between two detections
_SAME = 0.5  # pixels
_ALIKE = 0.3  # least mean similarity of one person seen by two parts
_FADE = 1.0  # seconds over which what was seen earlier counts for a third


def join(folders: Sequence[Path], cuts: Sequence[float], again: Again | None = None) -> SeenClip:
    """The people of a whole clip from what was seen of its parts, each person with one number.

    Args:
        folders: one per part, in order, as `see_part` filled them.
        cuts: where each part begins to count.
        again: continues over a cut; without it the first frames after a cut stay as they are.
    """
    clip = _Clip()
    state: State = {}
    for index, (folder, cut) in enumerate(zip(folders, cuts, strict=True)):
        with closing(TrackStore(folder, NAME)) as store:
            kept = store.read()
            if kept.size is None:
                raise PoseliftError(
                    f"A part in {folder} cannot be read.", "Remove it, and run the batch again."
                )
            early = list(takewhile(lambda one, cut=cut: one.time < cut - SLACK, kept.frames))  # type: ignore[misc]
            begin = len(early)
            if index and again is not None:
                beats = np.load(folder / BEATS)
                done, state = _continued(again(index, state), kept, begin, beats, clip)
                early += islice(kept.frames, begin, begin + done)
                begin += done
            clip.size = kept.size
            if begin == len(kept.frames):  # all of it was seen again
                continue
            clip.go_over(early)
            for frame in islice(kept.frames, begin, None):
                clip.add(frame)
            state = kept.state
    return clip.seen()


class _Clip:
    """What is seen of a clip so far, in the numbers of its people."""

    def __init__(self) -> None:
        self.size = (0, 0)
        self._builder = TrackBuilder()
        self._times: list[float] = []
        self._background: list[np.ndarray] = []
        self._before: deque[SeenFrame] = deque()  # the last seconds
        self._numbers: dict[int, int] = {}  # of the people of the part that is being added
        self._last = 0

    def go_over(self, early: Sequence[SeenFrame]) -> None:
        """Go over to the next part, which has seen these last frames too."""
        self._numbers = same_people(self._before, early)

    def add(self, frame: SeenFrame) -> None:
        """Add a frame of the part."""
        ids = frame.ids.copy()
        for row, number in enumerate(frame.ids.tolist()):
            if number >= 0 and number not in self._numbers:
                self._last += 1
                self._numbers[number] = self._last
            ids[row] = self._numbers.get(number, -1)
        self._builder.add(len(self._times), ids, frame.joints, frame.feet)
        self._times.append(frame.time)
        self._background.append(frame.background)
        self._before.append(replace(frame, ids=ids))
        while self._before[0].time < frame.time - OVERLAP:
            self._before.popleft()

    def seen(self) -> SeenClip:
        """The clip."""
        background = np.array(self._background).reshape(-1, BACKGROUND)
        return SeenClip(np.array(self._times), self.size, self._builder.tracks(), background)


def _continued(
    again: Iterator[tuple[SeenFrame, See]], kept: Kept, begin: int, beats: np.ndarray, clip: _Clip
) -> tuple[int, State]:
    """Add frames of the run that is continued until the part sees the same.

    Returns:
        How many, and the state after the last of them.
    """
    steady = done = 0
    state: State = {}
    own = islice(kept.frames, begin, None)
    for (frame, see), other, beat in zip(again, own, beats[begin:], strict=False):
        state = see.state()
        clip.add(replace(frame, background=other.background))
        done += 1
        same = np.array_equal(state[RHYTHM], beat) and _is_same(frame.joints, other.joints)
        steady = steady + 1 if same else 0
        if steady == _STEADY:
            break
    return done, state


def _is_same(one: Keypoints, other: Keypoints) -> bool:
    """Whether two runs have seen the same people at the same places, in whatever order."""
    if len(one) != len(other):
        return False
    if not len(one):
        return True
    away = np.linalg.norm(one.xy[:, None] - other.xy[None], axis=-1).max(axis=-1)  # (N, N)
    nearest = away.argmin(axis=1)
    return len(set(nearest.tolist())) == len(one) and bool(away.min(axis=1).max() < _SAME)


def same_people(before: Iterable[SeenFrame], after: Sequence[SeenFrame]) -> dict[int, int]:
    """Which number of the next part is which so far, by the frames that both have seen."""
    known = {round(frame.time, 6): frame for frame in before}
    total: dict[tuple[int, int], float] = {}
    weight: dict[tuple[int, int], float] = {}
    for new in after:
        old = known.get(round(new.time, 6))
        if old is None:
            continue
        alike = pose_similarity(
            old.joints.xy, old.joints.score, new.joints.xy, new.joints.score, 2.0
        )
        counts = float(np.exp((new.time - after[-1].time) / _FADE))
        for i, j in np.argwhere((old.ids >= 0)[:, None] & (new.ids >= 0)[None]):
            pair = int(old.ids[i]), int(new.ids[j])
            total[pair] = total.get(pair, 0.0) + counts * float(alike[i, j])
            weight[pair] = weight.get(pair, 0.0) + counts
    olds = sorted({old for old, _ in total})
    news = sorted({new for _, new in total})
    table = np.array([[total.get((old, new), 0.0) for new in news] for old in olds])
    table = table.reshape(len(olds), len(news))
    found = {}
    for i, j in best_pairs(table):
        pair = olds[i], news[j]
        if pair in total and total[pair] >= _ALIKE * weight[pair]:
            found[pair[1]] = pair[0]
    return found
