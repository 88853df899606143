"""Smoothing takes the jitter, not the movement."""

from __future__ import annotations

import numpy as np
import pytest

from poselift.detectors.smooth import OneEuro, smooth_track
from poselift.smoothing import smooth_series
from poselift.types import Track


def waving(frames: int = 120, hertz: float = 1.0) -> np.ndarray:
    """(T, 17, 2) all joints waving sideways by 50 pixels at 30 frames per second."""
    xy = np.full((frames, 17, 2), 300.0)
    xy[..., 0] += 50 * np.sin(2 * np.pi * hertz * np.arange(frames) / 30)[:, None]
    return xy


def track_of(xy: np.ndarray, score: float = 0.9) -> Track:
    return Track(1, np.arange(len(xy)), xy, np.full(xy.shape[:2], score))


def lag(before: np.ndarray, after: np.ndarray) -> float:
    """Frames by which `after` comes later, from the phase of the strongest frequency."""
    a, b = (np.fft.rfft(x[:, 0, 0] - x[:, 0, 0].mean()) for x in (before, after))
    k = int(np.abs(a).argmax())
    return float(np.angle(a[k] / b[k]) / (2 * np.pi * k) * len(before))


def test_zero_phase_has_no_lag_and_keeps_the_wave() -> None:
    truth = waving()
    smooth = smooth_track(track_of(truth), 30).xy
    assert abs(lag(truth, smooth)) < 0.02
    assert np.ptp(smooth[..., 0]) > 0.9 * np.ptp(truth[..., 0])


def test_noise_falls() -> None:
    truth = waving()
    noisy = truth + np.random.default_rng(0).normal(0, 4, truth.shape)
    smooth = smooth_track(track_of(noisy), 30).xy
    assert np.sqrt(np.mean((smooth - truth) ** 2)) < 0.7 * 4


def test_unsure_joints_pull_less() -> None:
    xy = np.full((21, 17, 2), 100.0)
    xy[10] += 60
    sure = track_of(xy)
    unsure = track_of(xy)
    unsure.score[10] = 0.05
    assert smooth_track(unsure, 30).xy[10, 0, 0] < smooth_track(sure, 30).xy[10, 0, 0] - 10


def test_gaps_stay_as_they_are_and_do_not_leak() -> None:
    xy = np.full((30, 17, 2), 100.0)
    xy[10:15] = 9999
    track = track_of(xy)
    track.score[10:15] = 0
    smooth = smooth_track(track, 30)
    assert np.all(smooth.xy[10:15] == 9999)
    assert np.allclose(smooth.xy[:10], 100, atol=1e-3)
    assert np.allclose(smooth.xy[15:], 100, atol=1e-3)
    assert np.array_equal(smooth.score, track.score)


def test_time_reversed_in_is_time_reversed_out() -> None:
    values = np.random.default_rng(1).normal(size=(40, 3))
    weight = np.random.default_rng(2).uniform(size=(40, 3))
    there = smooth_series(values, weight, 2.0)
    back = smooth_series(values[::-1], weight[::-1], 2.0)[::-1]
    assert np.allclose(there, back)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_short_series(length: int) -> None:
    values = np.arange(length, dtype=float)
    assert np.isfinite(smooth_series(values, np.ones(length), 5.0)).all()
    assert np.array_equal(smooth_series(values, np.ones(length), 0.0), values)


def run(filter_: OneEuro, xy: np.ndarray, score: float = 0.9) -> np.ndarray:
    scores = np.full(17, score)
    return np.stack([filter_(x, scores, t / 30, 400.0) for t, x in enumerate(xy)])


def test_one_euro_calms_who_stands() -> None:
    still = np.full((90, 17, 2), 300.0)
    noisy = still + np.random.default_rng(0).normal(0, 3, still.shape)
    assert run(OneEuro(), noisy)[30:].std() < 0.6 * 3


def test_one_euro_lags_little_when_it_is_quick() -> None:
    fast = np.full((30, 17, 2), 300.0) + 40 * np.arange(30)[:, None, None]
    behind = fast - run(OneEuro(), fast)
    assert behind[10:].max() < 40  # less than one frame


def test_one_euro_is_causal() -> None:
    xy = waving(40)
    other = xy.copy()
    other[20:] += 500
    assert np.array_equal(run(OneEuro(), xy)[:20], run(OneEuro(), other)[:20])


def test_one_euro_waits_for_the_unseen_and_starts_anew() -> None:
    calm = OneEuro()
    xy, seen = np.full((17, 2), 100.0), np.ones(17)
    calm(xy, seen, 0.0, 400)
    hidden = seen.copy()
    hidden[5] = 0
    assert np.array_equal(calm(xy + 50, hidden, 0.1, 400)[5], [100, 100])
    assert np.array_equal(calm(xy + 300, seen, 0.0, 400), xy + 300)
    calm.reset()
    assert np.array_equal(calm(xy, seen, 9.0, 400), xy)
