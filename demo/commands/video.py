"""Turn videos into 2D overlays and moving 3D skeletons. Results go to output/<clip>/.

examples:
  poselift video clip.mp4
  poselift video clip.mp4 --people main --save mp4,gif,bvh
  poselift video clip.mp4 --start 12.5 --end 20 --view turntable
  poselift video folder/ --out results --save csv --log json
  poselift video "frames/%05d.png" --fps 25
  poselift video clip.mp4 --lifter poseformerv2 --checkpoint 27_243_45.2.bin
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from poselift.demo.arguments import (
    add_command_options,
    add_settings_options,
    log_asked_for,
    settings_from,
)
from poselift.demo.logs import set_up_logging
from poselift.demo.parser import Parser, old_name
from poselift.errors import PoseliftError
from poselift.progress import Reporter
from poselift.settings import Settings

__all__ = ["SOURCES", "USAGE", "add_options", "log_asked_for", "run", "run_clips"]

USAGE = "CLIP ... [options]"
SOURCES = (
    "a video file, a folder of videos or of pictures, an http or rtsp address, or a picture "
    "sequence such as frames/%%05d.png; several are processed one after the other"
)


def add_options(parser: Parser) -> None:
    """Add the command's options."""
    clips = parser.add_argument(
        "clips", nargs="*", default=argparse.SUPPRESS, metavar="CLIP", help=SOURCES
    )
    old_name(parser, "--video", clips)
    add_settings_options(parser, ["video"])
    add_command_options(parser)


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Process all clips."""
    set_up_logging(options.debug)
    settings = settings_from(options, "video", reporter)
    return run_clips(getattr(options, "clips", []), settings, reporter, options.debug)


def run_clips(
    sources: Sequence[str], settings: Settings, reporter: Reporter, debug: bool = False
) -> int:
    """Every source in turn. One that fails is reported and does not stop the others."""
    if not sources:
        raise PoseliftError(
            "Nothing to look at.",
            "Give a clip, for example `poselift video sample_videos/two_people.mp4`.",
        )
    from poselift.media import expand_sources
    from poselift.pipeline import Pipeline

    clips = expand_sources(list(sources))
    pipeline = Pipeline(settings, reporter=reporter)
    pipeline.check(clips)
    failed = 0
    for number, clip in enumerate(clips, 1):
        if len(clips) > 1:
            reporter.say(f"[{number}/{len(clips)}] {clip}", clip=str(clip))
        try:
            pipeline.process(clip)
        except PoseliftError as error:
            if debug or len(clips) == 1:
                raise
            reporter.problem(f"{clip}: {error.message}", error.hint)
            failed += 1
    if failed:
        reporter.say(f"{failed} of {len(clips)} clips failed.", failed=failed)
    return 2 if failed else 0
