"""Parts by name: choosing one, and making it."""

from __future__ import annotations

import difflib
import glob
import importlib
import inspect
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from poselift import weights
from poselift.detectors.protocols import Keypointer, PersonDetector
from poselift.detectors.table import (
    ALIASES,
    ALLOWED_RATIO,
    AUTO_DETECTORS,
    AUTO_KEYPOINTERS,
    BUDGET,
    DETECTORS,
    KEYPOINTERS,
    REFERENCE,
    Kind,
    Part,
)
from poselift.errors import PoseliftError
from poselift.plugins import load_plugins
from poselift.weights.unpack import pipeline_path

log = logging.getLogger(__name__)


def names() -> dict[str, list[str]]:
    """The names that can be asked for.

    >>> names()["detector"][:2]
    ['nanodet', 'blazepose']
    """
    load_plugins()
    return {"detector": list(DETECTORS), "keypointer": list(KEYPOINTERS)}


def add_part(
    kind: str, name: str, make: Callable[..., Any], note: str = "", finds_people: bool = False
) -> None:
    """Make a detector or keypointer known by a name; one that is taken is refused."""
    parts = DETECTORS if kind == "detector" else KEYPOINTERS
    if name in parts or name in ALIASES or name == "auto" or ":" in name:
        raise PoseliftError(f"A {kind} cannot be called {name!r}.", "Give it another name.")
    parts[name] = Part(make, note, finds_people=finds_people)


def is_here(part: Part) -> bool:
    """Whether all weight files of a part are on this machine."""
    return all(weights.available(name) for name in part.weights)


def part_of(kind: Kind, name: str) -> Part | None:
    """The part called `name` (without a file), one of ours or weights that the user added."""
    parts = _parts(kind)
    name = ALIASES.get(name, name)
    if name in parts:
        return parts[name]
    known = weights.ENTRIES.get(name)
    if known is None or known.name in weights.BUILT_IN:
        return None
    base = parts.get(ALIASES.get(known.model, known.model))
    if base is None:
        return None
    return replace(
        base,
        note=f"your own {known.model}",
        weights=(name,),
        needs_file=False,
        options={**base.options, **known.settings},
        is_added=True,
    )


def finds_people(name: str) -> bool:
    """Whether a keypointer, as `choose_keypointer` names it, needs no detector."""
    part = part_of("keypointer", name.partition(":")[0])
    return part is not None and part.finds_people


def choose_detector(name: str = "auto", device: str = "auto") -> tuple[str, str]:
    """The detector that `name` stands for on this device, and one line that says why."""
    return _choose("detector", name, AUTO_DETECTORS, device)


def choose_keypointer(name: str = "auto", device: str = "auto") -> tuple[str, str]:
    """The keypointer that `name` stands for on this device, and one line that says why.

    >>> choose_keypointer("movenet")[0]
    'thunder'
    """
    return _choose("keypointer", name, AUTO_KEYPOINTERS, device)


def files_of_detector(name: str = "auto") -> list[Path]:
    """The files that a detector is made of, here and now.

    >>> [file.name for file in files_of_detector("nanodet")]
    ['nanodet-g-416-w8.onnx']
    """
    return _files_of("detector", choose_detector(name)[0])


def files_of_keypointer(name: str = "auto") -> list[Path]:
    """The files that a keypointer is made of, here and now."""
    return _files_of("keypointer", choose_keypointer(name)[0])


def options_of(kind: Kind, name: str) -> str:
    """What a part is made with besides its files, as one text."""
    part = part_of(kind, name.partition(":")[0])
    return "" if part is None else json.dumps(dict(part.options), sort_keys=True, default=str)


def load_detector(name: str = "auto", device: str = "auto", **options: Any) -> PersonDetector:
    """Make a person detector.

    Args:
        name: "auto", one of `names()["detector"]`, the name of weights that `poselift weights add`
            recorded, or NAME:FILE for a file of your own.
        device: auto, cpu, cuda, cuda:1 or mps.
        options: passed on to the part, for example `threshold=0.25`.
    """
    chosen, why = choose_detector(name, device)
    log.info("detector: %s (%s)", chosen, why)
    part: PersonDetector = _make("detector", chosen, device, options)
    return part


def load_keypointer(name: str = "auto", device: str = "auto", **options: Any) -> Keypointer:
    """Make a keypointer; `name`, `device` and `options` as for `load_detector`."""
    chosen, why = choose_keypointer(name, device)
    log.info("keypointer: %s (%s)", chosen, why)
    part: Keypointer = _make("keypointer", chosen, device, options)
    return part


def milliseconds(kind: Kind, name: str, device: str = "auto", again: bool = False) -> float:
    """What a part takes for one picture with one person on this machine.

    It is measured at the first call, which loads the part, and remembered; `again` measures anew.
    """
    from poselift.detectors import timing

    files = [weights.get(file) for file in _parts(kind)[name].weights]
    known = None if again else timing.remembered(name, files, device)
    if known is not None:
        return known
    return timing.measure(name, files, device, lambda: _make(kind, name, device, {}))


def _parts(kind: Kind) -> dict[str, Part]:
    return DETECTORS if kind == "detector" else KEYPOINTERS


