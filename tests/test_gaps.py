"""What was not seen."""

import numpy as np
import pytest

from poselift import gaps
from poselift.errors import PoseliftError


def test_nothing_missing_nothing_changed() -> None:
    xy, score = np.random.default_rng(0).normal(size=(5, 17, 2)), np.ones((5, 17))
    filled, seen = gaps.fill(xy, score)
    assert np.allclose(filled, xy)
    assert np.array_equal(seen, score)


def test_a_single_missing_joint_comes_from_its_own_neighbours_in_time() -> None:
    xy = np.arange(5, dtype=float)[:, None, None] * np.ones((5, 17, 2))
    score = np.ones((5, 17))
    score[1:3, 6] = 0
    xy[1:3, 6] = 999
    filled, seen = gaps.fill(xy, score)
    assert np.allclose(filled[:, 6, 0], [0, 1, 2, 3, 4])
    assert (seen[1:3, 6] == 0).all()


def test_the_ends_are_held() -> None:
    xy = np.arange(4, dtype=float)[:, None, None] * np.ones((4, 17, 2))
    score = np.array([0, 1, 1, 0])[:, None] * np.ones(17)
    assert np.allclose(gaps.fill(xy, score)[0][:, 0, 0], [1, 1, 2, 2])


def test_a_joint_that_is_never_seen_lies_amid_the_others() -> None:
    xy = np.random.default_rng(0).uniform(100, 200, size=(6, 17, 2))
    score = np.ones((6, 17))
    score[:, 10] = 0
    xy[:, 10] = np.nan
    filled, _ = gaps.fill(xy, score)
    others = np.delete(filled, 10, axis=1)
    assert np.allclose(filled[:, 10], others.mean(axis=1), atol=1e-3)


def test_nothing_seen_is_refused() -> None:
    with pytest.raises(PoseliftError, match="Nothing was seen in 3 frames"):
        gaps.fill(np.zeros((3, 17, 2)), np.zeros((3, 17)))


def test_known_points_keep_their_values_and_ends_are_held() -> None:
    values = np.random.default_rng(3).random((6, 2, 3))
    known = np.array([[0, 1], [1, 0], [0, 0], [1, 0], [0, 0], [0, 0]], bool)
    time = np.array([0.0, 1.0, 2.0, 5.0, 6.0, 9.0])
    out = gaps.without_gaps(np.where(known[..., None], values, np.nan), known, time)
    np.testing.assert_array_equal(out[known], values[known])
    np.testing.assert_allclose(out[2, 0], values[1, 0] + (values[3, 0] - values[1, 0]) / 4)
    np.testing.assert_array_equal(out[[0, 4, 5], 0], values[[1, 3, 3], 0])
    np.testing.assert_array_equal(out[:, 1], np.tile(values[0, 1], (6, 1)))


def test_a_point_that_is_never_known_stays() -> None:
    values = np.full((3, 1, 2), np.nan)
    assert np.isnan(gaps.without_gaps(values, np.zeros((3, 1), bool))).all()
