import numpy as np
import pytest
import scipy.fft
import torch
from torch.nn import functional as F

from poselift.lifter.models.ftcm import FrequencyFilter
from poselift.lifter.models.spectral import (
    FixedMatrix,
    compression_matrix,
    dct_matrix,
    interpolation_matrix,
    inverse_dct_matrix,
)


@pytest.mark.parametrize("length", [1, 2, 27, 243])
def test_cosine_transform_and_its_inverse(length: int) -> None:
    x = np.random.default_rng(0).normal(size=(length, 3))
    spectrum = scipy.fft.dct(x, axis=0)
    np.testing.assert_allclose(dct_matrix(length) @ x, spectrum, atol=1e-9)
    np.testing.assert_allclose(inverse_dct_matrix(length) @ spectrum, x, atol=1e-9)


def test_compression_keeps_the_published_gain() -> None:
    np.testing.assert_allclose(compression_matrix(243, 146) @ np.ones(243), 243 / 146, atol=1e-9)
    np.testing.assert_allclose(compression_matrix(9, 9), np.eye(9), atol=1e-9)


@pytest.mark.parametrize(("source", "target"), [(146, 243), (20, 243), (1, 5), (7, 7), (5, 3)])
def test_interpolation_is_torchs(source: int, target: int) -> None:
    x = torch.randn(1, 2, source, dtype=torch.float64)
    expected = F.interpolate(x, size=target, mode="linear")
    ours = interpolation_matrix(source, target) @ x[0].numpy().T
    np.testing.assert_allclose(ours.T, expected[0], atol=1e-12)


@pytest.mark.parametrize("frames", [9, 27, 28, 81, 351])
def test_frequency_filter_is_a_product_of_spectra(frames: int) -> None:
    filter_ = FrequencyFilter(frames)
    x = torch.randn(2, frames, 4)
    learned = torch.view_as_complex(filter_.spectrum.detach())
    spectrum = torch.fft.rfft(x, dim=1, norm="ortho")
    expected = torch.fft.irfft(learned @ spectrum, n=frames, dim=1, norm="ortho")
    torch.testing.assert_close(filter_(x).detach(), expected, atol=1e-5, rtol=1e-4)


def test_a_fixed_matrix_stays_exact_and_is_not_saved() -> None:
    layer = FixedMatrix(dct_matrix(27))
    exact = layer.matrix.clone()
    assert torch.equal(layer.bfloat16().float().matrix, exact)
    assert layer(torch.ones(27, 2, dtype=torch.bfloat16)).dtype == torch.bfloat16
    assert not layer.state_dict()
