"""One table of all units, derived from their records whenever it is wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from poselift.batch.object_records import records_at
from poselift.batch.objects import at, is_object
from poselift.batch.records import Record, Records
from poselift.errors import PoseliftError
from poselift.files import atomic_path

NAME = "manifest"
_ROWS_A_GROUP = 10_000


def write_manifest(out: str | Path) -> list[str]:
    """Write `manifest.jsonl`, and `manifest.parquet` where pyarrow is installed.

    A row per record. Both are derived from the records and can be written again at any time.
    Returns the addresses of what was written.
    """
    records = records_at(out)
    if not records.any():
        raise PoseliftError(f"There are no records in {out}.", "Give the destination of a batch.")
    if not is_object(out):
        return [str(path) for path in _written(records, Path(out))]
    bucket, prefix = at(str(out))
    with TemporaryDirectory() as folder:
        names = []
        for path in _written(records, Path(folder)):
            names.append("/".join(filter(None, (prefix, path.name))))
            bucket.write(names[-1], path)
    return [f"{bucket.root}/{name}" for name in names]


def _written(records: Records, folder: Path) -> list[Path]:
    lines, table = folder / f"{NAME}.jsonl", folder / f"{NAME}.parquet"
    with atomic_path(lines) as part, part.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(row_of(record)) + "\n")
    return [lines, table] if _write_parquet(lines, table) else [lines]


def row_of(record: Record) -> dict[str, Any]:
    """A record as one flat row."""
    values = record.as_dict()
    error = values.pop("error") or {}
    stamp = values.pop("stamp") or {}
    seconds, outputs = values.pop("seconds"), values.pop("outputs")
    return {
        **{name: values[name] for name in ("id", "status", "source", "people", "frames", "folder")},
        "seconds": seconds.get("total", 0.0),
        "files": sorted(outputs),
        "bytes": sum(facts["bytes"] for facts in outputs.values()),
        "source_bytes": stamp.get("bytes"),
        "warnings": len(values["warnings"]),
        "error_kind": error.get("kind"),
        "error": error.get("message"),
        "attempts": values["attempts"],
        "host": values["host"],
        "finished": values["finished"],
        "settings": json.dumps(values["settings"], sort_keys=True),
    }


def _write_parquet(lines: Path, table: Path) -> bool:
    """Write the rows as Parquet, some thousands at a time; False without pyarrow."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        return False
    schema = pyarrow.schema([
        ("id", pyarrow.string()), ("status", pyarrow.string()), ("source", pyarrow.string()),
        ("people", pyarrow.int64()), ("frames", pyarrow.int64()), ("folder", pyarrow.string()),
        ("seconds", pyarrow.float64()), ("files", pyarrow.list_(pyarrow.string())),
        ("bytes", pyarrow.int64()), ("source_bytes", pyarrow.int64()),
        ("warnings", pyarrow.int64()), ("error_kind", pyarrow.string()),
        ("error", pyarrow.string()), ("attempts", pyarrow.int64()), ("host", pyarrow.string()),
        ("finished", pyarrow.string()), ("settings", pyarrow.string()),
    ])  # fmt: skip
    with ExitStack() as stack:
        part = stack.enter_context(atomic_path(table))
        writer = stack.enter_context(parquet.ParquetWriter(part, schema))
        for rows in _groups(lines):
            writer.write_table(pyarrow.Table.from_pylist(rows, schema))
    return True


def _groups(lines: Path) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    with lines.open(encoding="utf-8") as file:
        for line in file:
            rows.append(json.loads(line))
            if len(rows) == _ROWS_A_GROUP:
                yield rows
                rows = []
    if rows:
        yield rows
