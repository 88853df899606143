"""`python -m lifter poses.npz`: lift 2D sequences from a file of one's own."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from poselift.errors import PoseliftError

_EXAMPLES = """examples:
  python -m lifter poses.npz --size 1920 1080 --fps 50
  python -m lifter coco.npz --joints coco17 --size 1280 720 --fps 30 --out lifted.npz
  python -m lifter poses.npz --lifter poseformerv2 --checkpoint 27_243_45.2.bin --space camera
  python -m lifter poses.npz --lifter sct --checkpoint best.bin --set ratio=0.6
"""


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    out = argparse.ArgumentParser(
        prog="python -m lifter",
        description="Lift 2D joint sequences of an .npz to 3D.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    out.add_argument("poses", help=".npz with xy (T, 17, 2) or (P, T, 17, 2) pixels, maybe score")
    out.add_argument("--out", help="the .npz to write (default: <poses>-3d.npz beside it)")
    out.add_argument("--size", type=int, nargs=2, metavar=("W", "H"), help="the picture's pixels")
    out.add_argument("--fps", type=float, help="frames a second (default: the file's, else 30)")
    out.add_argument("--joints", default="h36m17", help="h36m17 (default), coco17, blazepose33")
    net = out.add_argument_group("network")
    net.add_argument("--lifter", default="auto", help="a name of `python -m weights list`, a model")
    net.add_argument("--checkpoint", help="weights of your own: the authors' file, or .safetensors")
    net.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="its model settings")
    net.add_argument("--normalisation", choices=["screen", "crop"], help="if the file is silent")
    net.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1, mps")
    net.add_argument("--dtype", default="float32", help="float32 (default), bfloat16, float16")
    net.add_argument("--runtime", default="torch", help="torch (default), onnxruntime: CPU only")
    net.add_argument("--no-mirror", action="store_true", help="half the work, a little worse")
    net.add_argument(
        "--time-step",
        type=int,
        help="windows take every n-th frame (default: as the weights say, else 1)",
    )
    result = out.add_argument_group("result")
    result.add_argument("--space", default="world", choices=["world", "camera"])
    result.add_argument("--up", default="estimate", choices=["estimate", "level", "published"])
    return out


def lift_file(options: argparse.Namespace) -> Path:
    """Do what the options say; the path of what was written."""
    from poselift import lifter
    from poselift.lifter import npz

    source = Path(options.poses)
    poses = npz.read_poses(source, options.joints)
    size = poses.picture(options.size)
    lift = lifter.load(
        options.lifter,
        checkpoint=options.checkpoint,
        model_settings=dict(map(_setting, options.set)),
        normalisation=options.normalisation,
        device=options.device,
        dtype=options.dtype,
        runtime=options.runtime,
        mirror=not options.no_mirror,
        time_step=options.time_step,
    )
    fps = options.fps or poses.fps or 30.0
    motions = lift(poses.tracks, image_size=size, fps=fps, progress=_show_progress())
    meta = {"lifter": lift.name, "space": options.space, "image_size": size}
    if options.space == "world":
        motions, upright = lifter.motions_to_world(motions, options.up)
        meta["up"] = upright.how
    out = Path(options.out) if options.out else source.with_name(f"{source.stem}-3d.npz")
    return npz.write_motions(out, motions, meta)


def _setting(text: str) -> tuple[str, object]:
    """One KEY=VALUE; the value as JSON where it is some, else as text."""
    key, equals, value = text.partition("=")
    if not equals:
        raise PoseliftError(f"Not KEY=VALUE: {text!r}", "For example --set frames=81 heads=8.")
    try:
        found = json.loads(value)
    except ValueError:
        found = value
    return key, tuple(found) if isinstance(found, list) else found


def _show_progress() -> Callable[[int, int], None] | None:
    """A line that counts frames, where somebody is looking."""
    if not sys.stderr.isatty():
        return None
    return lambda done, total: print(
        f"\r{done} of {total} frames", end="\n" if done == total else "", file=sys.stderr
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        print(lift_file(options))
    except PoseliftError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
