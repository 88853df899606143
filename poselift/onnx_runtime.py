"""onnxruntime, without its reports to its maker.

From version 1.29 on its wheels report to Microsoft which models run on which machine, unless they
are told not to before they are loaded. Nothing leaves the machine by itself, so they are told.
"""

from __future__ import annotations

import os
from typing import Any

#: What onnxruntime asks for when it is loaded; `ORT_DISABLE_TELEMETRY=0` lets it report.
_SILENT = "ORT_DISABLE_TELEMETRY"


def load_onnxruntime() -> Any:
    """The package. A broken one raises ImportError, OSError or worse."""
    os.environ.setdefault(_SILENT, "1")
    import onnxruntime

    if os.environ[_SILENT] != "0":
        onnxruntime.disable_telemetry_events()  # Windows asks for no variable
    return onnxruntime
