"""Pairing two lists the best way overall."""

from __future__ import annotations

import numpy as np


def best_pairs(worth: np.ndarray) -> list[tuple[int, int]]:
    """Rows and columns of (N, M) paired so that what the pairs are worth together is the most.

    Each is in one pair at most; there are as many pairs as the shorter side is long.

    >>> best_pairs(np.array([[5.0, 4.0], [4.0, 1.0]]))
    [(0, 1), (1, 0)]
    >>> best_pairs(np.array([[1.0, 3.0, 2.0]])), best_pairs(np.zeros((0, 2)))
    ([(0, 1)], [])
    """
    if min(worth.shape) == 0:
        return []
    if min(worth.shape) == 1:  # as nearly always; loading scipy's solvers takes a quarter second
        best = np.unravel_index(worth.argmax(), worth.shape)
        return [(int(best[0]), int(best[1]))]
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(worth, maximize=True)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))
