"""Parts of installed packages: found through the entry points `poselift.parts`."""

from __future__ import annotations

import logging
from functools import cache

_GROUP = "poselift.parts"
_log = logging.getLogger(__name__)


@cache
def load_plugins() -> None:
    """Call every function that installed packages name under `poselift.parts`, once.

    Each makes its parts known with `poselift.register`. One that fails is told and left out:
    somebody else's broken package must not stop what does not need it.
    """
    from importlib.metadata import entry_points

    for found in entry_points(group=_GROUP):
        try:
            found.load()()
        except Exception as error:
            _log.warning(
                "The plugin %s (%s) could not be loaded: %r", found.name, found.value, error
            )
