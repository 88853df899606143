"""Lift 2D joint sequences from an .npz file to 3D.

examples:
  poselift lift poses.npz --size 1920 1080 --fps 50
  poselift lift coco.npz --joints coco17 --size 1280 720 --fps 30 --out lifted.npz
  poselift lift poses.npz --lifter poseformerv2 --checkpoint 27_243_45.2.bin --space camera
  poselift lift poses.npz --lifter sct --checkpoint best.bin --set ratio=0.6
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from poselift.demo.parser import add_settings, note
from poselift.files import refuse_sources
from poselift.progress import Reporter
from poselift.settings import UP


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("poses", type=Path, metavar="POSES",
        help=".npz with xy (T, 17, 2) or (P, T, 17, 2) in pixels, optionally score")  # fmt: skip
    add("--out", type=Path, metavar="FILE",
        help="the .npz to write (default: POSES-3d.npz beside POSES)")  # fmt: skip
    add("--size", type=int, nargs=2, metavar=("W", "H"), help="size of the picture")
    add("--fps", type=float, help="frames per second (default: the file's, else 30)")
    add("--joints", default="h36m17", help="h36m17 (default), coco17, blazepose33")
    net = parser.add_argument_group("network")
    net.add_argument("--lifter", default="auto", metavar="NAME",
                     help="a name from `poselift weights list`, or a model")  # fmt: skip
    net.add_argument("--checkpoint", metavar="FILE",
                     help="your own weights: the authors' file, or .safetensors")  # fmt: skip
    add_settings(net, "settings of the model")
    net.add_argument(
        "--normalisation", choices=["screen", "crop", "ray"], help="if the file does not say"
    )
    net.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1, mps")
    net.add_argument("--dtype", default="auto", help="auto (default), float32, bfloat16, float16")
    net.add_argument(
        "--runtime", default="auto", help="auto (default), torch, onnxruntime: CPU only"
    )
    net.add_argument("--no-mirror", dest="mirror", action="store_false",
                     help="no mirror averaging: half the work, slightly less accurate")  # fmt: skip
    net.add_argument("--time-step", type=int, metavar="N",
                     help="take every Nth frame (default: as the weights say, else 1)")  # fmt: skip
    net.add_argument("--field-of-view", type=float, metavar="DEG",
                     help="along the picture's longer side (default: 55)")  # fmt: skip
    result = parser.add_argument_group("result")
    result.add_argument("--space", default="world", choices=["world", "camera"])
    result.add_argument("--up", default="auto", type=_up, choices=UP,
                        help="where up is, as in `poselift video` (default: auto)")  # fmt: skip


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Lift the file and print where the result is."""
    import numpy as np

    from poselift import lifter, npz
    from poselift.result import ClipMotion
    from poselift.scene.world import motions_to_world

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    source: Path = options.poses
    out = options.out or source.with_name(f"{source.stem}-3d.npz")
    refuse_sources([out], [path for path in (source, options.checkpoint) if path])
    poses = npz.read_poses(source, options.joints)
    size = poses.picture(options.size)
    lift = lifter.load(
        options.lifter,
        checkpoint=options.checkpoint,
        model_settings=dict(options.set),
        normalisation=options.normalisation,
        device=options.device,
        dtype=options.dtype,
        runtime=options.runtime,
        mirror=options.mirror,
        time_step=options.time_step,
        field_of_view=options.field_of_view,
    )
    fps = options.fps or poses.fps or 30.0
    motions = lift(poses.tracks, image_size=size, fps=fps, progress=_show_progress())
    meta = {"lifter": lift.name, "space": options.space, "image_size": size}
    if options.space == "world":
        motions, upright = motions_to_world(motions, options.up)
        meta["up"] = upright.how
    frames = max(int(motion.track.frames[-1]) + 1 for motion in motions)
    result = ClipMotion.gather(
        out.stem,
        motions,
        [motion.pose3d for motion in motions],
        np.arange(frames) / fps,
        fps=fps,
        size=size,
        placed=False,
        meta=meta,
    )
    print(*npz.write_npz(result, out))
    return 0


def _up(name: str) -> str:
    """A way to find what is up, also under its former name."""
    now = {"estimate": "auto", "published": "h36m"}.get(name, name)
    if now != name:
        note(f"--up {name} is now --up {now}; the old name goes away in the next version.")
    return now


def _show_progress() -> Callable[[int, int], None] | None:
    """A line that counts frames, where somebody is looking."""
    if not sys.stderr.isatty():
        return None
    return lambda done, total: print(
        f"\r{done} of {total} frames", end="\n" if done == total else "", file=sys.stderr
    )
