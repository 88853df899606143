"""The metrics against cases that were worked out by hand."""

import numpy as np
import pytest

from poselift.errors import PoseliftError
from poselift.lifter import metrics

RIGHT_ANGLE = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], float)


@pytest.fixture
def truth() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(6, 17, 3))


def test_mpjpe_is_the_mean_distance() -> None:
    truth = np.zeros((1, 2, 3))
    predicted = np.array([[[3, 4, 0], [0, 0, 1]]])
    assert metrics.mpjpe(predicted, truth) == 3.0  # (5 + 1) / 2


def test_n_mpjpe_undoes_a_scale_and_only_a_scale() -> None:
    truth = np.array([[[1.0, 0, 0], [0, 1, 0]]])
    assert metrics.n_mpjpe(2 * truth, truth) == pytest.approx(0)
    # Best scale of (1,0),(1,0) to (1,0),(0,1) is 1/2: distances 1/2 and sqrt(1/4 + 1).
    predicted = np.array([[[1.0, 0, 0], [1, 0, 0]]])
    assert metrics.n_mpjpe(predicted, truth) == pytest.approx((0.5 + np.sqrt(1.25)) / 2)


def test_n_mpjpe_scales_each_frame_by_itself(truth: np.ndarray) -> None:
    factors = np.arange(1, 7)[:, None, None]
    assert metrics.n_mpjpe(truth * factors, truth) == pytest.approx(0, abs=1e-12)


def test_p_mpjpe_undoes_turn_scale_and_shift(truth: np.ndarray) -> None:
    predicted = 3 * truth @ RIGHT_ANGLE.T + [1, 2, 3]
    assert metrics.p_mpjpe(predicted, truth) == pytest.approx(0, abs=1e-12)
    assert metrics.mpjpe(predicted, truth) > 1


def test_p_mpjpe_of_three_points_by_hand() -> None:
    # Both are centred and on one line; truth -1, 0, 1 and prediction -1, .5, .5: the best scale is
    # 1.5/1.5 = 1, the distances 0, .5, .5.
    truth = np.array([[[-1.0, 0, 0], [0, 0, 0], [1, 0, 0]]])
    predicted = np.array([[[-1.0, 0, 0], [0.5, 0, 0], [0.5, 0, 0]]])
    assert metrics.p_mpjpe(predicted, truth) == pytest.approx(1 / 3)


def test_p_mpjpe_does_not_forgive_a_mirrored_body(truth: np.ndarray) -> None:
    assert metrics.p_mpjpe(truth * [-1, 1, 1], truth) > 0.3


def test_mpjve_is_the_mean_error_of_the_steps() -> None:
    truth = np.zeros((3, 1, 3))
    predicted = np.array([[[5.0, 0, 0]], [[6, 0, 0]], [[6, 3, 0]]])  # steps of 1 and 3
    assert metrics.mpjve(predicted, truth) == 2.0
    assert metrics.mpjve(truth + 7, truth) == 0.0


def test_pck_and_auc_by_hand() -> None:
    truth = np.zeros((1, 4, 3))
    predicted = np.zeros((1, 4, 3))
    predicted[0, :, 0] = [0.0, 0.0725, 0.149, 0.151]
    assert metrics.pck(predicted, truth) == 0.75
    assert metrics.pck(predicted, truth, threshold=0.1) == 0.5
    # Thresholds 0, .005 ... .15: error 0 is below 30 of 31, .0725 below .075 and on (16), .149
    # below .15 only, .151 below none.
    assert metrics.auc(predicted, truth) == pytest.approx((30 + 16 + 1 + 0) / 31 / 4)


def test_root_relative_puts_the_pelvis_at_the_origin(truth: np.ndarray) -> None:
    moved = metrics.root_relative(truth + np.array([1, 2, 3]))
    assert np.allclose(moved[:, 0], 0)
    assert np.allclose(moved, metrics.root_relative(truth))


@pytest.mark.parametrize("shape", [(6, 16, 3), (5, 17, 3), (6, 17, 2)])
def test_shapes_that_differ_are_refused(truth: np.ndarray, shape: tuple[int, ...]) -> None:
    with pytest.raises(PoseliftError, match=r"got \(6, 17, 3\) and"):
        metrics.mpjpe(truth, np.zeros(shape))


def test_a_velocity_needs_two_frames() -> None:
    with pytest.raises(PoseliftError, match="two frames"):
        metrics.mpjve(np.zeros((1, 17, 3)), np.zeros((1, 17, 3)))


def test_a_collapsed_prediction_is_measured_not_divided_by_zero() -> None:
    truth = np.random.default_rng(0).normal(size=(2, 17, 3))
    for metric in (metrics.n_mpjpe, metrics.p_mpjpe):
        assert np.isfinite(metric(np.zeros_like(truth), truth))
