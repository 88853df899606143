"""Process many videos, each with a record of its own; a second run does only what is missing.

examples:
  poselift batch videos/ --out results --jobs 4
  poselift batch "archive/**/*.mp4" --out results --save npz,csv
  poselift batch list.txt --out results --shard 3/8 --log json
  poselift batch list.txt --out results --retry-failed --time-limit 3600
  poselift batch s3://clips/2026/ --out s3://results/2026
  poselift batch list.txt --out results --engine ray --address auto
  poselift batch --out results --list-failed
  poselift batch --out results --manifest
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import sys
from typing import TYPE_CHECKING, Any

from poselift.demo.arguments import (
    add_command_options,
    add_settings_options,
    log_asked_for,
    settings_from,
)
from poselift.demo.console import JsonLines
from poselift.demo.logs import set_up_logging
from poselift.demo.parser import Parser
from poselift.errors import PoseliftError
from poselift.progress import Reporter
from poselift.settings import Settings

if TYPE_CHECKING:
    from poselift.batch import Batch, Record, Summary
    from poselift.batch.engine import Engine

__all__ = ["USAGE", "add_options", "log_asked_for", "run"]

USAGE = "SOURCE ... --out DEST [options]"


def add_options(parser: Parser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "sources", nargs="*", default=[], metavar="SOURCE",
        help="a folder, a video, a quoted pattern such as 'clips/**/*.mp4', an s3, http or rtsp "
        "address, or a .txt file with one video or address per line",
    )  # fmt: skip
    group = parser.add_argument_group("batch")
    group.add_argument("--shard", metavar="I/N",
                       help="only part I of N, counted from 0")  # fmt: skip
    group.add_argument("--jobs", type=int, metavar="K",
                       help="processes, which share the cores (default: 1); with `--engine ray` "
                       "workers (default: as many as fit on the cluster)")  # fmt: skip
    group.add_argument("--engine", choices=["local", "ray"], default="local",
                       help="where the workers run (default: local)")  # fmt: skip
    group.add_argument("--address", metavar="HOST:PORT",
                       help="the cluster's head (default: RAY_ADDRESS, or none)")  # fmt: skip
    group.add_argument("--cpus-per-worker", type=int, metavar="N",
                       help="cores of each worker on the cluster (default: 2)")  # fmt: skip
    group.add_argument("--gpus-per-worker", type=float, metavar="N",
                       help="GPUs of each worker on the cluster (default: 0)")  # fmt: skip
    group.add_argument("--split", type=float, metavar="MINUTES",
                       help="see longer videos in parts of this length")  # fmt: skip
    group.add_argument("--time-limit", type=float, metavar="S",
                       help="a video that takes longer, in seconds, has failed")  # fmt: skip
    group.add_argument("--memory-limit", type=float, metavar="MB",
                       help="a video whose process takes more has failed")  # fmt: skip
    group.add_argument("--scratch-limit", type=float, metavar="MB",
                       help="the largest video fetched from a store (default: 20000)")  # fmt: skip
    group.add_argument("--limit", type=int, metavar="N", help="at most N videos in this run")
    group.add_argument("--largest-first", action="store_true",
                       help="begin with the largest files")  # fmt: skip
    group.add_argument("--retry-failed", action="store_true",
                       help="also try the videos again that have failed")  # fmt: skip
    what = group.add_mutually_exclusive_group()
    what.add_argument("--dry-run", action="store_true", help="list what would be processed")
    what.add_argument("--list-failed", action="store_true",
                      help="list what has failed in DEST, and why")  # fmt: skip
    what.add_argument("--manifest", action="store_true",
                      help="only write the manifest from the records in DEST")  # fmt: skip
    add_settings_options(parser, ["video"])
    for action in parser._actions:
        if action.dest == "cache":  # a batch keeps no 2D tracks anyway
            action.help = argparse.SUPPRESS
    add_command_options(parser)


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Process, or list, or write the manifest."""
    set_up_logging(options.debug)
    settings = settings_from(options, "video", reporter)
    if options.limit is not None and options.limit < 1:
        raise PoseliftError(f"A limit of {options.limit} videos.", "Give 1 or more.")
    if options.list_failed:
        return _list_failed(settings, reporter)
    if options.manifest:
        return _write_manifest(settings, reporter)
    from poselift.batch import Batch, Limits, Shard

    shard = Shard.parsed(options.shard) if options.shard else None
    batch = Batch(options.sources, settings, shard=shard, split=options.split, reporter=reporter)
    if options.dry_run:
        return _list_missing(batch, reporter, options)
    summary = batch.run(
        engine=_engine(options),
        limits=Limits(options.time_limit, options.memory_limit, options.scratch_limit),
        retry_failed=options.retry_failed,
        limit=options.limit,
        largest_first=options.largest_first,
        told=lambda record: _tell(record, reporter),
    )
    # Shards that end at the same time would each write it.
    if shard is None and batch.records.any():
        _write_manifest(settings, reporter)
    _tell_summary(summary, reporter)
    if summary.interrupted:
        return 130
    return 2 if summary.failed or summary.kept_failed else 0


