"""Motion as files for other programs. `docs/formats.md` says what is in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from poselift.errors import PoseliftError
from poselift.export.bvh import write_bvh
from poselift.export.c3d import write_c3d
from poselift.export.csv import write_csv
from poselift.export.glb import write_glb
from poselift.export.json import write_json
from poselift.export.trc import write_trc
from poselift.npz import write_npz
from poselift.result import ClipMotion

#: Every format, by the ending of its files.
WRITERS: dict[str, Callable[[ClipMotion, Path], list[Path]]] = {
    "npz": write_npz,
    "json": write_json,
    "csv": write_csv,
    "bvh": write_bvh,
    "trc": write_trc,
    "glb": write_glb,
    "c3d": write_c3d,
}

__all__ = ["WRITERS", "write"]


def write(result: ClipMotion, folder: str | Path, formats: Sequence[str] = ("npz",)) -> list[Path]:
    """Write the clip in each of `formats` into `folder`; returns what was written.

    Files are called `<name>.<format>`; BVH and TRC hold one person each and have the person's
    number in the name when there are several. For a clip with nobody in it these two, GLB and C3D
    are not written. Each file gets its name only when it is complete.
    """
    unknown = [name for name in formats if name not in WRITERS]
    if unknown:
        raise PoseliftError(
            f"No data format is called {', '.join(unknown)}.", f"Use {', '.join(WRITERS)}."
        )
    written = []
    for name in formats:
        # Not with_suffix: a clip's name may hold dots.
        written += WRITERS[name](result, Path(folder) / f"{result.name}.{name}")
    return written
