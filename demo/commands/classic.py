"""Turn any video, camera or folder of videos into a 2D overlay and a moving 3D skeleton.

Results go to output/<clip>/. The other commands of `poselift` work too: give them as the first
word, as in `weights list`.

examples:
  poselift video clip.mp4
  poselift video clip.mp4 --people main --save mp4,gif,bvh
  poselift video clip.mp4 --start 12.5 --end 20 --view turntable
  poselift video folder/ --out results --save csv --log json
  poselift live 0
  poselift weights list
"""

from __future__ import annotations

import argparse

from poselift.demo.arguments import (
    add_command_options,
    add_settings_options,
    log_asked_for,
    settings_from,
)
from poselift.demo.commands import live, video
from poselift.demo.logs import set_up_logging
from poselift.demo.parser import Parser
from poselift.errors import PoseliftError
from poselift.options import Mode
from poselift.progress import Reporter

USAGE = "(--video CLIP ... | --webcam [CAMERA]) [options]"

__all__ = ["USAGE", "add_options", "log_asked_for", "run"]


def add_options(parser: Parser) -> None:
    """Add `--video`, `--webcam`, `--list` and the options of both."""
    group = parser.add_argument_group("input (one of the two)")
    group.add_argument(
        "--video", "--source", nargs="+", dest="video", metavar="CLIP", help=video.SOURCES
    )
    group.add_argument(
        "--webcam",
        nargs="?",
        const="0",
        metavar="CAMERA",
        help=f"live from a camera: {live.CAMERAS}",
    )
    add_settings_options(parser, ["video", "live"])
    add_command_options(parser)
    parser.add_argument("--list", action="store_true",
                        help="list the models and weights, and which are installed")  # fmt: skip


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """List, look at clips, or look at a camera."""
    if options.list:
        from poselift.demo.inventory import inventory

        print(inventory())
        return 0
    set_up_logging(options.debug)
    if options.video and options.webcam is not None:
        raise PoseliftError("Both --video and --webcam are given.", "Give one of them.")
    mode: Mode = "video" if options.webcam is None else "live"
    settings = settings_from(options, mode, reporter)
    if mode == "video":
        return video.run_clips(options.video or [], settings, reporter, options.debug)
    from poselift.demo.live import run_live

    return run_live(options.webcam, settings, reporter)
