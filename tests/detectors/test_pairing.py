"""Pairs are the best overall, and those of one row or column need no solver."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from poselift.detectors.pairing import best_pairs


@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (3, 3), (2, 5)])
def test_nothing_is_worth_more(shape: tuple[int, int]) -> None:
    from scipy.optimize import linear_sum_assignment

    rng = np.random.default_rng(0)
    for _ in range(20):
        worth = rng.normal(size=shape)
        pairs = best_pairs(worth)
        assert len(pairs) == min(shape)
        most = worth[linear_sum_assignment(worth, maximize=True)].sum()
        assert sum(worth[i, j] for i, j in pairs) == pytest.approx(most)


def test_one_person_loads_no_solver() -> None:
    code = (
        "import sys, numpy as np; from poselift.detectors.pairing import best_pairs; "
        "assert best_pairs(np.ones((1, 3))) == [(0, 0)]; assert 'scipy.optimize' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
