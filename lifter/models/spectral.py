"""Constant matrices that stand in for cosine and Fourier transforms of a fixed length.

A matrix instead of an FFT: exportable to ONNX, safe in half precision, and at these lengths no
slower. All are computed in float64 and rounded once.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn


@lru_cache(maxsize=64)
def dct_matrix(length: int, kept: int | None = None) -> np.ndarray:
    """(kept, length): the first coefficients of the unnormalised DCT-II.

    >>> bool(np.allclose(dct_matrix(4) @ np.ones(4), [8, 0, 0, 0]))
    True
    """
    k = np.arange(length if kept is None else kept)[:, None]
    n = np.arange(length)[None, :]
    return 2 * np.cos(np.pi * (2 * n + 1) * k / (2 * length))


@lru_cache(maxsize=64)
def inverse_dct_matrix(length: int) -> np.ndarray:
    """(length, length): the exact inverse of `dct_matrix(length)`."""
    inverse = dct_matrix(length).T / (2 * length)
    inverse[:, 0] /= 2
    return inverse


@lru_cache(maxsize=64)
def compression_matrix(length: int, kept: int) -> np.ndarray:
    """(kept, length): to `kept` DCT coefficients, and back by the inverse of that length.

    A constant c comes out as c * length / kept; the published weights were trained with that gain.
    """
    return inverse_dct_matrix(kept) @ dct_matrix(length, kept)


@lru_cache(maxsize=64)
def interpolation_matrix(source: int, target: int) -> np.ndarray:
    """(target, source): linear interpolation with half-pixel centres, clamped at the ends."""
    place = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    left = np.minimum(place.astype(int), max(source - 2, 0))
    right = np.minimum(left + 1, source - 1)
    matrix = np.zeros((target, source))
    rows = np.arange(target)
    np.add.at(matrix, (rows, left), 1 - (place - left))
    np.add.at(matrix, (rows, right), place - left)
    return matrix


@lru_cache(maxsize=64)
def fourier_bases(length: int, kept: int) -> tuple[np.ndarray, np.ndarray]:
    """Forward and backward parts of the orthonormal real FFT, with real and imaginary stacked.

    Returns the (2, length // 2 + 1, length) transform and the (2, kept, length) inverse, which
    reads the first `kept` frequencies and takes the others as zero.
    """

    def waves(count: int) -> np.ndarray:  # (2, count, length): cos, -sin
        angle = 2 * np.pi * np.arange(count)[:, None] * np.arange(length)[None, :] / length
        return np.stack([np.cos(angle), -np.sin(angle)]) / np.sqrt(length)

    backward = waves(kept)
    k = np.arange(kept)
    # Every frequency but 0 and (of an even length) the last stands for its conjugate, too.
    backward *= np.where((k == 0) | (2 * k == length), 1.0, 2.0)[None, :, None]
    return waves(length // 2 + 1), backward


class FixedMatrix(nn.Module):
    """A constant linear map along the last but one axis: (..., n, D) to (..., m, D).

    The matrix is no weight: it is not saved, and keeps float32 when the network goes to half
    precision, so that what enters in float32 is mapped in float32.
    """

    matrix: Tensor

    def __init__(self, matrix: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("matrix", torch.from_numpy(matrix.astype(np.float32)), False)

    def _apply(self, fn, recurse=True):  # type: ignore[no-untyped-def]  # torch's own signature
        exact = self.matrix
        super()._apply(fn, recurse)
        if self.matrix.dtype != exact.dtype:
            self.matrix = exact.to(self.matrix.device)
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Apply it in the type of `x`."""
        return self.matrix.to(x.dtype) @ x
