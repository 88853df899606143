"""`python -m poselift.lifter.inspect attention`: what a lifter's attention looks at, as a picture.

python -m poselift.lifter.inspect attention --lifter poselift-27 --input poses.npz --frame 40
python -m poselift.lifter.inspect attention --weights run/ema.safetensors --input poses.npz
python -m poselift.lifter.inspect attention --lifter sct --input poses.npz --block space_time.0
python -m poselift.lifter.inspect attention --lifter sct --input poses.npz --list
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poselift.errors import PoseliftError

if TYPE_CHECKING:
    from poselift.lifter.attention import AttentionMap
    from poselift.lifter.npz import Poses2D
    from poselift.types import Track

_MOST_PANELS = 64  # that are drawn without being asked for


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    text: dict[str, Any] = {
        "description": __doc__,
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }
    out = argparse.ArgumentParser(prog="python -m poselift.lifter.inspect", **text)
    commands = out.add_subparsers(dest="command", required=True, metavar="attention")
    attention = commands.add_parser("attention", help="attention maps of a frame's window", **text)
    net = attention.add_argument_group("network")
    net.add_argument("--lifter", default="auto", help="a name of `python -m weights list`, a model")
    net.add_argument("--weights", type=Path, metavar="FILE", help="a weight file of your own")
    net.add_argument("--normalisation", choices=["screen", "crop"], help="if the file is silent")
    clip = attention.add_argument_group("what it looks at")
    clip.add_argument(
        "--input",
        type=Path,
        required=True,
        metavar="NPZ",
        help="2D poses as for `python -m lifter`, or what the demo saved of a video (--save npz)",
    )
    clip.add_argument("--frame", type=int, help="the frame's number (default: the middle one)")
    clip.add_argument("--person", type=int, metavar="ID", help="(default: the first in the frame)")
    clip.add_argument("--joints", default="h36m17", help="h36m17 (default), coco17, blazepose33")
    clip.add_argument("--size", type=int, nargs=2, metavar=("W", "H"), help="the picture's pixels")
    clip.add_argument("--fps", type=float, help="frames a second (default: the file's, else 30)")
    result = attention.add_argument_group("result")
    result.add_argument(
        "--out",
        type=Path,
        default=Path("attention.png"),
        metavar="FILE",
        help="the picture: .png (default: attention.png), .svg, .pdf",
    )
    result.add_argument("--list", action="store_true", help="name the blocks, draw nothing")
    result.add_argument("--block", nargs="+", default=[], metavar="NAME", help="only these blocks")
    result.add_argument(
        "--heads",
        choices=["each", "mean"],
        help=f"default: each; the mean where that were more than {_MOST_PANELS} maps",
    )
    result.add_argument("--joint", metavar="NAME", help="sct: of this joint, not of their mean")
    return out


def inspect_attention(options: argparse.Namespace) -> str:
    """Do what the options say; what is to be said about it."""
    from poselift import lifter
    from poselift.lifter import attention, attention_figure, npz

    poses = npz.read_poses(options.input, options.joints)
    track, frame = _choose(poses, options.person, options.frame)
    lift = lifter.load(
        options.lifter,
        checkpoint=options.weights,
        normalisation=options.normalisation,
        device="cpu",
    )
    fps = options.fps or poses.fps or 30.0
    window = lift.window(track, frame, image_size=poses.picture(options.size), fps=fps)
    maps = attention.attention_maps(lift.net, window, options.joint)
    if options.list:
        return "\n".join(map(_line, maps))
    maps = _heads(attention.select(maps, options.block), options.heads)
    who = f"person {track.id}, " if len(poses.tracks) > 1 else ""
    unseen = "" if window.seen else " (not seen, interpolated)"
    net = lift.name if lift.net.name in lift.name else f"{lift.name} ({lift.net.name})"
    title = f"{net}: {options.input.name}, {who}frame {frame}{unseen}"
    figure = attention_figure.draw(maps, window.xy, title)
    return str(attention_figure.save(figure, options.out))


def _choose(poses: Poses2D, person: int | None, frame: int | None) -> tuple[Track, int]:
    """Whom and which frame the options mean."""
    tracks = [track for track in poses.tracks if person in (None, track.id)]
    if not tracks:
        ids = ", ".join(str(track.id) for track in poses.tracks)
        raise PoseliftError(f"There is no person {person} in the file.", f"There are {ids}.")
    if frame is None:
        return tracks[0], int(tracks[0].frames[len(tracks[0]) // 2])
    there = [track for track in tracks if track.frames[0] <= frame <= track.frames[-1]]
    if not there:
        spans = [f"{one.frames[0]} to {one.frames[-1]} (person {one.id})" for one in tracks]
        raise PoseliftError(f"Nobody is in frame {frame}.", f"There are frames {', '.join(spans)}.")
    return there[0], frame


def _heads(maps: Sequence[AttentionMap], wanted: str | None) -> list[AttentionMap]:
    panels = sum(len(one.shares) for one in maps)
    if wanted == "each" or (wanted is None and panels <= _MOST_PANELS):
        return list(maps)
    if wanted is None:
        logging.getLogger(__name__).info(
            "%d maps are many: the mean of each block's heads is drawn. --heads each, or fewer "
            "blocks by --block, shows them apart.",
            panels,
        )
    return [one.mean() for one in maps]


def _line(one: AttentionMap) -> str:
    heads, tokens, _ = one.shares.shape
    return f"{one.block:24}{heads} heads over {tokens} {one.over}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        said = inspect_attention(options)
    except PoseliftError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 2
    sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
