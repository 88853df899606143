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


@pytest.mark.parametrize(("faster", "half"), [(True, torch.bfloat16), (False, None)])
def test_half_precision_is_for_processors_that_gain_by_it(
    monkeypatch: pytest.MonkeyPatch, faster: bool, half: torch.dtype | None
) -> None:
    monkeypatch.setattr(optim, "half_is_faster", lambda: faster)
    assert half_precision(CPU) is half
    assert half_precision(torch.device("cuda")) is torch.bfloat16


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
