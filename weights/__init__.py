"""Every weight file that Poselift knows: what it is, where it is, how to get it."""

from weights.entry import WeightsEntry
from weights.errors import PoseliftError
from weights.registry import ENTRIES, available, entry, find, get

__all__ = ["ENTRIES", "PoseliftError", "WeightsEntry", "available", "entry", "find", "get"]
