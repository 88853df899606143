import torch

from poselift.lifter.models.layers import DotProduct


def test_attention_in_bfloat16_is_that_in_float32() -> None:
    rng = torch.Generator().manual_seed(0)
    query, key, value = torch.randn((3, 4, 2, 9, 16), generator=rng)
    exact = DotProduct()(query, key, value)
    with torch.autocast("cpu", torch.bfloat16):
        half = DotProduct()(query.bfloat16(), key.bfloat16(), value.bfloat16())
    assert half.dtype is torch.bfloat16
    assert torch.allclose(half.float(), exact, atol=0.03)
