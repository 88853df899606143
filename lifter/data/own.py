"""Motion capture of your own: sets (.npz), BVH files and folders of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from poselift.errors import PoseliftError
from poselift.lifter.data.cmu import Report, Trial, Wishes, clips_of
from poselift.lifter.data.mocap import Clip, read_set

_FPS = 60.0  # of the clips of a BVH


def read_motion(path: Path) -> list[Clip]:
    """The clips of a set, of one .bvh, or of all .bvh files in a folder and those below.

    The clips of BVH files are called `<folder>/<file>`.
    """
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.suffix.lower() == ".bvh")
        if not files:
            raise PoseliftError(f"{path} holds no .bvh files.", "Give a folder of them, or a set.")
        return [clip for one in files for clip in _of_bvh(one)]
    return _of_bvh(path) if path.suffix.lower() == ".bvh" else read_set(path)


def read_motions(paths: Iterable[Path]) -> list[Clip]:
    """The clips of several, one after the other."""
    return [clip for path in paths for clip in read_motion(path)]


def _of_bvh(path: Path) -> list[Clip]:
    if not path.is_file():
        raise PoseliftError(f"No such file: {path}", "Check the path.")
    trial = Trial(f"{path.resolve().parent.name}/{path.stem}", path, path.name)
    made = clips_of(trial, Wishes(fps=_FPS), Report())
    return [Clip(one.name, one.joints.astype("float32"), _FPS, path.stem) for one in made]
