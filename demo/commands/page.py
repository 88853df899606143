"""Make a browser page of saved results, one or two side by side.

examples:
  poselift page output/clip/clip.npz --clip clip.mp4
  poselift page poselift.npz sct.npz --clip clip.mp4
  poselift page monday.npz friday.npz --clip monday.mp4 friday.mp4 --out both.html
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from poselift.demo.parser import Parser
from poselift.errors import PoseliftError
from poselift.files import refuse_sources
from poselift.progress import Reporter


def add_options(parser: Parser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add(
        "results",
        nargs="+",
        type=Path,
        metavar="RESULT",
        help="one or two .npz files written by Poselift",
    )
    add("--clip", nargs="+", type=Path, default=[], metavar="CLIP",
        help="the video of each result; a single one is used for both")  # fmt: skip
    add("--out", type=Path, metavar="FILE",
        help="the .html to write (default: next to the first result)")  # fmt: skip
    add("--height", type=int, default=720, metavar="PX",
        help="maximum height of the clip in the page, in pixels (default: 720)")  # fmt: skip
    add("--no-audio", dest="audio", action="store_false", help="leave the sound out")


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Write the page and say where it is."""
    from poselift.api import load
    from poselift.clip_page import write_clip_page
    from poselift.saving import open_clip
    from poselift.settings import Settings

    paths: list[Path] = options.results
    clips: list[Path] = options.clip
    if len(paths) > 2 or len(clips) > len(paths):
        raise PoseliftError(
            f"A page shows one result or two with a clip each, not {len(paths)} with {len(clips)}.",
            "Make several pages.",
        )
    settings = Settings().changed(height=options.height, audio=options.audio)
    out = options.out or paths[0].with_name("-".join(path.stem for path in paths) + ".html")
    refuse_sources([out], [*paths, *clips])
    with ExitStack() as stack:
        results = []
        for number, path in enumerate(paths):
            motion = load(path)
            clip = None
            if number < len(clips):
                clip = stack.enter_context(open_clip(motion, clips[number]))
            results.append((motion, clip))
        for written in write_clip_page(results, out, settings, reporter):
            reporter.say(f"wrote {written}", file=str(written))
    return 0
