"""How much memory another process takes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from poselift.errors import PoseliftError


def resident_mb(process: int) -> float:
    """The resident memory of a process in MB; 0 if it is gone.

    >>> resident_mb(os.getpid()) > 1
    True
    """
    statm = Path(f"/proc/{process}/statm")
    if statm.parent.parent.joinpath("self").exists():
        try:
            pages = int(statm.read_text().split()[1])
        except (OSError, IndexError):  # it has just ended
            return 0.0
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    try:
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise PoseliftError(
            "The memory of a process cannot be measured on this system.",
            "Leave the memory limit out.",
        ) from error
    return int(told.stdout.strip() or 0) / 1e3
