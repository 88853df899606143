#!/usr/bin/env python3
"""The front door of a checkout: `python demo/vis.py --video clip.mp4`, from any folder."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Run as a script, Python looks for modules in demo/; ours are named from the folder above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from poselift.demo import cli


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return cli.main(arguments, classic=True)


if __name__ == "__main__":
    raise SystemExit(main())
