"""Every weight file that Poselift knows: what it is, where it is, how to get it."""

from weights.errors import PoseliftError
from weights.registry import ENTRIES, WeightsEntry, entry, get

__all__ = ["ENTRIES", "PoseliftError", "WeightsEntry", "entry", "get"]
