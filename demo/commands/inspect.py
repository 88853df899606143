"""Draw a lifter's attention maps.

examples:
  poselift inspect poses.npz --lifter poselift-27 --frame 40
  poselift inspect poses.npz --checkpoint run/ema.safetensors
  poselift inspect poses.npz --lifter sct --block space_time.0
  poselift inspect poses.npz --lifter sct --list
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from poselift.demo.parser import note, old_name
from poselift.errors import PoseliftError
from poselift.files import refuse_sources
from poselift.progress import Reporter

if TYPE_CHECKING:
    from poselift.lifter.attention import AttentionMap
    from poselift.poses2d import Poses2D
    from poselift.types import Track

_MOST_PANELS = 64  # that are drawn without being asked for


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    # Optional to the parser alone: `--input FILE` may stand for it.
    poses = parser.add_argument(
        "poses",
        nargs="?",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="POSES",
        help="2D poses (.npz), as for `poselift lift` or saved from a video (--save npz)",
    )
    old_name(parser, "--input", poses)
    net = parser.add_argument_group("network")
    net.add_argument("--lifter", default="auto", metavar="NAME",
                     help="a name from `poselift weights list`, or a model")  # fmt: skip
    checkpoint = net.add_argument("--checkpoint", type=Path, metavar="FILE",
                                  help="your own weights")  # fmt: skip
    old_name(parser, "--weights", checkpoint)
    net.add_argument(
        "--normalisation", choices=["screen", "crop", "ray"], help="if the file does not say"
    )
    clip = parser.add_argument_group("input")
    clip.add_argument("--frame", type=int, help="the frame's number (default: the middle one)")
    clip.add_argument(
        "--person", type=int, metavar="ID", help="whom to show (default: the first in the frame)"
    )
    clip.add_argument("--joints", default="h36m17", help="h36m17 (default), coco17, blazepose33")
    clip.add_argument("--size", type=int, nargs=2, metavar=("W", "H"), help="size of the picture")
    clip.add_argument("--fps", type=float, help="frames per second (default: the file's, else 30)")
    result = parser.add_argument_group("result")
    result.add_argument(
        "--out",
        type=Path,
        default=Path("attention.png"),
        metavar="FILE",
        help="the figure to write: .png, .svg or .pdf (default: attention.png)",
    )
    result.add_argument("--list", action="store_true", help="list the blocks and draw nothing")
    result.add_argument(
        "--block", nargs="+", default=[], metavar="NAME", help="draw only these blocks"
    )
    result.add_argument(
        "--heads",
        choices=["each", "mean"],
        help=f"a map for each head, or their mean (default: each, up to {_MOST_PANELS} maps)",
    )
    result.add_argument(
        "--joint", metavar="NAME", help="sct: this joint instead of the mean of all"
    )


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Draw the picture and print where it is."""
    from poselift import lifter, npz
    from poselift.lifter import attention, attention_figure

    if "poses" not in options:
        raise PoseliftError("No poses were given.", "For example `poselift inspect poses.npz`.")
    refuse_sources([options.out], [path for path in (options.poses, options.checkpoint) if path])
    poses = npz.read_poses(options.poses, options.joints)
    track, frame = _choose(poses, options.person, options.frame)
    lift = lifter.load(
        options.lifter,
        checkpoint=options.checkpoint,
        normalisation=options.normalisation,
        device="cpu",
    )
    fps = options.fps or poses.fps or 30.0
    window = lift.window(track, frame, image_size=poses.picture(options.size), fps=fps)
    maps = attention.attention_maps(lift.net, window, options.joint)
    if options.list:
        print("\n".join(map(_line, maps)))
        return 0
    maps = _heads(attention.select(maps, options.block), options.heads)
    who = f"person {track.id}, " if len(poses.tracks) > 1 else ""
    unseen = "" if window.seen else " (not seen, interpolated)"
    net = lift.name if lift.net.name in lift.name else f"{lift.name} ({lift.net.name})"
    title = f"{net}: {options.poses.name}, {who}frame {frame}{unseen}"
    figure = attention_figure.draw(maps, window.xy, title)
    print(attention_figure.save(figure, options.out))
    return 0


def _choose(poses: Poses2D, person: int | None, frame: int | None) -> tuple[Track, int]:
    """Whom and which frame the options mean."""
    tracks = [track for track in poses.tracks if person in (None, track.id)]
    if not tracks:
        ids = ", ".join(str(track.id) for track in poses.tracks)
        raise PoseliftError(
            f"There is no person {person} in the file.", f"People in the file: {ids}."
        )
    if frame is None:
        return tracks[0], int(tracks[0].frames[len(tracks[0]) // 2])
    there = [track for track in tracks if track.frames[0] <= frame <= track.frames[-1]]
    if not there:
        spans = [f"{one.frames[0]} to {one.frames[-1]} (person {one.id})" for one in tracks]
        raise PoseliftError(f"Nobody is in frame {frame}.", f"Frames: {', '.join(spans)}.")
    return there[0], frame


def _heads(maps: Sequence[AttentionMap], wanted: str | None) -> list[AttentionMap]:
    panels = sum(len(one.shares) for one in maps)
    if wanted == "each" or (wanted is None and panels <= _MOST_PANELS):
        return list(maps)
    if wanted is None:
        note(
            f"{panels} maps are too many to draw, so each block's heads are averaged. Use --heads "
            "each, or choose fewer blocks with --block, to see them separately."
        )
    return [one.mean() for one in maps]


def _line(one: AttentionMap) -> str:
    heads, tokens, _ = one.shares.shape
    return f"{one.block:24}{heads} heads over {tokens} {one.over}"
