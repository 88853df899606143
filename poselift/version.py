"""The version of Poselift that is installed."""

from __future__ import annotations

NOT_INSTALLED = "not installed"


def installed_version() -> str:
    """Its number, or `NOT_INSTALLED` where the code runs from a plain folder."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("poselift")
    except PackageNotFoundError:
        return NOT_INSTALLED
