"""Fetching a weight file: resumed after a break, checked before it gets its name.

Why this is not a library: pooch 1.9, the best kept of them, begins every file from the start, has
no limit but on silence between two bytes, and unpacks archives without a bound. With it we would
still write most of this file.
"""

from __future__ import annotations

import errno
import http.client
import logging
import shutil
import time
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from poselift.errors import PoseliftError
from poselift.weights.entry import WeightsEntry
from poselift.weights.integrity import sha256_of, verify
from poselift.weights.part_file import PartFile
from poselift.weights.places import fetch_folder, locate
from poselift.weights.registry import entry, how_to_get
from poselift.weights.transfer import BrokenError, Transfer, header_number
from poselift.weights.unpack import NotAnArchiveError, pipeline_path, unpacked
from poselift.weights.user import user_registry, write_pin

log = logging.getLogger(__name__)

#: Called with the bytes that are here and the bytes that are expected (None: not said).
Progress = Callable[[int, int | None], None]

#: Nothing that Poselift knows is a quarter as large.
MOST_BYTES = 1 << 30
_NEVER_RIGHT = {400, 401, 403, 404, 410, 451}  # asking again would not help


@dataclass(frozen=True)
class Patience:
    """How long to try.

    Attributes:
        timeout: seconds of silence after which a connection is given up.
        tries: how many tries in a row may bring less than `least`.
        pause: seconds between tries.
        window: seconds within which `least` bytes must come.
        least: bytes; a server that sends less is as good as silent.
    """

    timeout: float = 30.0
    tries: int = 4
    pause: float = 1.0
    window: float = 60.0
    least: int = 60_000


def fetch(name: str, progress: Progress | None = None, patience: Patience | None = None) -> Path:
    """The path of the file of `name`, fetched if it is not on this machine.

    A file that is here but does not have the expected SHA-256 is fetched again. Files that ship,
    files of the user's own and those on a cloud drive cannot be fetched: the error says what to do.

    Where the publisher gives no whole SHA-256, that of the first file fetched is recorded in the
    user's registry, and a later one that differs is refused.
    """
    wanted = entry(name)
    here = locate(wanted.file)
    if here is not None and verify(wanted) != "differs":
        return here
    if not wanted.is_fetchable:
        state = "are damaged" if here is not None else "are not on this machine"
        raise PoseliftError(f"The weights {name!r} ({wanted.file}) {state}.", how_to_get(wanted))
    path = download(wanted, fetch_folder() / wanted.file, progress, patience)
    if len(wanted.sha256) < 64:
        write_pin(name, sha256_of(path))
    return path


