"""Which device to compute on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poselift.errors import PoseliftError

if TYPE_CHECKING:
    import torch


def resolve_device(name: str = "auto") -> torch.device:
    """The torch device for `auto`, `cpu`, `cuda`, `cuda:1` or `mps`; `auto` takes the best here.

    >>> resolve_device("cpu").type
    'cpu'
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise PoseliftError(
            f"Unknown device {name!r}.", "Use auto, cpu, cuda, cuda:1 or mps."
        ) from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise PoseliftError(
            f"The device {name!r} is not here: torch sees {count} CUDA device(s).",
            "Use --device auto or --device cpu.",
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise PoseliftError("The device 'mps' is not here.", "Use --device auto or --device cpu.")
    return device
