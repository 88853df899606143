"""Is a weight file the one that its publisher means?"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from poselift.weights.entry import WeightsEntry
from poselift.weights.places import locate

Verdict = Literal["ok", "differs", "unchecked", "missing"]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def verify(known: WeightsEntry) -> Verdict:
    """Compare the file of an entry with what is known of it; "unchecked" where nothing is known.

    >>> from poselift.weights.registry import entry
    >>> verify(entry("movenet-lightning"))
    'ok'
    """
    path = locate(known.file)
    if path is None:
        return "missing"
    if not known.sha256:
        return "unchecked"
    return "ok" if sha256_of(path).startswith(known.sha256.lower()) else "differs"
