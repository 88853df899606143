"""The command line of `demo/vis.py`: its options, grouped, with their defaults and examples."""

from __future__ import annotations

import argparse
import difflib
from typing import Any, NoReturn

from poselift.drawing.views import LAYOUTS, VIEWS
from poselift.errors import PoseliftError
from poselift.settings import FORMATS, QUALITIES, SMOOTHING, UPRIGHT, Settings

EXAMPLES = """\
examples:
  python demo/vis.py --video clip.mp4
  python demo/vis.py --video clip.mp4 --people main --save mp4,gif,bvh
  python demo/vis.py --video clip.mp4 --start 12.5 --end 20 --view turntable
  python demo/vis.py --video folder/ --out results --save csv --log json
  python demo/vis.py --video "frames/%05d.png" --fps 25
  python demo/vis.py --video clip.mp4 --lifter poseformerv2 --weights 27_243_45.2.bin
  python demo/vis.py --webcam 0
  python demo/vis.py --list
"""


class Parser(argparse.ArgumentParser):
    """Refuses a wrong command line as everything else is refused: two lines, exit 2."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, with the nearest option where one was misspelt."""
        hint = "`python demo/vis.py --help` shows the options."
        if message.startswith("unrecognized arguments: "):
            word = message.removeprefix("unrecognized arguments: ").split()[0].split("=")[0]
            known = [name for action in self._actions for name in action.option_strings]
            close = difflib.get_close_matches(word, known, 1)
            hint = f"Did you mean {close[0]}? {hint}" if close else hint
        raise PoseliftError(message[:1].upper() + message[1:], hint)