def download(
    wanted: WeightsEntry,
    target: Path,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> Path:
    """Fetch `wanted.source` to `target`; of a zip, the model inside.

    It arrives as `target` + ".part", which a later call continues, and is renamed once its SHA-256
    is right.
    """
    patience = patience or Patience()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with PartFile(target) as part:
            if not wanted.sha256 and not wanted.is_archive:
                part.truncate()  # nothing would tell a stale beginning from a good one
            resumed = part.size > 0
            _complete(wanted, part, progress, patience)
            wrong = _finish(wanted, part, target)
            if wrong and resumed:
                # What was there before may have been the beginning of another version.
                log.info("%s does not continue the file here: from the start", wanted.source)
                part.truncate()
                _complete(wanted, part, progress, patience)
                wrong = _finish(wanted, part, target)
            if wrong:
                part.remove()
                raise _not_the_file(wanted, target, wrong)
            return target
    except OSError as error:
        raise _local_trouble(error, target) from error


def _finish(wanted: WeightsEntry, part: PartFile, target: Path) -> str:
    """Give what came its name if it is right; what is wrong with it otherwise."""
    if not wanted.is_archive:
        wrong = _wrong_digest(wanted, part.path)
        if not wrong:
            part.rename()
        return wrong
    try:
        with unpacked(part.path, target) as (model, pipeline):
            wrong = _wrong_digest(wanted, model)
            if wrong:
                return wrong
            _write_beside(target, pipeline)
            model.replace(target)
    except NotAnArchiveError as error:
        return f"it is not a whole zip archive ({error})"
    except PoseliftError:
        part.remove()
        raise
    part.remove()
    return ""


def _write_beside(target: Path, pipeline: bytes | None) -> None:
    beside = pipeline_path(target)
    beside.unlink(missing_ok=True)  # of an earlier version; a link would be written through
    if pipeline is not None:
        with beside.open("xb") as file:
            file.write(pipeline)


def _wrong_digest(wanted: WeightsEntry, file: Path) -> str:
    if not wanted.sha256 or sha256_of(file).startswith(wanted.sha256.lower()):
        return ""
    return f"its SHA-256 does not begin with {wanted.sha256}"


def _complete(
    wanted: WeightsEntry, part: PartFile, progress: Progress | None, patience: Patience
) -> None:
    """Try until the file is whole; only tries that bring next to nothing count."""
    failures = 0
    while True:
        before = part.size
        try:
            _continue(wanted, part, progress, patience)
            return
        except BrokenError as broken:
            log.info("%s: %s", wanted.source, broken)
            grown = part.size - before >= patience.least
            failures = 1 if grown else failures + 1
            if failures >= patience.tries:
                raise _unreachable(wanted, part.target, broken) from broken
            time.sleep(patience.pause)


def _continue(
    wanted: WeightsEntry, part: PartFile, progress: Progress | None, patience: Patience
) -> None:
    """One request for what is missing of `part`; raises `BrokenError` where it ends early."""
    have, url = part.size, wanted.source
    headers = {"User-Agent": "poselift", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        transfer = Transfer(url, headers, patience.timeout)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and have:
                # Either all of it was here or it is another file: its end tells which.
                if error.headers.get("Content-Range") == f"bytes */{have}":
                    return
                part.truncate()
            elif error.code in _NEVER_RIGHT:
                raise PoseliftError(
                    f"{url} answers {error.code} {error.reason}.",
                    f"The file may have moved: look for it on its publisher's pages and "
                    f"{_put(wanted, part.target)}.",
                ) from error
            raise BrokenError(f"the server answers {error.code}") from error
    try:
        start, total = _extent(transfer.answer, have)
        _check_size(url, start, total, part.target)
        _receive(transfer, part, start, total, progress, patience)
    finally:
        transfer.close()


def _extent(answer: http.client.HTTPResponse, have: int) -> tuple[int, int | None]:
    """Where in the file the answer's bytes begin, and how long the whole file is."""
    size = header_number(answer.headers.get("Content-Length"))
    if answer.status != http.client.PARTIAL_CONTENT:
        return 0, size  # a server without ranges: all of it again
    whole = answer.headers.get("Content-Range", "")
    if not whole.startswith(f"bytes {have}-"):
        raise BrokenError(f"asked for bytes {have}-, the server gives {whole[:80]!r}")
    end = header_number(whole.rpartition("/")[2])
    return have, end if end is not None else None if size is None else have + size


def _check_size(url: str, start: int, total: int | None, target: Path) -> None:
    if total is None:
        return
    if total > MOST_BYTES:
        raise _too_large(url, f"{total / 1e9:.1f} GB")
    if shutil.disk_usage(target.parent).free < total - start:
        raise OSError(errno.ENOSPC, f"{(total - start) / 1e6:.0f} MB are needed")


def _receive(
    transfer: Transfer,
    part: PartFile,
    start: int,
    total: int | None,
    progress: Progress | None,
    patience: Patience,
) -> None:
    have = part.begin(start)
    mark, deadline = have, time.monotonic() + patience.window
    for block in transfer if total is None or have < total else ():
        have = part.write(block)
        if progress is not None:
            progress(have, total)
        if have > MOST_BYTES:
            raise _too_large(transfer.answer.url, f"more than {MOST_BYTES / 1e9:.1f} GB")
        if total is not None and have >= total:
            break  # a server may keep the connection open
        if time.monotonic() > deadline:
            if have - mark < patience.least:
                raise BrokenError(
                    f"{have - mark} bytes in {patience.window:g} s, which is too slow to go on"
                )
            mark, deadline = have, time.monotonic() + patience.window
    if total is not None and have < total:
        raise BrokenError(f"the connection ended after {have} of {total} bytes")


def _put(wanted: WeightsEntry, target: Path) -> str:
    return f"put {'the end2end.onnx inside it' if wanted.is_archive else 'it'} at {target}"


def _too_large(url: str, size: str) -> PoseliftError:
    return PoseliftError(
        f"{url} is {size}; at most {MOST_BYTES / 1e9:.1f} GB are fetched.",
        "That is no file of this kind. Fetch it yourself and `weights add` it if it is right.",
    )


def _not_the_file(wanted: WeightsEntry, target: Path, wrong: str) -> PoseliftError:
    hint = (
        "A proxy or a login page may have answered instead: try another network, or fetch "
        f"it elsewhere and {_put(wanted, target)}"
    )
    if wanted.is_pinned:
        hint += (
            ". If its publisher replaced the file since you first fetched it, delete "
            f'{wanted.name!r} under "pins" in {user_registry()}'
        )
    return PoseliftError(
        f"{wanted.source} is not the file that it should be: {wrong}. It was deleted.", hint + "."
    )


def _unreachable(wanted: WeightsEntry, target: Path, why: Exception) -> PoseliftError:
    return PoseliftError(
        f"Cannot fetch {wanted.source}: {why}.",
        f"Without a connection: fetch it on another machine and {_put(wanted, target)}. "
        f"What has arrived is kept; `poselift weights get {wanted.name}` continues from there.",
    )


def _local_trouble(error: OSError, target: Path) -> PoseliftError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return PoseliftError(
            f"Not enough space on the disk for {target}.",
            "Free some space, or set POSELIFT_WEIGHTS to a folder on another disk.",
        )
    return PoseliftError(
        f"Cannot write {target}: {error.strerror or error}.",
        "Set POSELIFT_WEIGHTS to a folder that you may write to.",
    )
