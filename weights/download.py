"""Fetching a weight file: resumed after a break, checked before it gets its name."""

from __future__ import annotations

import errno
import http.client
import logging
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from poselift.errors import PoseliftError
from poselift.weights.entry import WeightsEntry
from poselift.weights.integrity import sha256_of, verify
from poselift.weights.places import fetch_folder, locate
from poselift.weights.registry import entry, how_to_get

log = logging.getLogger(__name__)

#: Called with the bytes that are here and the bytes that are expected (None: not said).
Progress = Callable[[int, int | None], None]

_BLOCK = 1 << 18
_NEVER_RIGHT = {400, 401, 403, 404, 410, 451}  # asking again would not help

_NETWORK_TROUBLE = (
    urllib.error.URLError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
)


@dataclass(frozen=True)
class Patience:
    """How long to try: seconds of silence, tries that bring nothing, seconds between tries."""

    timeout: float = 30.0
    tries: int = 4
    pause: float = 1.0


class _BrokenError(Exception):
    """This try ended early; what came is kept."""


def fetch(name: str, progress: Progress | None = None, patience: Patience | None = None) -> Path:
    """The path of the file of `name`, fetched where it is not on this machine.

    A file that is here but is not what its publisher's SHA-256 says is fetched again. Files that
    ship, the user's own and those on a cloud drive cannot be fetched: the error says what to do.
    """
    wanted = entry(name)
    here = locate(wanted.file)
    if here is not None and verify(wanted) != "differs":
        return here
    if not wanted.source.startswith("http"):
        state = "are damaged" if here is not None else "are not on this machine"
        raise PoseliftError(f"The weights {name!r} ({wanted.file}) {state}.", how_to_get(wanted))
    return download(wanted, fetch_folder() / wanted.file, progress, patience)


def download(
    wanted: WeightsEntry,
    target: Path,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> Path:
    """Fetch `wanted.source` to `target`.

    It arrives as `target` + ".part", which a later call goes on with, and is renamed once its
    SHA-256 is right.
    """
    patience = patience or Patience()
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        resumed = part.is_file() and part.stat().st_size > 0
        _complete(wanted, part, progress, patience)
        if not _is_right(wanted, part) and resumed:
            # What was there before may have been the beginning of another version.
            log.info("%s does not go on where the file here ends: from the start", wanted.source)
            part.unlink()
            _complete(wanted, part, progress, patience)
        if not _is_right(wanted, part):
            part.unlink()
            raise PoseliftError(
                f"{wanted.source} is not the file that it should be: its SHA-256 does not begin "
                f"with {wanted.sha256}. It was deleted.",
                "A proxy or a login page may have answered instead: try another network, or fetch "
                f"it elsewhere and put it at {target}.",
            )
        return part.replace(target)
    except OSError as error:
        raise _local_trouble(error, target) from error


def _is_right(wanted: WeightsEntry, part: Path) -> bool:
    return sha256_of(part).startswith(wanted.sha256.lower())


def _complete(
    wanted: WeightsEntry, part: Path, progress: Progress | None, patience: Patience
) -> None:
    """Try until the file is whole; only tries that bring nothing count against `patience`."""
    failures = 0
    while True:
        before = part.stat().st_size if part.is_file() else 0
        try:
            _go_on(wanted.source, part, progress, patience.timeout)
            return
        except _BrokenError as broken:
            log.info("%s: %s", wanted.source, broken)
            grown = part.is_file() and part.stat().st_size > before
            failures = 1 if grown else failures + 1
            if failures >= patience.tries:
                raise _unreachable(wanted, part.with_suffix(""), broken) from broken
            time.sleep(patience.pause)


def _go_on(url: str, part: Path, progress: Progress | None, timeout: float) -> None:
    """One request for what is missing of `part`; raises `_BrokenError` where it ends early."""
    have = part.stat().st_size if part.is_file() else 0
    headers = {"User-Agent": "poselift", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=timeout
        ) as answer:
            start, total = _extent(answer, have)
            _receive(answer, part, start, total, progress)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            # Either all of it was here or it is another file: its end tells which.
            if error.headers.get("Content-Range") == f"bytes */{have}":
                return
            part.unlink()
        elif error.code in _NEVER_RIGHT:
            raise PoseliftError(
                f"{url} answers {error.code} {error.reason}.",
                f"The file may have moved: look for it at its publisher's and put it at "
                f"{part.with_suffix('')}.",
            ) from error
        raise _BrokenError(f"the server answers {error.code}") from error
    except _NETWORK_TROUBLE as error:
        reason = str(getattr(error, "reason", error)) or type(error).__name__
        raise _BrokenError(reason) from error


def _extent(answer: http.client.HTTPResponse, have: int) -> tuple[int, int | None]:
    """Where in the file the answer's bytes begin, and how long the whole file is."""
    length = answer.headers.get("Content-Length", "")
    size = int(length) if length.isdigit() else None
    if answer.status != http.client.PARTIAL_CONTENT:
        return 0, size  # a server without ranges: all of it again
    whole = answer.headers.get("Content-Range", "")
    if not whole.startswith(f"bytes {have}-"):
        raise _BrokenError(f"asked for bytes {have}-, the server gives {whole!r}")
    end = whole.rpartition("/")[2]
    return have, int(end) if end.isdigit() else None if size is None else have + size


def _receive(
    answer: http.client.HTTPResponse,
    part: Path,
    start: int,
    total: int | None,
    progress: Progress | None,
) -> None:
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        have = start
        while block := answer.read(_BLOCK):
            file.write(block)
            have += len(block)
            if progress is not None:
                progress(have, total)
    if total is not None and have < total:
        raise _BrokenError(f"the connection ended after {have} of {total} bytes")


def _unreachable(wanted: WeightsEntry, target: Path, why: Exception) -> PoseliftError:
    return PoseliftError(
        f"Cannot fetch {wanted.source}: {why}.",
        f"Without a connection: fetch it on another machine and put it at {target}. What came is "
        f"kept; `python -m weights get {wanted.name}` goes on from there.",
    )


def _local_trouble(error: OSError, target: Path) -> PoseliftError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return PoseliftError(
            f"No room on the disk for {target}.",
            "Make room, or set POSELIFT_WEIGHTS to a folder on another disk.",
        )
    return PoseliftError(
        f"Cannot write {target}: {error.strerror or error}.",
        "Set POSELIFT_WEIGHTS to a folder that you may write to.",
    )
