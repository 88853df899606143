"""The options of `poselift video` and `poselift live`, made from the fields of `Settings`."""

from __future__ import annotations

import argparse
import dataclasses
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from poselift.config import read_config
from poselift.demo.console import LOGS
from poselift.demo.parser import Parser, note, old_name
from poselift.errors import PoseliftError
from poselift.options import Mode, Option, check, option_of
from poselift.progress import Reporter
from poselift.settings import RENAMED, Settings, live_defaults, used_by

_CONFIG = "a configuration file"


def add_settings_options(parser: Parser, modes: Sequence[Mode]) -> None:
    """Add an option for every setting; those that none of `modes` uses are not shown in the help.

    They are taken all the same, so that they can be refused with a reason.
    """
    types = typing.get_type_hints(Settings)
    groups: dict[str, Any] = {}
    actions = {}
    for field in dataclasses.fields(Settings):
        option = option_of(field)
        if option.group not in groups:
            groups[option.group] = parser.add_argument_group(option.group)
        shown = bool(set(modes) & set(option.modes))
        text = _help(field, option, modes) if shown else argparse.SUPPRESS
        where = groups[option.group] if shown else parser
        actions[field.name] = where.add_argument(
            *_names(field),
            dest=field.name,
            default=argparse.SUPPRESS,
            help=text,
            **_kind(types[field.name], field, option),
        )
    for old, now in RENAMED.items():
        old_name(parser, f"--{old}", actions[now])


def add_command_options(parser: Parser) -> None:
    """Add what is about the command itself: `--config`, `--log`, `--debug`."""
    group = parser.add_argument_group("other")
    group.add_argument("--config", type=Path, metavar="FILE",
                       help="TOML file with the options' names as keys")  # fmt: skip
    group.add_argument("--log", choices=LOGS, default=None,
                       help="how to report; json: one object per line (default: text)")  # fmt: skip
    group.add_argument("--debug", action="store_true", help="tracebacks and detailed logging")


def log_asked_for(words: Sequence[str]) -> str:
    """What `--log` or the config's `log` says, before anything else can go wrong."""
    early = Parser(add_help=False)
    early.add_argument("--config", type=Path)
    early.add_argument("--log", choices=LOGS)
    known, _ = early.parse_known_args(list(words))
    if known.log is not None:
        return str(known.log)
    found = read_config(known.config).get("log", "text") if known.config else "text"
    check("log", found, Option("", "", choices=LOGS))
    return str(found)


def settings_from(options: argparse.Namespace, mode: Mode, reporter: Reporter) -> Settings:
    """The settings of the config and the options; options win."""
    typed = {name: value for name, value in vars(options).items() if name in _FIELDS}
    for name in typed:
        _refuse_ignored(name, mode)
    config = _current_names(read_config(options.config)) if options.config else {}
    config.pop("log", None)
    settings = Settings.from_mapping({**live_defaults(mode), **config}, str(options.config))
    ignored = [
        name
        for name, value in Settings().as_dict().items()
        if name in config and name not in used_by(mode) and settings.as_dict()[name] != value
    ]
    if ignored:
        reporter.say(f"{options.config}: not used by `poselift {mode}`: {', '.join(ignored)}")
    return settings.changed(**typed)


_FIELDS = {field.name: field for field in dataclasses.fields(Settings)}


def _refuse_ignored(name: str, mode: Mode) -> None:
    option = option_of(_FIELDS[name])
    if mode not in option.modes:
        shown = _names(_FIELDS[name])[0]
        other = " and ".join(f"`poselift {one}`" for one in option.modes)
        raise PoseliftError(f"{shown} is for {other} only.", option.instead or "Leave it out.")


def _current_names(config: dict[str, Any]) -> dict[str, Any]:
    """The values of a config under the names that settings have now."""
    out = {}
    for name, value in config.items():
        now = RENAMED.get(name, name)
        if now != name:
            note(
                f"{name!r} in a config is now {now!r}; the old name goes away in the next version."
            )
        out[now.replace("-", "_")] = value
    return out


def _names(field: dataclasses.Field[Any]) -> tuple[str, ...]:
    name = field.name.replace("_", "-")
    return (f"--no-{name}",) if field.default is True else (f"--{name}",)


def _kind(expected: Any, field: dataclasses.Field[Any], option: Option) -> dict[str, Any]:
    """How argparse takes the value. Choices are checked by `Settings`, which knows near misses."""
    if isinstance(field.default, bool):
        return {"action": "store_false" if field.default else "store_true"}
    kinds = [kind for kind in (int, float) if kind in (typing.get_args(expected) or (expected,))]
    choices = ",".join(option.choices)
    metavar = option.metavar or f"{{{choices}}}"
    return {"metavar": metavar, **({"type": kinds[0]} if kinds else {})}


def _help(field: dataclasses.Field[Any], option: Option, modes: Sequence[Mode]) -> str:
    default = field.default
    if list(modes) == ["live"] and option.live is not None:
        default = option.live
    if default in (None, "") or isinstance(default, bool):
        return option.help.replace("%", "%%")
    shown = ",".join(default) if isinstance(default, tuple) else f"{default}"
    shown = shown.removesuffix(".0") if isinstance(default, float) else shown
    return f"{option.help} (default: {shown})".replace("%", "%%")
