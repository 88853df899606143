import pytest
import torch

from poselift.lifter.training import optim
from poselift.lifter.training.optim import Muon, half_precision, orthogonal

CPU = torch.device("cpu")


def test_orthogonal_evens_out_a_matrix() -> None:
    matrix = torch.randn(24, 40, generator=torch.Generator().manual_seed(0))
    sizes = torch.linalg.svdvals(orthogonal(matrix))
    assert sizes.min() > 0.3
    assert sizes.max() < 1.4


def test_muon_finds_a_minimum() -> None:
    torch.manual_seed(0)
    goal, weight = torch.randn(16, 16), torch.nn.Parameter(torch.zeros(16, 16))
    optimizer = Muon([weight], lr=0.1, decay=0.0)
    for _ in range(40):
        optimizer.zero_grad()
        ((weight - goal) ** 2).mean().backward()
        optimizer.step()
    assert float(((weight.detach() - goal) ** 2).mean()) < 0.3 * float((goal**2).mean())


@pytest.mark.parametrize(
    ("has_instructions", "seconds", "half"),
    [(True, 0.5, torch.bfloat16), (True, 2.0, None), (False, 0.5, None)],
)
def test_half_precision_is_for_processors_that_gain_by_it(
    monkeypatch: pytest.MonkeyPatch,
    has_instructions: bool,
    seconds: float,
    half: torch.dtype | None,
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_instructions)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    taken = {torch.bfloat16: seconds, torch.float32: 1.0}
    monkeypatch.setattr(optim, "_seconds_to_multiply", taken.__getitem__)
    optim._bfloat16_is_faster.cache_clear()
    try:
        assert half_precision(CPU) is half
    finally:
        optim._bfloat16_is_faster.cache_clear()
    assert half_precision(torch.device("cuda")) is torch.bfloat16


def test_the_trial_multiplies_in_either_precision() -> None:
    assert optim._seconds_to_multiply(torch.bfloat16) > 0
    assert optim._seconds_to_multiply(torch.float32) > 0


@pytest.mark.parametrize("half", [torch.bfloat16, None])
def test_orthogonal_keeps_the_dtype(
    monkeypatch: pytest.MonkeyPatch, half: torch.dtype | None
) -> None:
    monkeypatch.setattr(optim, "half_precision", lambda device: half)
    matrix = torch.randn(40, 24, generator=torch.Generator().manual_seed(0))
    straight = orthogonal(matrix)
    assert straight.dtype is torch.float32
    sizes = torch.linalg.svdvals(straight)
    assert sizes.min() > 0.3
    assert sizes.max() < 1.4
