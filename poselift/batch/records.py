"""One record per unit, written whole after the unit's files. Everything else is derived from them.

`object_records.py` keeps them in an object store.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from poselift.batch.stamps import Stamp, has_changed
from poselift.batch.units import Unit
from poselift.errors import PoseliftError
from poselift.files import atomic_path, cannot_write, locked_folder, make_folder
from poselift.reading import read_whole

_log = logging.getLogger(__name__)
#: Changes when older records no longer say what is needed; such units are processed again.
VERSION = 1
_FOLDER = "records"
#: Where the records and results of parts of videos lie until they are joined.
PARTS = ".parts"
_LONGEST = 1 << 24  # bytes


class DestinationError(PoseliftError):
    """The results cannot be written, whatever the video."""


@dataclass(frozen=True)
class Failure:
    """Why a unit failed.

    Attributes:
        kind: "refused" (the video or the settings), "network" (it could not be fetched), "bug",
            "crash", "memory" or "time".
        message: what is wrong.
        hint: what to do.
        trace: the traceback of a bug.
    """

    kind: str
    message: str
    hint: str = ""
    trace: str = ""


@dataclass(frozen=True)
class Record:
    """What is known about a unit that was processed, or that failed.

    Attributes:
        id: that of the unit.
        source: the address, without password and query.
        stamp: size and time of the source when it was read.
        content: the BLAKE2b digest of its bytes.
        settings: all settings, by name.
        made_by: version, names of the parts and digest of the lifter's weights.
        people: how many were found.
        frames: of the video.
        seconds: per stage, and "total".
        warnings: logged while it was processed.
        notes: other remarks on the result.
        folder: the name of the folder with the results.
        outputs: each file's size ("bytes") and "sha256".
        error: why it failed; None if it is done.
        attempts: how often it was tried in this run.
        host: the machine.
        finished: the time in UTC, ISO 8601.
        version: of the record's format.
    """

    id: str
    source: str
    stamp: Stamp | None = None
    content: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    made_by: dict[str, Any] = field(default_factory=dict)
    people: int = 0
    frames: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    folder: str = ""
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    error: Failure | None = None
    attempts: int = 1
    host: str = ""
    finished: str = ""
    version: int = VERSION

    @property
    def failed(self) -> bool:
        """Whether the unit failed."""
        return self.error is not None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, with "status" in front: "done" or "failed"."""
        return {"status": "failed" if self.failed else "done", **dataclasses.asdict(self)}

    def as_text(self) -> str:
        """The record as it is written."""
        return json.dumps(self.as_dict(), indent=1, ensure_ascii=True) + "\n"

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Record:
        """The record with these values from `as_dict`; a ValueError for any others."""
        values = {name: value for name, value in values.items() if name != "status"}
        try:
            if values["version"] != VERSION:
                raise ValueError(f"version {values['version']}")
            if values["stamp"] is not None:
                values["stamp"] = Stamp(**values["stamp"])
            if values["error"] is not None:
                values["error"] = Failure(**values["error"])
            return cls(**values)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a record: {error}") from error


class Records:
    """The records and results in a destination folder."""

    def __init__(self, out: str | Path) -> None:
        self.out = Path(out)

    def of(self, unit: Unit) -> Records:
        """Those that a unit's record belongs to: parts of videos have a place of their own."""
        return self if unit.stretch is None else self._of_parts()

    def _of_parts(self) -> Records:
        return Records(self.out / PARTS)

    def forget(self, record: Record) -> None:
        """Remove a record and its results."""
        self._path(record.id).unlink(missing_ok=True)
        shutil.rmtree(self.out / record.folder, ignore_errors=True)

    def read(self, name: str) -> Record | None:
        """The record of the unit with this id; None if there is none that can be used."""
        # In a long list most have none yet, and making a Path costs more than looking.
        place = self._place(name)
        return _read(Path(place)) if os.path.exists(place) else None  # noqa: PTH110

    def write(self, record: Record) -> None:
        """Write a record whole, in place of an earlier one."""
        with atomic_path(self._path(record.id)) as part:
            part.write_text(record.as_text(), encoding="utf-8")

    def place(self, made: Path, record: Record) -> None:
        """Give the folder `made` its name among the results, then write the record.

        Where two processes have made the same unit, the results and the record of one of them stay,
        never a mixture.
        """
        final = self.out / record.folder
        make_folder(self._path(record.id).parent)
        with locked_folder(self._path(record.id).parent):
            try:
                if final.exists():
                    earlier = made.with_name("earlier")
                    final.rename(earlier)
                made.rename(final)
            except OSError as error:
                raise cannot_write(final, error) from error
            self.write(record)
        shutil.rmtree(made.with_name("earlier"), ignore_errors=True)

    def __iter__(self) -> Iterator[Record]:
        """All records that can be read, by id."""
        try:
            folders = sorted((self.out / _FOLDER).iterdir())
        except OSError:  # nothing was recorded yet
            return
        for folder in folders:
            for path in sorted(folder.glob("[0-9a-f]*.json")):
                record = _read(path)
                if record is not None:
                    yield record

    def any(self) -> bool:
        """Whether there are records."""
        return (self.out / _FOLDER).is_dir()

    def local_copy(self, record: Record, folder: Path) -> Path:
        """The folder of a result on this machine, copied into `folder` if need be."""
        return self.out / record.folder

    def looked_up(
        self, units: Iterable[Unit], retry_failed: bool = False
    ) -> Iterator[tuple[Unit, Record | None]]:
        """`settled` of each unit in turn."""
        return ((unit, self.settled(unit, retry_failed)) for unit in units)

    def settled(self, unit: Unit, retry_failed: bool = False) -> Record | None:
        """The record of a unit on which nothing is left to do; None if it is to be processed.

        To be processed is what has no usable record, failed and is to be retried, has changed
        since, or lacks a file that its record lists.
        """
        record = self.read(unit.id)
        if record is None or has_changed(unit.address, record.stamp, record.content):
            return None
        if record.failed:
            return None if retry_failed else record
        return record if self._has_outputs(record) else None

    def _has_outputs(self, record: Record) -> bool:
        folder = self.out / record.folder
        try:
            return all(
                (folder / name).stat().st_size == facts["bytes"]
                for name, facts in record.outputs.items()
            )
        except OSError:
            return False

    def _path(self, name: str) -> Path:
        return Path(self._place(name))

    def _place(self, name: str) -> str:
        # Network file systems are slow with very many files in one folder.
        return os.path.join(self.out, _FOLDER, name[:2], f"{name}.json")  # noqa: PTH118


def _read(path: Path) -> Record | None:
    try:
        return parsed(json.loads(read_whole(path, _LONGEST)))
    except (PoseliftError, ValueError, RecursionError) as error:
        _log.warning("The record %s cannot be used: %s", path, error)
        return None


def parsed(values: Any) -> Record:
    """The record with these values, whatever they are; a ValueError where they are none."""
    return Record.from_dict(values if isinstance(values, dict) else {})
