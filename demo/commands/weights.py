"""List, fetch, check and add weight files.

examples:
  poselift weights list
  poselift weights recommend
  poselift weights get rtmpose-m
  poselift weights verify
  poselift weights add best.bin --model sct --set frames=81 ratio=0.5
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from poselift import weights
from poselift.demo.parser import add_settings, note
from poselift.errors import PoseliftError
from poselift.progress import Reporter


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    commands = parser.add_subparsers(
        required=True, dest="what", metavar="list|get|recommend|verify|add"
    )
    listing = commands.add_parser("list", help="list all files, and whether they are installed")
    listing.set_defaults(do=_list)

    get = commands.add_parser("get", help="download a file and verify it")
    get.add_argument("name", metavar="NAME")
    get.set_defaults(do=_get)

    recommend = commands.add_parser(
        "recommend", help="say what to fetch for which machine, and time what is installed"
    )
    recommend.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    recommend.set_defaults(do=_recommend)

    verify = commands.add_parser("verify", help="check installed files against their SHA-256")
    verify.add_argument("name", metavar="NAME", nargs="?")
    verify.set_defaults(do=_verify)

    add = commands.add_parser("add", help="register a file of your own under a name")
    add.add_argument("file", metavar="FILE")
    add.add_argument("--model", required=True, help="the model: sct, rtmpose, hrnet, yolo ...")
    add.add_argument("--name", default="", help="what to call it (default: the file's name)")
    add_settings(add, "settings of the model, such as frames=243")
    add.add_argument(
        "--normalisation", choices=("screen", "crop", "ray"), help="of a lifter's 2D input"
    )
    add.add_argument("--conversion", help="the joint conversion that it was trained with")
    add.add_argument("--units", choices=("metres", "screen"), help="of a lifter's output")
    add.add_argument("--fps", type=float, help="the rate that a lifter expects")
    add.add_argument("--licence", default="not stated")
    add.add_argument("--note", default="")
    add.set_defaults(do=_add)


def run(options: argparse.Namespace, reporter: Reporter) -> int:
    """Do what the options say."""
    code: int = options.do(options)
    return code


def _list(options: argparse.Namespace) -> int:
    rows = [("name", "for", "here", "licence", "note")]
    rows += [
        (known.name, known.model, _where(known), _short(known.licence), known.note)
        for known in weights.ENTRIES.values()
    ]
    _print_table(rows)
    return 0


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they must be; the last one is left ragged."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[-1]]).rstrip())


def _recommend(options: argparse.Namespace) -> int:
    from poselift.detectors.recommend import HEADER, table
    from poselift.detectors.table import ALLOWED_RATIO, BUDGET, REFERENCE

    _print_table([HEADER, *table(options.device)])
    print(
        "\nms here: one 1280x720 picture with one person, timed just now on this machine, if the "
        "model is installed.\n`auto` takes the best that needs at most "
        f"{BUDGET['keypointer']:.0f} ms (--pose) or {BUDGET['detector']:.0f} ms (--detector), or "
        f"{ALLOWED_RATIO:g} times {REFERENCE['keypointer']} or {REFERENCE['detector']}.\n"
        "AP: as published. Fetch with: poselift weights get NAME"
    )
    return 0


def _where(known: weights.WeightsEntry) -> str:
    if weights.available(known.name):
        return "yes"
    return "by hand" if known.is_manual else "no"


def _short(licence: str) -> str:
    return licence.split(";")[0]


def _get(options: argparse.Namespace) -> int:
    from poselift.weights.download import fetch

    # The library tells broken connections and the size of what it unpacks in its log.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    before = weights.entry(options.name)
    try:
        path = fetch(options.name, _Meter(options.name))
    except KeyboardInterrupt:
        note("\nstopped; run `get` again to continue")
        return 130
    after = weights.entry(options.name)
    if after.is_pinned and not before.is_pinned:
        note(
            f"its publisher gives no full SHA-256: {after.sha256} is recorded, and a file that "
            "differs will be rejected from now on"
        )
    print(path)
    return 0


class _Meter:
    """Says on one line of a terminal how far a download is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._next = 0.0

    def __call__(self, have: int, total: int | None) -> None:
        if not sys.stderr.isatty() or (time.monotonic() < self._next and have != total):
            return
        self._next = time.monotonic() + 0.2
        of = f" of {total / 1e6:.1f} MB, {have / total:.0%}" if total else " MB"
        end = "\n" if have == total else ""
        print(f"\r{self._name}: {have / 1e6:.1f}{of}", end=end, file=sys.stderr, flush=True)


def _verify(options: argparse.Namespace) -> int:
    from poselift.weights.integrity import verify

    chosen = [weights.entry(options.name)] if options.name else list(weights.ENTRIES.values())
    verdicts = {known.name: verify(known) for known in chosen}
    for name, verdict in verdicts.items():
        if options.name or verdict != "missing":
            print(f"{verdict:<10} {name}")
    bad = [name for name, verdict in verdicts.items() if verdict == "differs"]
    if options.name and verdicts[options.name] == "missing":
        weights.get(options.name)  # says what to do
    if bad:
        raise PoseliftError(
            f"Not the files that their publishers provide: {', '.join(bad)}.",
            "`poselift weights get NAME` fetches a file again; reinstall Poselift to restore "
            "included files.",
        )
    return 0


def _add(options: argparse.Namespace) -> int:
    from poselift.detectors.registry import names
    from poselift.detectors.table import ALIASES
    from poselift.weights.adding import add

    called = options.name or Path(options.file).stem
    if called in ALIASES or any(called in known for known in names().values()):
        raise PoseliftError(
            f"{called!r} is the name of a detector or keypointer.", "Choose another: --name NAME."
        )
    added = add(
        options.file,
        options.model,
        name=options.name,
        settings=dict(options.set),
        normalisation=options.normalisation,
        conversion=options.conversion,
        units=options.units,
        fps=options.fps,
        licence=options.licence,
        note=options.note,
    )
    print(f"{added.name}: {added.model}, {added.file}")
    return 0