def parser() -> Parser:
    """The parser; an option that was not given is not in what it returns."""
    top = Parser(
        prog="demo/vis.py",
        description="Any video, camera or folder of videos into a 2D overlay and a moving 3D "
        "skeleton. Results go to output/<clip>/.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    _add_input(top)
    _add_parts(top)
    _add_people(top)
    _add_output(top)
    _add_live(top)
    _add_other(top)
    return top


def _add_input(top: Parser) -> None:
    group = top.add_argument_group("what to look at (one of the first two)")
    group.add_argument(
        "--video", "--source", nargs="+", dest="video", metavar="SOURCE",
        help="a video file, a folder of videos or of pictures, an http or rtsp address, or a "
        "picture sequence such as frames/%%05d.png; several are done one after the other",
    )  # fmt: skip
    group.add_argument(
        "--webcam", nargs="?", const="0", metavar="CAMERA",
        help="live from a camera: its number (default: the first), a path, an rtsp address, or a "
        "video file, which is then fed at its own rate",
    )  # fmt: skip
    group.add_argument("--start", type=float, metavar="S", help="begin at this second")
    group.add_argument("--end", type=float, metavar="S", help="end before this second")
    group.add_argument(
        "--fps", type=float, help=f"rate of a picture sequence (default: {Settings.fps:g})"
    )


def _add_parts(top: Parser) -> None:
    group = top.add_argument_group("parts (`--list` shows which are here)")
    group.add_argument(
        "--lifter", metavar="NAME",
        help="2D to 3D: a weights name or a model (poseformerv2, sct, ftcm, convformer, ...); "
        "default: the best whose weights are here",
    )  # fmt: skip
    group.add_argument(
        "--weights", metavar="FILE",
        help="a checkpoint of your own or of the authors for --lifter",
    )  # fmt: skip
    group.add_argument(
        "--detector", metavar="NAME", help="person detector; yolo:FILE and such take a file"
    )
    group.add_argument(
        "--pose",
        metavar="NAME",
        help="2D keypointer: thunder, lightning, hrnet, yolo:FILE, or precomputed:FILE for joints "
        "that you have already (npz, AlphaPose, OpenPose or COCO JSON)",
    )
    group.add_argument(
        "--device", help="auto, cpu, cuda, cuda:1 or mps (default: auto, the best here)"
    )
    group.add_argument(
        "--every", metavar="K",
        help="look for people every K frames and follow their joints in between (default: auto)",
    )  # fmt: skip
    group.add_argument(
        "--no-mirror", dest="mirror", action="store_false",
        help="lift once, without averaging with the mirrored input: faster, less steady",
    )  # fmt: skip


def _add_people(top: Parser) -> None:
    group = top.add_argument_group("people and motion")
    group.add_argument(
        "--people", metavar="WHO",
        help="all, main (who is seen longest and largest), a person's number, or X,Y@FRAME: who is "
        "at this pixel of this frame (default: all)",
    )  # fmt: skip
    group.add_argument(
        "--max-people", type=int, dest="max_people", metavar="N",
        help=f"at most this many (default: {Settings.max_people}, the largest and longest)",
    )  # fmt: skip
    group.add_argument(
        "--smooth", choices=SMOOTHING, help="smooth the 2D joints before lifting (default: auto)"
    )
    group.add_argument(
        "--upright", choices=UPRIGHT,
        help="how camera space is turned upright: from the motion (auto, default), as if the "
        "camera were level, or by the one Human3.6M camera of the published demos (h36m)",
    )  # fmt: skip
    group.add_argument(
        "--no-place", dest="place", action="store_false",
        help="leave everybody on the spot instead of estimating their path through the room",
    )  # fmt: skip
    group.add_argument(
        "--field-of-view", type=float, dest="field_of_view", metavar="DEG",
        help="of the camera along the longer side of the picture, assumed for the path "
        f"(default: {Settings.field_of_view:g})",
    )  # fmt: skip


def _add_output(top: Parser) -> None:
    group = top.add_argument_group("what to write")
    group.add_argument("--out", metavar="DIR", help=f"default: {Settings.out}/")
    group.add_argument(
        "--save", metavar="LIST",
        help=f"comma-separated, of {', '.join(FORMATS)} (default: mp4,npz)",
    )  # fmt: skip
    group.add_argument("--view", choices=VIEWS, help=f"of the 3D panel (default: {Settings.view})")
    group.add_argument(
        "--layout", choices=LAYOUTS,
        help="video beside 3D (side, default), the video with the overlay alone, or 3D alone",
    )  # fmt: skip
    group.add_argument(
        "--height", type=int, metavar="PX", help=f"of the picture (default: {Settings.height})"
    )
    group.add_argument(
        "--quality", choices=QUALITIES, help=f"of the MP4 (default: {Settings.quality})"
    )
    group.add_argument("--no-audio", dest="audio", action="store_false", help="leave the sound out")
    group.add_argument(
        "--report", action="store_true", help="also a page with curves and key poses (PNG, PDF)"
    )
    group.add_argument(
        "--no-cache", dest="cache", action="store_false",
        help="do not keep the 2D tracks beside the result, and do not use those that are there",
    )  # fmt: skip


def _add_live(top: Parser) -> None:
    group = top.add_argument_group("live (--webcam)")
    group.add_argument(
        "--lookahead", type=int, metavar="FRAMES",
        help="wait this many frames for a steadier pose (default: 0)",
    )  # fmt: skip
    group.add_argument("--record", metavar="FILE", help="write what is shown to this MP4")


def _add_other(top: Parser) -> None:
    group = top.add_argument_group("other")
    group.add_argument("--config", metavar="FILE", help="TOML with the same names as the options")
    group.add_argument(
        "--log", choices=("text", "json", "quiet"), default="text",
        help="what is told while it works; json: one object a line (default: text)",
    )  # fmt: skip
    group.add_argument(
        "--list", action="store_true", default=False, help="the parts and weights, and what is here"
    )
    group.add_argument(
        "--debug", action="store_true", default=False, help="tracebacks and detailed logging"
    )


def split(namespace: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what belongs into `Settings`, what is about the command itself)."""
    own = {"video", "webcam", "config", "log", "list", "debug"}
    values = vars(namespace)
    settings = {name: value for name, value in values.items() if name not in own}
    return settings, {name: values.get(name) for name in own}
