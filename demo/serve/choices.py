"""What a browser may choose from: the parts that are on this machine."""

from __future__ import annotations

from typing import Any

from poselift import weights
from poselift.detectors.registry import is_here
from poselift.detectors.table import KEYPOINTERS
from poselift.lifter import loading
from poselift.plugins import load_plugins
from poselift.settings import Settings


def choices(settings: Settings) -> dict[str, Any]:
    """Names to choose by setting, and those that the server begins with.

    >>> choices(Settings())["pose"][0]
    'auto'
    """
    load_plugins()
    ours = [n for n, part in KEYPOINTERS.items() if not part.needs_file and is_here(part)]
    added = [
        entry.name
        for entry in weights.ENTRIES.values()
        if entry.name not in weights.BUILT_IN
        and entry.kind == "keypointer"
        and weights.available(entry.name)
    ]
    return {
        "pose": ["auto", *ours, *added],
        "lifter": ["auto", *loading.available(), *loading.OWN],
        "begin": {"pose": settings.pose, "lifter": settings.lifter},
    }
