"""The command `poselift`: its first word chooses what is done."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from poselift.demo.parser import Parser, spoken
from poselift.errors import PoseliftError

#: Each command and its line in the help; `poselift.demo.commands.NAME` does it.
COMMANDS = {
    "lift": "2D poses of a file to 3D",
    "train": "train a lifter",
    "evaluate": "measure how good lifters are",
    "inspect": "draw what a lifter's attention looks at",
    "data": "make motion capture sets to train on",
    "weights": "list, fetch, check and add weight files",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    # Before torch is loaded: threads that spin while they wait for each other make lifting thirty
    # times slower on a machine that has other work too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return _run(words)
    except PoseliftError as error:
        sys.stderr.write(spoken(error.message, error.hint))
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130


def _run(words: list[str]) -> int:
    name = words[0] if words else "--help"
    if name not in COMMANDS:
        top = Parser(prog="poselift", epilog=_overview())
        top.parse_args(words or ["--help"])
        raise PoseliftError(f"There is no command {name!r}.", f"There are {', '.join(COMMANDS)}.")
    command = import_module(f"poselift.demo.commands.{name}")
    parser = Parser(prog=f"poselift {name}", description=command.__doc__)
    command.add_options(parser)
    code: int = command.run(parser.parse_args(words[1:]))
    return code


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {what}" for name, what in COMMANDS.items()]
    return "\n".join(["commands:", *lines, "", "`poselift COMMAND --help` shows its options."])


if __name__ == "__main__":
    raise SystemExit(main())