def _engine(options: argparse.Namespace) -> Engine:
    """Where the workers run; options that only the other engine knows are refused."""
    from poselift.batch import OnRay
    from poselift.batch.local import Local

    of_ray = {name: getattr(options, name) for name in _OF_RAY}
    given = {_OF_RAY[name]: value for name, value in of_ray.items() if value is not None}
    if options.engine == "ray":
        return OnRay(workers=options.jobs, **given)
    if given:
        named = next(name for name, value in of_ray.items() if value is not None)
        raise PoseliftError(f"--{named.replace('_', '-')} is for a cluster.", "Add --engine ray.")
    return Local(1 if options.jobs is None else options.jobs)


_OF_RAY = {"address": "address", "cpus_per_worker": "cpus", "gpus_per_worker": "gpus"}


def _tell(record: Record, reporter: Reporter) -> None:
    """A line for each failure; for programs also an event for each video."""
    if record.error is not None:
        message, hint = record.error.message, record.error.hint
        named = message if record.source in message else f"{record.source}: {message}"
        reporter.problem(named, hint)
    if isinstance(reporter, JsonLines):
        facts = {name: value for name, value in record.as_dict().items() if name != "settings"}
        reporter.say(f"{facts['status']}: {record.source}", **facts)


def _tell_summary(summary: Summary, reporter: Reporter) -> None:
    parts = [f"{summary.done} done", f"{summary.failed} failed"]
    if summary.kept:
        parts.append(f"{summary.kept} were done before")
    if summary.kept_failed:
        parts.append(f"{summary.kept_failed} failed before (`--retry-failed` tries them again)")
    if summary.waiting:
        parts.append(f"{summary.waiting} wait for parts that other shards do")
    end = "interrupted: " if summary.interrupted else ""
    reporter.say(f"{end}{', '.join(parts)}", **dataclasses.asdict(summary))


def _list_missing(batch: Batch, reporter: Reporter, options: argparse.Namespace) -> int:
    """The address of each video that would be processed, on a line of its own."""
    from poselift.batch.telling import shown

    for unit in itertools.islice(batch.missing(options.retry_failed), options.limit):
        _write(shown(unit), reporter, id=unit.id, folder=unit.folder)
    return 0


def _list_failed(settings: Settings, reporter: Reporter) -> int:
    """Each failure on a line: the address, a tab, and why."""
    from poselift.batch import records_at

    for record in records_at(settings.out):
        if record.error is not None:
            error = " ".join(record.error.message.split())
            _write(f"{record.source}\t{error}", reporter, **record.as_dict())
    return 0


def _write(line: str, reporter: Reporter, **facts: Any) -> None:
    """A line of a list on standard output, or an event."""
    if isinstance(reporter, JsonLines):
        reporter.say(line, **facts)
    else:
        sys.stdout.write(f"{line}\n")


def _write_manifest(settings: Settings, reporter: Reporter) -> int:
    from poselift.batch import write_manifest

    for path in write_manifest(settings.out):
        reporter.say(f"wrote {path}", file=path)
    return 0
