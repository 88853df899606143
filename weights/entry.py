"""What is known about one weight file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["lifter", "detector", "keypointer"]
Normalisation = Literal["screen", "crop", "ray"]
Units = Literal["metres", "screen"]

SHIPPED = "shipped"
LOCAL = "local"
_MANUAL = "manual:"


@dataclass(frozen=True)
class WeightsEntry:
    """One weight file: what it is for, where it comes from and how to know that it is whole.

    Attributes:
        name: what `weights.get` calls it.
        kind: which sort of part it is for.
        model: the part's name in its room's registry.
        file: the file's name, the same wherever it is kept; a whole path for a user's own file.
        licence: SPDX identifier, or words where there is none.
        source: an address to fetch from, "shipped", "local" (a user's own file), or "manual: ..."
            with what a person must do. From a ".zip" the model inside is taken.
        sha256: the whole digest, or the prefix that its publisher gives; "" where none is known.
            Of the unpacked file where `source` is a zip.
        settings: what the model must be created with.
        normalisation: which 2D normalisation the lifter wants, "screen", "crop" or "ray".
        conversion: which joint conversion it was trained with.
        note: one line for people.
        units: of a lifter's output, "metres" or "screen"; None where the model's default holds.
        fps: the rate that a lifter expects; None where it takes any.
        time_step: a lifter's windows take every n-th frame.
        is_pinned: `sha256` is that of the first file that was fetched here.
        is_default: whether `auto` takes this lifter before all others.
    """

    name: str
    kind: Kind
    model: str
    file: str
    licence: str
    source: str = SHIPPED
    sha256: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    normalisation: Normalisation | None = None
    conversion: str | None = None
    note: str = ""
    units: Units | None = None
    fps: float | None = None
    time_step: int = 1
    is_default: bool = False
    is_pinned: bool = False

    @property
    def is_fetchable(self) -> bool:
        """Whether `source` is an address."""
        return self.source.startswith(("https://", "http://"))

    @property
    def is_archive(self) -> bool:
        """Whether `source` is a zip with the file inside."""
        return self.source.endswith(".zip")

    @property
    def is_manual(self) -> bool:
        """Whether a person must fetch it, because its publisher's address gives no plain file."""
        return self.source.startswith(_MANUAL)

    @property
    def manual_steps(self) -> str:
        """What that person must do."""
        return self.source.removeprefix(_MANUAL).strip()
