"""Nothing that the 2D models run on reports to its maker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_USE = """
from poselift.detectors import load_keypointer
from poselift.detectors.engines import engine_name
engine_name("auto"), load_keypointer("lightning", "cpu")
"""


def test_onnxruntime_makes_nothing_to_report_by(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY")}
    here = {**kept, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", _USE], env=here, check=True)
    assert not (tmp_path / ".ses").exists()  # the session of its uploader
    assert not list(tmp_path.rglob("*device*"))
