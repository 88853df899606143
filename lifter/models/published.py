"""Load a checkpoint that the authors' code wrote, or say exactly why it does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from poselift.errors import PoseliftError
from poselift.lifter.models.base import LifterNet, Shapes
from poselift.lifter.models.ftcm import Refine
from poselift.lifter.models.registry import MODELS
from poselift.lifter.models.storage import refuse_no_numbers
from poselift.weights.checkpoint import find_state_dict, read_checkpoint

_NAMED = 20  # of each kind of misfit in a message


def load_published(net: LifterNet | Refine, path: str | Path) -> None:
    """Fill `net` from a checkpoint of its authors' code, in any layout that code writes.

    Every tensor of the file must be used, or be known to be unused, and every weight of `net`
    filled; otherwise nothing is changed and a `PoseliftError` names each misfit and the settings
    that the file seems to be for. Nothing in the file is executed.
    """
    path = Path(path)
    theirs = fold_weight_norm(find_state_dict(read_checkpoint(path), path.name))
    theirs = {k: v for k, v in theirs.items() if not re.search(net.published_unused, k)}
    ours = {
        net.published_name(key): value
        for key, value in net.state_dict().items()
        if not (net.published_apart and key.startswith(net.published_apart))
    }
    misfits = _misfits(theirs, ours)
    if misfits:
        raise PoseliftError(
            f"{path.name} does not fit {net.name} with {_write(net.settings)}: "
            + "; ".join(misfits),
            _advice({key: tuple(value.shape) for key, value in theirs.items()}),
        )
    refuse_no_numbers({key: theirs[key] for key in ours}, path.name)
    with torch.no_grad():
        for key, value in ours.items():
            value.copy_(theirs[key])


def fold_weight_norm(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace each direction and length of a weight normalisation by the weight itself."""
    folded = dict(tensors)
    for length_name, direction_name in (
        ("weight_g", "weight_v"),
        ("parametrizations.weight.original0", "parametrizations.weight.original1"),
    ):
        for key in tensors:
            stem = key.removesuffix(length_name)
            if stem == key or stem + direction_name not in tensors:
                continue
            length, direction = tensors[key].double(), tensors[stem + direction_name].double()
            axes = tuple(range(1, direction.ndim))
            if length.shape != (len(direction),) + (1,) * len(axes) or not axes:
                continue  # stays as it is, and is reported as unexpected
            norm = torch.linalg.vector_norm(direction, dim=axes, keepdim=True)
            folded[stem + "weight"] = (direction * (length / norm)).float()
            del folded[key], folded[stem + direction_name]
    return folded


def guess(shapes: Shapes) -> tuple[type[LifterNet] | type[Refine], Mapping[str, Any]] | None:
    """The model, and its settings as far as shapes show them, that a published file is for."""
    kinds: Sequence[type[LifterNet] | type[Refine]] = (*MODELS.values(), Refine)
    for kind in kinds:
        try:
            settings = kind.guess_settings(shapes)
        except (IndexError, ZeroDivisionError):  # the right names with shapes that no model has
            continue
        if settings is not None:
            return kind, settings
    return None


def _misfits(theirs: Mapping[str, Tensor], ours: Mapping[str, Tensor]) -> list[str]:
    missing = [key for key in ours if key not in theirs]
    unexpected = [key for key in theirs if key not in ours]
    shaped = [
        f"{key} (file {tuple(theirs[key].shape)}, here {tuple(value.shape)})"
        for key, value in ours.items()
        if key in theirs and theirs[key].shape != value.shape
    ]
    kinds = {"missing from the file": missing, "unexpected in it": unexpected, "shapes": shaped}
    return [f"{kind}: {_list(found)}" for kind, found in kinds.items() if found]


def _list(found: list[str]) -> str:
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more


def _write(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in settings.items())


def _advice(shapes: Shapes) -> str:
    guessed = guess(shapes)
    if guessed is None:
        return "The file does not look like a checkpoint of any lifter here."
    kind, settings = guessed
    name = kind.name
    hidden = getattr(kind, "hidden_settings", ())
    unseen = f" ({', '.join(hidden)} do not show in a file)" if hidden else ""
    return f"The file seems to be for {name} with {_write(settings)}{unseen}."
