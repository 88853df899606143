"""The command `poselift`: its first word chooses what is done."""

from __future__ import annotations

import difflib
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from poselift.demo.console import reporter, reporter_of_problems
from poselift.demo.parser import Parser
from poselift.demo.process import Ended, ending_by_signals, problem_of, sturdy_output
from poselift.demo.typed import Typed, program
from poselift.errors import PoseliftError

#: Each command and its line in the help; `poselift.demo.commands.NAME` does it.
COMMANDS = {
    "video": "turn videos into 2D overlays and 3D skeletons",
    "batch": "the same for thousands of videos, on one machine or many",
    "live": "the same live from a camera",
    "lift": "lift 2D poses from a file to 3D",
    "serve": "live and clips in a browser",
    "play": "send a saved result to other programs",
    "page": "make a browser page of saved results, one or two side by side",
    "train": "train a lifter",
    "evaluate": "measure how accurate lifters are",
    "inspect": "draw a lifter's attention maps",
    "data": "make motion capture sets for training",
    "weights": "list, fetch, check and add weight files",
}
#: `demo/vis.py` and its options `--video` and `--webcam` instead of a command's name.
CLASSIC = "classic"


def main(arguments: Sequence[str] | None = None, *, classic: bool = False) -> int:
    """Run the command; returns its exit code. `classic`: it was started as `demo/vis.py`."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # Before torch is loaded: threads that spin while they wait for each other make lifting thirty
    # times slower on a machine that has other work too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    started = "python demo/vis.py" if classic and arguments is not None else program()
    with sturdy_output():
        try:
            with ending_by_signals():
                return _do(words, started, classic)
        except Ended as end:
            sys.stderr.write(f"ended by {signal.Signals(end.number).name}\n")
            return 128 + end.number
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            return 130


def _do(words: list[str], started: str, classic: bool) -> int:
    try:
        if not classic and (not words or words[0] in ("-h", "--help", "--version")):
            sys.stdout.write(_version() if "--version" in words else _help(started))
            return 0
        return _run(words, started, classic)
    except PoseliftError as error:
        reporter_of_problems("text", Typed(started).spoken).problem(error.message, error.hint)
        return 2


def _run(words: list[str], started: str, classic: bool) -> int:
    name = CLASSIC if words[:1] == [] or words[0].startswith("-") else words.pop(0)
    if name not in (*COMMANDS, CLASSIC):
        raise _no_such_command(name)
    command = import_module(f"poselift.demo.commands.{name}")
    typed = Typed(started)
    shown = started if name == CLASSIC else typed.command(name)
    usage = f"%(prog)s {command.USAGE}" if hasattr(command, "USAGE") else None
    about, _, examples = typed.spoken(command.__doc__ or "").partition("\nexamples:")
    epilog = f"examples:{examples}" if examples else None
    parser = Parser(prog=shown, usage=usage, description=about, epilog=epilog)
    command.add_options(parser)
    typed = Typed(started, parser.settings())
    problems = reporter_of_problems("text", typed.spoken)
    debug = False
    try:
        log = command.log_asked_for(words) if hasattr(command, "log_asked_for") else "text"
        problems = reporter_of_problems(log, typed.spoken)
        options = parser.read(words)
        debug = getattr(options, "debug", False)
        code: int = command.run(options, reporter(log, typed.spoken))
    except PoseliftError as error:
        if debug:
            raise
        problems.problem(error.message, error.hint)
        return 2
    except (OSError, MemoryError) as error:
        if debug:
            raise
        told = problem_of(error)
        problems.problem(told.message, told.hint)
        return 2
    return code


def _no_such_command(word: str) -> PoseliftError:
    close = difflib.get_close_matches(word, COMMANDS, 1)
    meant = f"Did you mean {close[0]}?" if close else f"There are {', '.join(COMMANDS)}."
    return PoseliftError(f"There is no command {word!r}.", f"{meant} `poselift video CLIP` ...")


def _help(started: str) -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {what}" for name, what in COMMANDS.items()]
    return "\n".join([
        f"usage: {started} COMMAND ...",
        "",
        "Turn any video, camera or folder of videos into a 2D overlay and a moving 3D skeleton.",
        "",
        "commands:",
        *lines,
        "",
        f"{started} COMMAND --help  shows a command's options and examples",
        f"{started} --list          lists models and weights, and which are installed",
        f"{started} --version       shows the version",
        "",
    ])  # fmt: skip


def _version() -> str:
    from poselift.version import NOT_INSTALLED, installed_version

    version = installed_version()
    return f"poselift, {version}\n" if version == NOT_INSTALLED else f"poselift {version}\n"
