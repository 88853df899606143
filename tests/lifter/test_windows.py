"""Where windows lie."""

import numpy as np
import pytest

from poselift.lifter.windows import Blend, one_a_frame, overlapping


@pytest.mark.parametrize("count", [27, 28, 40, 53, 54, 100])
def test_overlapping_windows_cover_a_clip_and_end_with_it(count: int) -> None:
    windows = overlapping([count], 27, 13)
    assert windows.first[0] == 0
    assert windows.first[-1] + 27 == count
    assert (np.diff(windows.first) > 0).all()
    assert np.unique(windows.frames(slice(None))).tolist() == list(range(count))


def test_a_short_clip_lies_in_the_middle_of_its_window() -> None:
    assert overlapping([3], 7, 3).frames(slice(None)).tolist() == [[0, 0, 0, 1, 2, 2, 2]]


def test_windows_never_leave_their_clip() -> None:
    lengths = [5, 40, 1, 9]
    ends = np.cumsum(lengths)
    for windows in (one_a_frame(lengths, 9, 2), overlapping(lengths, 9, 4)):
        for row, high in zip(windows.frames(slice(None)), windows.high, strict=True):
            clip = np.searchsorted(ends, row, side="right")
            assert (clip == clip[0]).all()
            assert ends[clip[0]] == high


def test_blending_windows_that_agree_changes_nothing() -> None:
    truth = np.random.default_rng(0).normal(size=(64, 51)).astype(np.float32)
    windows = overlapping([50, 14], 16, 8)
    blend = Blend(windows)
    for part in windows.batches(3):
        blend.add(part, truth[windows.frames(part)])
    assert np.abs(blend.result() - truth).max() < 1e-5


def test_a_hundred_thousand_windows_need_no_memory_of_their_own() -> None:
    windows = one_a_frame([100_000], 243, 1)
    held = sum(array.nbytes for array in (windows.first, windows.low, windows.high))
    assert held <= 3 * 8 * 100_000
