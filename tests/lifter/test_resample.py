"""Other frame rates."""

import numpy as np
import pytest

from poselift.lifter import resample


def test_near_rates_are_taken_as_they_are() -> None:
    assert not resample.needs_resampling(25, 30)
    assert resample.needs_resampling(15, 30)
    assert resample.needs_resampling(60, 30)


@pytest.mark.parametrize("between", [resample.linear, resample.smooth])
def test_constant_velocity_stays_constant(between) -> None:
    line = np.arange(10, dtype=np.float32)[:, None] * [1.0, -2.0]
    at = np.linspace(0, 9, 37)
    assert np.allclose(between(line, at), at[:, None] * [1.0, -2.0], atol=1e-5)


def test_smooth_passes_through_every_value_and_bends_without_kinks() -> None:
    wave = np.sin(np.arange(20) / 2)[:, None].astype(np.float32)
    assert np.allclose(resample.smooth(wave, np.arange(20.0)), wave, atol=1e-6)
    at = np.linspace(2, 17, 300)
    assert np.abs(resample.smooth(wave, at)[:, 0] - np.sin(at / 2)).max() < 0.01
    assert np.abs(resample.linear(wave, at)[:, 0] - np.sin(at / 2)).max() > 0.02


@pytest.mark.parametrize("frames", [1, 2, 3, 50])
@pytest.mark.parametrize(("fps", "rate"), [(60, 30), (15, 30), (23.976, 60)])
def test_both_ends_are_kept(frames: int, fps: float, rate: float) -> None:
    at = resample.positions(frames, fps, rate)
    assert at[0] == 0
    assert at[-1] == frames - 1
