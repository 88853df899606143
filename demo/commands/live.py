"""Show people in 2D and 3D from a camera, or write them to a video or as JSON lines.

Keys: v view, space pause, s snapshot, q quit.

examples:
  poselift live
  poselift live 1 --people main --record live.mp4
  poselift live rtsp://camera.local/stream --lookahead 4
"""

from __future__ import annotations

import argparse

from poselift.demo.arguments import (
    add_command_options,
    add_settings_options,
    log_asked_for,
    settings_from,
)
from poselift.demo.logs import set_up_logging
from poselift.demo.parser import Parser, old_name
from poselift.progress import Reporter

__all__ = ["CAMERAS", "USAGE", "add_options", "log_asked_for", "run"]

USAGE = "[CAMERA] [options]"
CAMERAS = (
    "a number (default: the first), a path, an rtsp address, or a video file, which is played "
    "at its own rate"
)


def add_options(parser: Parser) -> None:
    """Add the command's options."""
    # Not `camera`: so is called the setting that tells what filmed a clip.
    camera = parser.add_argument(
        "filmed_by", nargs="?", default=argparse.SUPPRESS, metavar="CAMERA", help=CAMERAS
    )
    old_name(parser, "--webcam", camera)
    add_settings_options(parser, ["live"])
    add_command_options(parser)


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Show, record or print what the camera sees."""
    set_up_logging(options.debug)
    settings = settings_from(options, "live", reporter)
    from poselift.demo.live import run_live

    return run_live(getattr(options, "filmed_by", "0"), settings, reporter)
