"""The same benchmark with the code of another checkout, for a comparison in one run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run_against(checkout: Path, module: str) -> None:
    """Run `module` as it was called, without `--against`, with the other checkout's code."""
    print(f"\nThe code of {checkout}:", flush=True)
    here = Path(__file__).parents[1]
    arguments = [a for a in sys.argv[1:] if a not in ("--against", str(checkout))]
    # `benchmarks` is joined from both checkouts; the other's `poselift` comes first.
    paths = os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")])
    subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": paths},
        check=True,
    )
