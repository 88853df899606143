"""Smoothing block by block."""

from __future__ import annotations

import numpy as np
import pytest

from poselift import smoothing


@pytest.mark.parametrize("length", [1, 7, 20, 41, 65])
def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    rng = np.random.default_rng(length)
    values = rng.normal(size=(length, 3, 2)).astype(np.float32)
    weight = (rng.uniform(size=values.shape) > 0.3).astype(np.float32)
    whole = smoothing.smooth_series(values, weight, 2.0)
    monkeypatch.setattr(smoothing, "_BLOCK", 8)
    assert np.array_equal(smoothing.smooth_series(values, weight, 2.0), whole)
