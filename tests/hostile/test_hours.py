"""What goes on for hours takes no more memory than at its beginning."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_an_hour_of_live_is_flat() -> None:
    command = [sys.executable, "-m", "tests.hostile.hour_of_live", "36000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    memory = [int(line) for line in done.stdout.split()]
    assert len(memory) == 10
    # After the first tenth everything has been loaded.
    assert max(memory[2:]) < 1.05 * memory[1], memory
