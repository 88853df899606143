"""What the parsers of all commands share."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from poselift.errors import PoseliftError


class Parser(argparse.ArgumentParser):
    """Refuses a wrong command line as everything else is refused: two lines, exit 2."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, with the nearest option where one was misspelt."""
        hint = f"`{self.prog} --help` shows the options."
        if message.startswith("unrecognized arguments: "):
            word = message.removeprefix("unrecognized arguments: ").split()[0].split("=")[0]
            known = [name for action in self._actions for name in action.option_strings]
            close = difflib.get_close_matches(word, known, 1)
            hint = f"Did you mean {close[0]}? {hint}" if close else hint
        raise PoseliftError(message[:1].upper() + message[1:], hint)

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """What `words` say; files and options may come in any order."""
        if any(isinstance(action, argparse._SubParsersAction) for action in self._actions):
            return self.parse_args(words)
        return self.parse_intermixed_args(words)

    def settings(self) -> dict[str, str]:
        """What the options set, and the option: {"max_people": "--max-people"}.

        Those that switch something off are listed as {"cache=False": "--no-cache"}.
        """
        found: dict[str, str] = {}
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    found |= parser.settings()
            elif not isinstance(action, _OldName):
                off = "=False" if isinstance(action, argparse._StoreFalseAction) else ""
                found.update((f"{action.dest}{off}", name) for name in action.option_strings[:1])
        return found


class _OldName(argparse.Action):
    """An option's former name: does the same, and says what it is called now."""

    def __init__(self, *, now: argparse.Action, shown: str, **options: Any) -> None:
        super().__init__(**options)
        self._now, self._shown = now, shown

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        note(f"{option_string} is now {self._shown}; the old name goes away in the next version.")
        self._now(parser, namespace, values, option_string)


def old_name(parser: argparse.ArgumentParser, old: str, now: argparse.Action) -> None:
    """Let `parser` accept `old` for the option `now` for this version, with a note."""
    more: dict[str, Any] = {} if now.type is None else {"type": now.type}
    parser.add_argument(
        old,
        action=_OldName,
        now=now,
        shown=now.option_strings[0] if now.option_strings else f"the plain argument {now.metavar}",
        dest=now.dest,
        nargs=now.nargs if now.option_strings or now.nargs != "?" else None,
        choices=now.choices,
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
        **more,
    )


def add_settings(parser: Any, text: str) -> None:
    """`--set KEY=VALUE ...`, of which `dict(options.set)` is what was said."""
    parser.add_argument(
        "--set", nargs="+", action="extend", type=key_value, default=[], metavar="KEY=VALUE",
        help=text,
    )  # fmt: skip


def key_value(text: str) -> tuple[str, Any]:
    """One KEY=VALUE; the value as JSON where it is some, else as text.

    >>> key_value("frames=243"), key_value("kernels=[7, 7]"), key_value("data=h36m")
    (('frames', 243), ('kernels', (7, 7)), ('data', 'h36m'))
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise PoseliftError(f"{text!r} is not KEY=VALUE.", "For example --set frames=81 heads=8.")
    try:
        found = json.loads(value)
    except ValueError:
        found = value
    return key, tuple(found) if isinstance(found, list) else found


def note(line: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{line}\n")
