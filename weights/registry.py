"""Every weight file that Poselift knows, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from poselift.errors import PoseliftError
from poselift.weights.entry import Kind, WeightsEntry
from poselift.weights.lifters import TRAINED
from poselift.weights.places import FILES, fetch_folder, locate
from poselift.weights.published import PUBLISHED
from poselift.weights.shipped import SHIPPED_MODELS
from poselift.weights.user import read_user_entries

__all__ = ["ENTRIES", "FILES", "Kind", "WeightsEntry", "available", "entry", "find", "get"]

_BUILT_IN = {known.name: known for known in (*TRAINED, *SHIPPED_MODELS, *PUBLISHED)}


class _Entries(Mapping[str, WeightsEntry]):
    """The entries that Poselift comes with, then those that the user added."""

    def __getitem__(self, name: str) -> WeightsEntry:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    @staticmethod
    def _all() -> dict[str, WeightsEntry]:
        return {**_BUILT_IN, **read_user_entries()}


ENTRIES: Mapping[str, WeightsEntry] = _Entries()


def entry(name: str) -> WeightsEntry:
    """The entry called `name`.

    >>> entry("movenet-thunder").model
    'movenet'
    """
    entries = dict(ENTRIES)
    if name not in entries:
        near = get_close_matches(name, entries, 1)
        raise PoseliftError(
            f"No weights are called {name!r}.",
            (f"Did you mean {near[0]!r}? " if near else "")
            + "`python -m weights list` shows the names.",
        )
    return entries[name]


def get(name: str) -> Path:
    """The path of the file of `name`, which must be on this machine; nothing is fetched.

    >>> get("movenet-thunder").name
    'movenet-thunder-heads-w8.onnx'
    """
    found = entry(name)
    path = locate(found.file)
    if path is None:
        raise PoseliftError(
            f"The weights {name!r} ({found.file}) are not on this machine.", how_to_get(found)
        )
    return path


def available(name: str) -> bool:
    """Whether the file of `name` is on this machine.

    >>> available("movenet-lightning")
    True
    """
    return locate(entry(name).file) is not None


def find(kind: Kind, model: str) -> list[WeightsEntry]:
    """The entries for a model, best first, whether or not their files are here.

    >>> [found.name for found in find("keypointer", "movenet")]
    ['movenet-thunder', 'movenet-lightning']
    """
    return [known for known in ENTRIES.values() if (known.kind, known.model) == (kind, model)]


def how_to_get(missing: WeightsEntry) -> str:
    """What a person must do to have the file of an entry, in a sentence."""
    if missing.is_manual:
        return (
            f"By hand, their publisher offers no plain download: {missing.manual_steps}; "
            f"then put it at {fetch_folder() / missing.file}"
        )
    if missing.source.startswith("http"):
        return f"Fetch them: python -m weights get {missing.name}"
    if missing.source == "local":
        return "The file was moved or deleted: put it back, or `python -m weights add` it again."
    return "They come with Poselift: install it again (or restore weights/files)."
