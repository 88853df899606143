"""Settings as TOML: what `--config` reads, and what a run writes beside its result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from poselift.errors import PoseliftError
from poselift.reading import read_whole
from poselift.settings import Settings

_LONGEST = 1 << 20  # bytes; a file of settings has a few hundred


def read_config(path: Path) -> dict[str, Any]:
    """The names and values of a TOML file, as `Settings.from_mapping` takes them.

    A file that a run wrote beside its result also holds what the run found out, under `[run]`;
    that is passed over.
    """
    values = _read(path)
    values.pop("run", None)
    return values


def read_run(path: Path) -> dict[str, Any]:
    """What a run wrote under `[run]`; {} where there is no such file, or it is of another kind."""
    try:
        found = _read(path).get("run", {})
    except PoseliftError:
        return {}
    return found if isinstance(found, dict) else {}


def _read(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(read_whole(path, _LONGEST).decode("utf-8"))
    # Nested too deep for the parser is a RecursionError.
    except (ValueError, RecursionError) as error:
        raise PoseliftError(
            f"{path} is not a readable TOML file: {error}", "Correct the file."
        ) from error


def to_toml(settings: Settings, run: Mapping[str, Any]) -> str:
    """The settings of a run over a clip as TOML that `--config` takes, and under [run] its facts.

    >>> print(to_toml(Settings(), {"people": 2}).splitlines()[0])
    # How this result was made. To do it again: poselift video CLIP --config THIS
    """
    lines = ["# How this result was made. To do it again: poselift video CLIP --config THIS"]
    lines += [
        f"{name} = {_toml_value(value)}"
        for name, value in settings.as_dict("video").items()
        if value is not None
    ]
    lines += ["", "[run]"]
    lines += [f"{name} = {_toml_value(value)}" for name, value in run.items()]
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    import json

    # JSON's booleans, numbers, strings and lists are TOML's too.
    return json.dumps(value, ensure_ascii=False)
