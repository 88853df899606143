"""The units of a batch: one video under one set of settings, with an id that any machine finds."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poselift.errors import PoseliftError
from poselift.fingerprint import digest_of
from poselift.folders import files_named_in
from poselift.media.source import safe_name
from poselift.reading import kind_of
from poselift.settings import Settings

#: Settings that say where and with what hardware, and not what the result is.
_NOT_OF_THE_RESULT = {"out", "cache", "device"}


@dataclass(frozen=True)
class Stretch:
    """A part of a long video, in seconds of its clock.

    Attributes:
        number: of the part, from 1.
        count: of the parts.
        start: from where people are followed.
        cut: from where what is seen counts.
        end: up to where.
    """

    number: int
    count: int
    start: float
    cut: float
    end: float | None


@dataclass(frozen=True)
class Unit:
    """One video to process, or a part of one.

    Attributes:
        id: 16 hex digits, made from the address and the settings.
        address: an absolute path or an address on the network.
        stretch: the part; None for the whole video.
        parts: of a whole video that is joined from parts.
    """

    id: str
    address: str
    stretch: Stretch | None = None
    parts: tuple[Unit, ...] = ()

    @property
    def folder(self) -> str:
        """The name of the folder for its results."""
        return f"{safe_name(self.address)}-{self.id}"


class Identity:
    """Gives addresses their ids under one set of settings, and seconds to split videos at.

    >>> one, other = Identity(Settings()), Identity(Settings(lifter="sct"))
    >>> one.of("/clips/a.mp4") == Identity(Settings(out="elsewhere")).of("/clips/a.mp4")
    True
    >>> one.of("/clips/a.mp4") == other.of("/clips/a.mp4")
    False
    """

    def __init__(self, settings: Settings, split: float | None = None) -> None:
        words: dict[str, Any] = {
            **({} if split is None else {"split": split}),
            "settings": {
                name: value
                for name, value in settings.as_dict("video").items()
                if name not in _NOT_OF_THE_RESULT
            },
            "files": [_digest(path) for path in files_named_in(settings)],
        }
        text = json.dumps(words, sort_keys=True)
        self._begun = hashlib.blake2b(text.encode(), digest_size=8)

    def of(self, address: str) -> str:
        """The id of the video at `address`."""
        digest = self._begun.copy()
        digest.update(b"\0" + os.fsencode(address))
        return digest.hexdigest()

    def units(self, addresses: Iterable[str], shard: Shard | None = None) -> Iterator[Unit]:
        """The units of a shard, each once, however often its address comes."""
        seen: set[int] = set()
        for address in addresses:
            name = self.of(address)
            number = int(name, 16)
            if number in seen or (shard is not None and not shard.holds(number)):
                continue
            seen.add(number)
            yield Unit(name, address)


@dataclass(frozen=True)
class Shard:
    """The part `index` of `count`, counted from 0; ids are spread evenly over the parts.

    >>> Shard.parsed("3/8")
    Shard(index=3, count=8)
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise PoseliftError(
                f"There is no shard {self.index} of {self.count}.",
                f"Shards count from 0: 0/{max(self.count, 1)} to "
                f"{max(self.count, 1) - 1}/{max(self.count, 1)}.",
            )

    @classmethod
    def parsed(cls, text: str) -> Shard:
        """The shard written as I/N."""
        found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
        if found is None:
            raise PoseliftError(
                f"{text!r} is not a shard.", "Write I/N, such as 0/8 for the first of eight."
            )
        return cls(int(found[1]), int(found[2]))

    def holds(self, number: int) -> bool:
        """Whether the id with this value belongs to the shard."""
        return number % self.count == self.index


def part_of(whole: Unit, stretch: Stretch) -> Unit:
    """A part of a video as a unit."""
    text = json.dumps([whole.id, dataclasses.astuple(stretch)])
    name = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return Unit(name, whole.address, stretch)


def _digest(path: str) -> str:
    if kind_of(path) not in ("file", "folder"):
        raise PoseliftError(f"No such file: {path}", "Check the path.")
    return digest_of(Path(path))
