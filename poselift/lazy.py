"""Names that a package offers without importing what they need before they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any


def lazy(
    package: str, homes: Mapping[str, str], modules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` for a package.

    Args:
        package: its name.
        homes: each name that it offers and the module that the name is in.
        modules: modules of its own that it offers as attributes.

    >>> get, names = lazy("here", {"Track": "poselift.types"})
    >>> get("Track").__name__, names()
    ('Track', ['Track'])
    """
    own = frozenset(modules)

    def get(name: str) -> Any:
        if name in homes:
            return getattr(import_module(homes[name]), name)
        if name in own:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*homes, *own})

    return get, names
