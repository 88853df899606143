"""Records and results in an object store: the same layout as in a folder, an object for a file.

A store has no rename and no lock. Every object is written whole, the record last, so a result
without its record is never taken for done. Two machines that finish the same unit at the same
moment may leave the files of one with the record of the other; made alike, they are the same bytes.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from poselift.batch import objects
from poselift.batch.records import PARTS, DestinationError, Record, Records, parsed
from poselift.batch.scratch import make_temporary
from poselift.batch.units import Unit
from poselift.errors import PoseliftError
from poselift.files import make_folder

_log = logging.getLogger(__name__)
#: Requests under way at once: each takes tens of milliseconds, nearly all of it waiting.
_AT_ONCE = 16
_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def records_at(out: str | Path) -> Records:
    """The records of a destination, a folder or a place in an object store."""
    return ObjectRecords(str(out)) if objects.is_object(out) else Records(out)


class ObjectRecords(Records):
    """The records and results below an address such as `s3://bucket/results`."""

    def __init__(self, out: str) -> None:
        super().__init__(out)
        self._out = out
        self._bucket, prefix = objects.at(out)
        self._prefix = f"{prefix}/" if prefix else ""

    def read(self, name: str) -> Record | None:
        """The record of the unit with this id; None if there is none that can be used."""
        return self._read(self._key(name))

    def write(self, record: Record) -> None:
        """Write a record whole, in place of an earlier one."""
        with _of_destination():
            self._bucket.write(self._key(record.id), record.as_text().encode())

    def place(self, made: Path, record: Record) -> None:
        """Upload the files of the folder `made`, then write the record."""
        folder = f"{self._prefix}{record.folder}"
        with _of_destination():
            for name in record.outputs:
                self._bucket.write(f"{folder}/{name}", made / name)
            self.write(record)
            wanted = {f"{folder}/{name}" for name in record.outputs}
            old = [one.key for one in self._bucket.inside(folder) if one.key not in wanted]
            if old:
                self._bucket.remove(old)

    def __iter__(self) -> Iterator[Record]:
        """All records that can be read, by id."""
        found = self._bucket.below(f"{self._prefix}records")
        keys = (one.key for one in found if one.key.endswith(".json"))
        for record in _ahead(self._read, keys):
            if record is not None:
                yield record

    def any(self) -> bool:
        """Whether there are records."""
        return next(self._bucket.below(f"{self._prefix}records"), None) is not None

    def _of_parts(self) -> Records:
        return ObjectRecords(f"{self._out.rstrip('/')}/{PARTS}")

    def forget(self, record: Record) -> None:
        """Remove a record and its results."""
        below = self._bucket.below(f"{self._prefix}{record.folder}")
        self._bucket.remove([self._key(record.id), *(one.key for one in below)])

    def local_copy(self, record: Record, folder: Path) -> Path:
        """The folder of a result on this machine, copied into `folder` if need be."""
        make_temporary()
        copy = folder / record.folder
        make_folder(copy)
        for name in record.outputs:
            key = f"{self._prefix}{record.folder}/{name}"
            found = self._bucket.head(key)
            if found is None:
                raise PoseliftError(f"{self._bucket.root}/{key} is gone.", "Run the batch again.")
            self._bucket.fetch(found, copy / name)
        return copy

    def looked_up(
        self, units: Iterable[Unit], retry_failed: bool = False
    ) -> Iterator[tuple[Unit, Record | None]]:
        """`settled` of each unit in turn; some are asked for ahead, all at once."""
        return _ahead(lambda unit: (unit, self.settled(unit, retry_failed)), units)

    def _has_outputs(self, record: Record) -> bool:
        folder = f"{self._prefix}{record.folder}"
        sizes = {one.key: one.bytes for one in self._bucket.inside(folder)}
        return all(
            sizes.get(f"{folder}/{name}") == facts["bytes"]
            for name, facts in record.outputs.items()
        )

    def _key(self, name: str) -> str:
        return f"{self._prefix}records/{name[:2]}/{name}.json"

    def _read(self, key: str) -> Record | None:
        content = self._bucket.read(key)
        if content is None:
            return None
        try:
            return parsed(json.loads(content))
        except (ValueError, RecursionError) as error:
            _log.warning("The record %s/%s cannot be used: %s", self._bucket.root, key, error)
            return None


@contextmanager
def _of_destination() -> Iterator[None]:
    """Let what goes wrong here be the destination's fault, whatever the video."""
    try:
        yield
    except PoseliftError as error:
        raise DestinationError(error.message, error.hint) from error


def _ahead(ask: Callable[[_Item], _Answer], items: Iterable[_Item]) -> Iterator[_Answer]:
    """The answers in order, with some asked for before they are wanted."""
    rest = iter(items)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting: deque[Future[_Answer]] = deque(
            pool.submit(ask, item) for item in islice(rest, _AT_ONCE)
        )
        while waiting:
            answer = waiting.popleft().result()
            waiting.extend(pool.submit(ask, item) for item in islice(rest, 1))
            yield answer
