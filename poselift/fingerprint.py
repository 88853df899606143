"""What was looked at and how, as one short key: it changes with every byte that matters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from poselift.reading import opened


def fingerprint(source: str, settings: Mapping[str, Any]) -> str | None:
    """The key of a clip and of what it is looked at with.

    None for a source without bytes to compare (an address, a picture sequence).

    All of the clip is read. Size, time of change and a sample of the bytes would be quicker, but
    tools that keep times and edits in place would give another clip's joints without a word; and
    hashing reads hundreds of megabytes per second, so that it costs about a hundredth of decoding.
    """
    path = Path(source)
    if not path.is_file():
        return None
    words = json.dumps({**settings, "clip": digest_of(path)}, sort_keys=True)
    return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()


def digest_of(path: Path) -> str:
    """The digest of a file's bytes, or of the names and bytes of a folder's files."""
    digest = hashlib.blake2b(digest_size=16)
    if path.is_dir():
        for file in sorted(p for p in path.iterdir() if p.is_file()):
            digest.update(f"{file.name}\0{digest_of(file)}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()
    with opened(path) as content:  # a pipe or a device would never end
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
