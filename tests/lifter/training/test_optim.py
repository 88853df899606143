import torch

from poselift.lifter.training.optim import Muon, orthogonal

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