def _choose(kind: Kind, name: str, best: tuple[str, ...], device: str) -> tuple[str, str]:
    if name == "auto":
        return _best(kind, best, device)
    plain, colon, file = name.partition(":")
    plain = ALIASES.get(plain, plain)
    if part_of(kind, plain) is None:
        load_plugins()
    if part_of(kind, plain) is None:
        raise _unknown(kind, plain, name)
    return plain + colon + file, "as asked"


def _best(kind: Kind, best: tuple[str, ...], device: str) -> tuple[str, str]:
    """The best part that is here and fits the machine; those that ship always do."""
    parts = _parts(kind)
    here = [name for name in best if is_here(parts[name])]
    too_slow = ""
    for name in here:
        if parts[name].ships or name == here[-1]:
            return name, "the best whose weights are on this machine" + too_slow
        try:
            needs, most = _cost(kind, name, device)
        except PoseliftError as error:
            log.warning("%s is on this machine but cannot be used: %s", name, error.message)
            continue
        if needs <= most:
            return name, f"the best on this machine that is quick enough: {needs:.0f} ms" + too_slow
        too_slow += f"; {name} takes {needs:.0f} ms, more than {most:.0f}"
    raise PoseliftError(
        f"No weights of any {kind} are on this machine.",
        f"Fetch some: poselift weights get {parts[best[0]].weights[0]}",
    )


def _cost(kind: Kind, name: str, device: str) -> tuple[float, float]:
    """What a part takes, and what `auto` allows; both timed together, if they were not before."""
    from poselift.detectors import timing

    files = [weights.get(file) for file in _parts(kind)[name].weights]
    is_new = timing.remembered(name, files, device) is None
    needs = milliseconds(kind, name, device)
    reference = milliseconds(kind, REFERENCE[kind], device, again=is_new)
    return needs, max(BUDGET[kind], ALLOWED_RATIO * reference)


def _unknown(kind: Kind, plain: str, name: str) -> PoseliftError:
    parts = _parts(kind)
    known = weights.ENTRIES.get(plain)
    if known is not None:
        return PoseliftError(
            f"{plain!r} is the name of weights for {known.model}, which is not a {kind}.",
            f"Known: auto, {', '.join(parts)}.",
        )
    near = difflib.get_close_matches(plain, [*parts, *ALIASES, *weights.ENTRIES], 1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return PoseliftError(
        f"There is no {kind} called {name!r}.", f"{hint}Known: auto, {', '.join(parts)}."
    )


def _make(kind: Kind, name: str, device: str, options: Mapping[str, Any]) -> Any:
    _files_of(kind, name)  # says what is missing before anything is imported
    plain, _, file = name.partition(":")
    part = part_of(kind, plain)
    if part is None:
        raise _unknown(kind, plain, name)
    made_with = {**part.options, **options, "device": device}
    if file:
        made_with["file"] = file
    elif part.is_added:
        made_with["file"] = weights.get(plain)
    maker = part.make
    if isinstance(maker, str):
        module, _, thing = maker.partition(":")
        maker = getattr(importlib.import_module(module), thing)
    if part.is_added:
        _check_settings(plain, maker, made_with)
    return maker(**made_with)


def _check_settings(name: str, maker: Callable[..., Any], made_with: Mapping[str, Any]) -> None:
    """Refuse settings of added weights that the part does not take."""
    takes = inspect.signature(maker).parameters
    unknown = [key for key in made_with if key not in takes]
    if unknown:
        raise PoseliftError(
            f"The weights {name!r} were added with a setting that their model does not have: "
            f"{', '.join(unknown)}.",
            f"Add them again; it has {', '.join(key for key in takes if key != 'file')}.",
        )


def _files_of(kind: Kind, name: str) -> list[Path]:
    """The files that a part reads; a `PoseliftError` where one is missing."""
    plain, _, file = name.partition(":")
    part = part_of(kind, plain)
    if part is None:
        raise _unknown(kind, plain, name)
    if file:
        path = Path(file)
        if not path.exists():
            raise PoseliftError(f"No such file: {file}", "Check the path of the weights.")
        # ONNX keeps large weights in files beside it: model.onnx.data, model.onnx_data.
        begins = f"{glob.escape(path.name)}*"
        beside = [
            p for pattern in (begins, part.beside) if pattern for p in path.parent.glob(pattern)
        ]
        return [path, *sorted({p for p in beside if p.is_file()} - {path})]
    if part.needs_file:
        raise PoseliftError(
            f"{plain} needs a file of weights.", f"Name it: {plain}:PATH, for example {plain}:FILE."
        )
    _require(plain, part, _parts(kind))
    files = [weights.get(weight) for weight in part.weights]
    return [*files, *(p for p in map(pipeline_path, files) if p.is_file())]


def _require(name: str, part: Part, parts: Mapping[str, Part]) -> None:
    """Say which file is missing, how to get it, and what works meanwhile."""
    for file in part.weights:
        try:
            weights.get(file)
        except PoseliftError as error:
            others = [other for other, its in parts.items() if its.weights and is_here(its)]
            meanwhile = f" Here meanwhile: {', '.join(others)}." if others else ""
            hint = error.hint.rstrip(".") + "." + meanwhile
            raise PoseliftError(f"{name}: {error.message}", hint) from error
