"""Every weight file that Poselift knows: what it is, where it is, how to get it."""

from poselift.errors import PoseliftError
from poselift.weights.entry import WeightsEntry
from poselift.weights.registry import (
    BUILT_IN,
    ENTRIES,
    available,
    current_name,
    entry,
    find,
    get,
)

__all__ = [
    "BUILT_IN",
    "ENTRIES",
    "PoseliftError",
    "WeightsEntry",
    "available",
    "current_name",
    "entry",
    "find",
    "get",
]
