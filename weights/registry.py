"""Every weight file that Poselift knows, by name."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from poselift.errors import PoseliftError
from poselift.weights.entry import Kind, WeightsEntry
from poselift.weights.lifters import SUCCESSORS, TRAINED
from poselift.weights.places import FILES, fetch_folder, locate
from poselift.weights.published import PUBLISHED
from poselift.weights.shipped import SHIPPED_MODELS
from poselift.weights.user import read_pins, read_user_entries, user_registry

__all__ = [
    "BUILT_IN",
    "ENTRIES",
    "FILES",
    "Kind",
    "WeightsEntry",
    "available",
    "current_name",
    "entry",
    "find",
    "get",
]

#: The entries that Poselift comes with.
BUILT_IN = {known.name: known for known in (*TRAINED, *SHIPPED_MODELS, *PUBLISHED)}


class _Entries(Mapping[str, WeightsEntry]):
    """The entries that Poselift comes with, then those that the user added."""

    def __getitem__(self, name: str) -> WeightsEntry:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    # The inherited ones would read the user's registry once for each entry.
    def items(self) -> ItemsView[str, WeightsEntry]:
        return self._all().items()

    def values(self) -> ValuesView[WeightsEntry]:
        return self._all().values()

    @staticmethod
    def _all() -> dict[str, WeightsEntry]:
        own, pins = read_user_entries(), read_pins()
        files = {known.file for known in BUILT_IN.values()}
        for known in own.values():
            if known.name in BUILT_IN or known.file in files:
                raise PoseliftError(
                    f"{user_registry()} uses the name or file of weights that Poselift knows: "
                    f"{known.name!r}.",
                    "Delete that entry and add the file again under another name.",
                )
        return {name: _pinned(known, pins) for name, known in {**BUILT_IN, **own}.items()}


def _pinned(known: WeightsEntry, pins: Mapping[str, str]) -> WeightsEntry:
    """With the digest of the first file fetched, unless its publisher gives a whole one."""
    pin = pins.get(known.name)
    if pin is None or len(known.sha256) == 64 or not pin.startswith(known.sha256):
        return known
    return replace(known, sha256=pin, is_pinned=True)


ENTRIES: Mapping[str, WeightsEntry] = _Entries()


def current_name(name: str) -> str:
    """The name of the weights that took the place of those that were once called `name`.

    >>> current_name("sct-27"), current_name("movenet-thunder")
    ('sct-2', 'movenet-thunder')
    """
    return SUCCESSORS.get(name, name)


def entry(name: str) -> WeightsEntry:
    """The entry called `name`, now or formerly.

    >>> entry("movenet-thunder").model
    'movenet'
    """
    entries, name = dict(ENTRIES.items()), current_name(name)
    if name not in entries:
        near = get_close_matches(name, entries, 1)
        raise PoseliftError(
            f"No weights are called {name!r}.",
            (f"Did you mean {near[0]!r}? " if near else "")
            + "`poselift weights list` shows the names.",
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
    ['movenet-thunder', 'movenet-lightning', 'movenet-thunder-8bit']
    """
    return [known for known in ENTRIES.values() if (known.kind, known.model) == (kind, model)]


def how_to_get(missing: WeightsEntry) -> str:
    """What a person must do to have the file of an entry, in a sentence."""
    if missing.is_manual:
        return (
            f"They cannot be fetched by a command: {missing.manual_steps}; "
            f"then put it at {fetch_folder() / missing.file}"
        )
    if missing.is_fetchable:
        return f"Fetch them: `poselift weights get {missing.name}`"
    if missing.source == "local":
        return "The file was moved or deleted: put it back, or `poselift weights add` it again."
    return "They come with Poselift: install it again (or restore weights/files)."
