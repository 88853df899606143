"""Recording a weight file of the user's own, so that it can be asked for by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from poselift.errors import PoseliftError
from poselift.weights.entry import Kind, Normalisation, Units, WeightsEntry
from poselift.weights.integrity import sha256_of
from poselift.weights.registry import ENTRIES, current_name
from poselift.weights.user import write_user_entry

_MODELS: dict[str, Kind] = {
    "poseformerv2": "lifter",
    "sct": "lifter",
    "ftcm": "lifter",
    "convformer": "lifter",
    "poselift": "lifter",
    "poselift2": "lifter",
    "nanodet": "detector",
    "rtmdet": "detector",
    "yolo": "detector",
    "yolox": "detector",
    "blazepose": "keypointer",
    "hrnet": "keypointer",
    "mmpose": "keypointer",
    "movenet": "keypointer",
    "rtmo": "keypointer",
    "rtmpose": "keypointer",
}

#: Names that `--pose`, `--detector` and `--lifter` read as something else.
_TAKEN = ("auto", "none")


def add(
    file: str | Path,
    model: str,
    name: str = "",
    settings: Mapping[str, Any] | None = None,
    normalisation: Normalisation | None = None,
    conversion: str | None = None,
    units: Units | None = None,
    fps: float | None = None,
    licence: str = "not stated",
    note: str = "",
) -> WeightsEntry:
    """Record `file` where it lies, and its SHA-256; the file itself is not copied.

    Args:
        file: the weight file.
        model: what it is for: "sct", "hrnet" and so on.
        name: what to call it; "" for the file's name without its ending.
        settings: what the model is created with, where the file does not say it.
        normalisation: "screen", "crop" or "ray", for lifters.
        conversion: the joint conversion that a lifter was trained with.
        units: of a lifter's output, "metres" or "screen".
        fps: the rate that a lifter expects.
        licence: of the weights.
        note: one line for people.
    """
    path = Path(file).expanduser().resolve()
    if not path.is_file():
        raise PoseliftError(f"No such file: {file}", "Check the path.")
    if model not in _MODELS:
        raise PoseliftError(f"There is no model called {model!r}.", f"Known: {', '.join(_MODELS)}.")
    name = name or path.stem
    if name in _TAKEN or ":" in name or not name.strip():
        raise PoseliftError(f"Weights cannot be called {name!r}.", "Choose another: --name NAME.")
    known = ENTRIES.get(current_name(name))
    if known is not None and known.source != "local":
        raise PoseliftError(f"Weights called {name!r} come with Poselift.", "Choose another name.")
    added = WeightsEntry(
        name=name,
        kind=_MODELS[model],
        model=model,
        file=str(path),
        licence=licence,
        source="local",
        sha256=sha256_of(path),
        settings=dict(settings or {}),
        normalisation=normalisation,
        conversion=conversion,
        note=note,
        units=units,
        fps=fps,
    )
    write_user_entry(added)
    return added
