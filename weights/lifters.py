"""The lifters that ship, trained here; add a line when one is trained.

A file lies in `weights/files`, its model card in `weights/cards`. The first with role "default" is
what `auto` takes, the first with role "live" what cameras take; otherwise best first.
"""

from __future__ import annotations

from weights.entry import WeightsEntry

TRAINED: tuple[WeightsEntry, ...] = ()
