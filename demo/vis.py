#!/usr/bin/env python3
"""The front door: `python demo/vis.py --video clip.mp4`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    # Run as a script, Python looks for modules in demo/; ours are named from the folder above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from poselift.demo.arguments import parser, split
from poselift.demo.cli import COMMANDS
from poselift.demo.cli import main as run_command
from poselift.demo.modes import MODE_DEFAULTS, Mode, refuse_ignored
from poselift.errors import PoseliftError
from poselift.settings import Settings, read_config

if TYPE_CHECKING:
    from poselift.progress import Reporter


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    # Before torch is loaded: threads that spin while they wait for each other make lifting thirty
    # times slower on a machine that has other work too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if words and words[0] in COMMANDS:
        return run_command(words)
    debug = "--debug" in words
    try:
        given, command = split(parser().parse_args(words))
        return _run(given, command)
    except PoseliftError as error:
        if debug:
            raise
        from poselift.demo.console import reporter

        kind = "json" if "json" in words or "--log=json" in words else "quiet"
        reporter(kind).problem(error.message, error.hint)
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130


def _run(given: dict[str, Any], command: dict[str, Any]) -> int:
    if command["list"]:
        from poselift.demo.inventory import inventory

        print(inventory())
        return 0
    _set_up_logging(command["debug"])
    mode: Mode = "live" if command["webcam"] is not None else "video"
    refuse_ignored(given, mode)
    config = read_config(Path(command["config"])) if command["config"] else {}
    values = {**MODE_DEFAULTS[mode], **config, **given}
    settings = Settings.from_mapping(values, "the command line or its --config")
    from poselift.demo.console import reporter

    telling = reporter(command["log"])
    if command["webcam"] is not None:
        if command["video"]:
            raise PoseliftError("Both --video and --webcam are given.", "Give one of them.")
        from poselift.demo.live import run_live

        return run_live(command["webcam"], settings, telling)
    if not command["video"]:
        raise PoseliftError(
            "Nothing to look at.",
            "Give --video FILE or --webcam, for example "
            "`python demo/vis.py --video sample_videos/two_people.mp4`.",
        )
    return _run_all(command["video"], settings, telling, command["debug"])


def _run_all(sources: list[str], settings: Settings, telling: Reporter, debug: bool) -> int:
    """Every source in turn. One that fails is told and does not stop the others."""
    from poselift.media import expand_sources
    from poselift.pipeline import Pipeline

    clips = expand_sources(sources)
    pipeline = Pipeline(settings, reporter=telling)
    failed = 0
    for number, clip in enumerate(clips, 1):
        if len(clips) > 1:
            telling.say(f"[{number}/{len(clips)}] {clip}", clip=str(clip))
        try:
            pipeline.process(clip)
        except PoseliftError as error:
            if debug or len(clips) == 1:
                raise
            telling.problem(f"{clip}: {error.message}", error.hint)
            failed += 1
    if failed:
        telling.say(f"{failed} of {len(clips)} clips failed.", failed=failed)
    return 2 if failed else 0


def _set_up_logging(debug: bool) -> None:
    import logging

    logging.basicConfig(
        level=logging.DEBUG if debug else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    if debug:
        for chatty in ("matplotlib", "PIL", "libav"):
            logging.getLogger(chatty).setLevel(logging.INFO)


if __name__ == "__main__":
    raise SystemExit(main())
