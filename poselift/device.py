"""Which device to compute on, and with how many threads."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from poselift.errors import PoseliftError

if TYPE_CHECKING:
    import torch


def resolve_device(name: str = "auto") -> torch.device:
    """The torch device for `auto`, `cpu`, `cuda`, `cuda:1` or `mps`; `auto` takes the best here.

    >>> resolve_device("cpu").type
    'cpu'
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        if device.type not in ("cpu", "cuda", "mps"):
            raise ValueError(f"{device.type} is not used")
    except (RuntimeError, ValueError, TypeError) as error:
        raise PoseliftError(
            f"Unknown device {name!r}.", "Use auto, cpu, cuda, cuda:1 or mps."
        ) from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise PoseliftError(
            f"The device {name!r} is not available: torch sees {count} CUDA device(s).",
            "Use `device` auto or cpu.",
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise PoseliftError("The device 'mps' is not available.", "Use `device` auto or cpu.")
    return device


class _ThreadsInForce:
    """Who has set torch's number of threads for the time being; see `torch_threads`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.blocks = 0  # entered and not yet left, in all threads
        self.outside = 0  # the number before the first of them
        self.here = threading.local()


_in_force = _ThreadsInForce()


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let torch compute with `count` threads in this block and as before after it.

    Part of that number belongs to the whole process. Blocks in several threads may overlap: the
    number that was there before the first of them is there after the last.

    >>> import torch
    >>> before = torch.get_num_threads()
    >>> with torch_threads(1):
    ...     torch.get_num_threads()
    1
    >>> torch.get_num_threads() == before
    True
    """
    import torch

    nested = getattr(_in_force.here, "entered", False)
    with _in_force.lock:
        before = torch.get_num_threads()
        if _in_force.blocks == 0:
            _in_force.outside = before
        elif not nested:
            # What this thread sees may be what another's block has set.
            before = _in_force.outside
        _in_force.blocks += 1
        torch.set_num_threads(count)
    _in_force.here.entered = True
    try:
        yield
    finally:
        _in_force.here.entered = nested
        with _in_force.lock:
            _in_force.blocks -= 1
            torch.set_num_threads(before)


def import_torch_calmly() -> None:
    """Import torch so that its threads sleep while they wait for each other.

    They spin by default: where other programs keep the processor busy, that makes small networks
    several times slower. What decides is OMP_WAIT_POLICY at the moment of the import. It is set for
    that moment only, and not at all where the user has set it or has imported torch already.
    """
    if "torch" in sys.modules or "OMP_WAIT_POLICY" in os.environ:
        return
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    try:
        import torch  # noqa: F401
    finally:
        del os.environ["OMP_WAIT_POLICY"]
