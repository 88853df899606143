"""Our own weight files: safetensors, with what is needed to make the network in its header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from poselift.errors import PoseliftError
from poselift.files import atomic_path
from poselift.lifter.models.base import LifterNet
from poselift.lifter.models.registry import create
from poselift.reading import FIXED, damage_told, opened, refuse_bombs

_FORMAT = "poselift-lifter-1"
_LARGEST, _MOST_LAYERS = 8192, 256
_LAYERS = ("depth", "blocks", "layers")  # in the names of settings that count such


@dataclass(frozen=True)
class StoredNet:
    """What a weight file says about itself.

    Attributes:
        model: the name for `models.create`.
        settings: the settings for `models.create`.
        extra: what the writer added, such as the 2D normalisation, as strings.
    """

    model: str
    settings: dict[str, Any]
    extra: dict[str, str]


def save(
    net: LifterNet,
    path: str | Path,
    extra: Mapping[str, str] | None = None,
    dtype: torch.dtype | None = None,
) -> Path:
    """Write weights and settings; `dtype=torch.float16` halves the file.

    `extra` goes into the header and comes back from `read_header`. The file gets its name when it
    is whole.
    """
    from safetensors.torch import save_file

    path = Path(path)
    tensors = {}
    for key, value in net.state_dict().items():
        wanted = dtype if dtype is not None and value.is_floating_point() else value.dtype
        tensors[key] = value.detach().to("cpu", wanted).contiguous()
    metadata = {
        **(extra or {}),
        "format": _FORMAT,
        "model": net.name,
        "settings": json.dumps(net.settings),
    }
    with atomic_path(path) as part:
        save_file(tensors, part, metadata)
    return path


def read_header(path: str | Path) -> StoredNet:
    """What a weight file is for, without reading the weights."""
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    with opened(path):  # a plain file, or it says why not
        pass
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise PoseliftError(
            f"{path.name} is not a complete safetensors file ({error}).",
            "A checkpoint of the authors' code is read by models.load_published.",
        ) from error
    if metadata.pop("format", None) != _FORMAT:
        raise PoseliftError(
            f"{path.name} is a safetensors file, but not one of Poselift's lifters.",
            "models.save writes them.",
        )
    try:
        model, settings = metadata.pop("model"), json.loads(metadata.pop("settings"))
    except (KeyError, ValueError, RecursionError) as error:
        raise PoseliftError(
            f"The header of {path.name} is damaged.", "Download it again."
        ) from error
    return StoredNet(model, settings, metadata)


def load(path: str | Path, device: str | torch.device = "cpu") -> LifterNet:
    """The network of a file that `save` wrote, in float32 and ready for inference."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    header = read_header(path)
    with damage_told(path, "a file of Poselift's lifters", "Download it again."):
        _refuse_wild(header.settings)
        # Made without memory first: a header may ask for any size.
        with torch.device("meta"):
            needed = sum(
                one.numel() for one in create(header.model, **header.settings).parameters()
            )
        refuse_bombs(path, 4 * needed, 4 * Path(path).stat().st_size + FIXED)
        net = create(header.model, **header.settings)
    try:
        tensors = load_file(path)
        net.load_state_dict(tensors)
    except (RuntimeError, SafetensorError, OSError) as error:
        raise PoseliftError(
            f"The tensors of {Path(path).name} do not fit its own settings.", "Download it again."
        ) from error
    refuse_no_numbers(tensors, Path(path).name)
    return net.to(device).eval()


def _refuse_wild(settings: Any) -> None:
    """ValueError for settings that no network of ours has; each costs time and memory."""
    if not isinstance(settings, dict):
        raise ValueError("its settings are no table")
    for name, value in settings.items():
        many = value if isinstance(value, list | tuple) else [value]
        most = _MOST_LAYERS if any(word in name for word in _LAYERS) else _LARGEST
        for one in many:
            plain = one is None or isinstance(one, bool | str)
            if not plain and not (isinstance(one, int | float) and abs(one) <= most):
                raise ValueError(f"its setting {name} is {str(value)[:60]}")
        if len(many) > _MOST_LAYERS:
            raise ValueError(f"its setting {name} has {len(many)} values")


def refuse_no_numbers(tensors: Mapping[str, torch.Tensor], file: str) -> None:
    """A `PoseliftError` for weights that are not finite: they would lift to nothing."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise PoseliftError(
                f"The weights {name} of {file} hold what is no number.",
                "The file is damaged, or its training failed: get another.",
            )
