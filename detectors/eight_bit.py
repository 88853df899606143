"""Whether the processor is good at networks that compute in whole numbers of eight bits.

Processors with instructions for it (VNNI on x86, dot products on ARM) sum products of bytes
exactly, and several times faster than those of float32. Those without add pairs in sixteen bits,
which overflow: there such networks are wrong now and then, and hardly faster. A tiny network with
the largest products there are tells the one from the other, on every system.
"""

from __future__ import annotations

import base64
import logging
from functools import cache

import numpy as np

from poselift.onnx_runtime import load_onnxruntime

log = logging.getLogger(__name__)

#: A row of 64 bytes times a matrix of 127s (ConstantOfShape, MatMulInteger; opset 13).
_PROBE = base64.b64decode(
    "CAgSADqFAQovCgFzEgFiIg9Db25zdGFudE9mU2hhcGUqFgoFdmFsdWUqCggBEAMqAX9CAXagAQQKGAoBYQoBYhIBYyIN"
    "TWF0TXVsSW50ZWdlchIBcCoLCAIQBzoCQBBCAXNaEwoBYRIOCgwIAhIICgIIAQoCCEBiEwoBYxIOCgwIBhIICgIIAQoC"
    "CBBCBAoAEA0="
)
_LENGTH, _LARGEST = 64, 127


@cache
def sums_bytes_exactly() -> bool:
    """Whether onnxruntime multiplies bytes here without overflow."""
    onnxruntime = load_onnxruntime()
    row = np.full((1, _LENGTH), 255, np.uint8)
    try:
        (sums,) = onnxruntime.InferenceSession(_PROBE, providers=["CPUExecutionProvider"]).run(
            None, {"a": row}
        )
    except Exception as error:  # onnxruntime's own exceptions share no narrower base
        log.info("networks of eight bits are not used: %s", error)
        return False
    return bool((sums == _LENGTH * 255 * _LARGEST).all())
