"""Files that an earlier run wrote and a later one does not: `clip_3.bvh` where two people are left.

A run lists the files of its folder that are ours under `[run]` in its .toml. Nothing that is not in
this list is ever removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from poselift.config import read_run


def files_of_earlier_runs(folder: Path, settings_file: Path) -> list[Path]:
    """The files in `folder` that the runs before wrote, as their `settings_file` lists them."""
    names = read_run(settings_file).get("files", [])
    if not isinstance(names, list):
        return []
    # A name that leads out of the folder is none of ours.
    plain = [name for name in names if isinstance(name, str) and name == Path(name).name]
    return [folder / name for name in plain if (folder / name).is_file()]


def remove_stale(earlier: Sequence[Path], written: Sequence[Path]) -> list[Path]:
    """Remove the earlier files whose format was written anew without them; those that stay.

    >>> remove_stale([], [Path("a.bvh")])
    []
    """
    formats = {path.suffix for path in written}
    stay = []
    for path in earlier:
        if path.suffix in formats and path not in written:
            path.unlink(missing_ok=True)
        else:
            stay.append(path)
    return stay
