"""The model inside a deployment zip of OpenMMLab: `end2end.onnx`, and `pipeline.json` beside it.

Names inside the archive are only looked at, never used as paths.
"""

from __future__ import annotations

import logging
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from poselift.errors import PoseliftError
from poselift.weights.places import secret_part

log = logging.getLogger(__name__)

_MODEL = "end2end.onnx"
_PIPELINE = "pipeline.json"
#: Most bytes of an unpacked model and of its description.
MOST_MODEL = 1 << 30
MOST_PIPELINE = 1 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BLOCK = 1 << 20


class NotAnArchiveError(Exception):
    """The file is no zip, or a damaged one."""


def pipeline_path(model: Path) -> Path:
    """Where the description of an unpacked model's input lies.

    >>> pipeline_path(Path("rtmpose-m.onnx")).name
    'rtmpose-m.pipeline.json'
    """
    return model.with_suffix(f".{_PIPELINE}")


@contextmanager
def unpacked(archive: Path, target: Path) -> Iterator[tuple[Path, bytes | None]]:
    """The model of `archive` in a temporary file beside `target`, and its pipeline.json.

    The temporary file is removed at the end if it is still there.

    Raises:
        NotAnArchiveError: no zip, or a damaged one.
        PoseliftError: a zip without one model, with too large a one, or encrypted.
    """
    part = secret_part(target)
    try:
        with part.open("xb") as file:
            pipeline = _copy(archive, file)
        yield part, pipeline
    finally:
        part.unlink(missing_ok=True)


def _copy(archive: Path, file: IO[bytes]) -> bytes | None:
    try:
        with zipfile.ZipFile(archive) as opened:
            model = _only(opened, _MODEL, MOST_MODEL)
            pipeline = _only(opened, _PIPELINE, MOST_PIPELINE)
            if model is None:
                raise PoseliftError(
                    f"The archive holds no {_MODEL}: {', '.join(opened.namelist()[:5])[:300]}.",
                    "It is another kind of archive than was expected: look for the model on its "
                    "publisher's pages.",
                )
            log.info("%s unpacks to %.1f MB", _MODEL, model.file_size / 1e6)
            if shutil.disk_usage(archive.parent).free < model.file_size:
                raise PoseliftError(
                    f"Not enough space on the disk to unpack {model.file_size / 1e6:.0f} MB.",
                    "Free some space, or set POSELIFT_WEIGHTS to a folder on another disk.",
                )
            with opened.open(model) as source:
                shutil.copyfileobj(source, file, _BLOCK)
            return None if pipeline is None else opened.read(pipeline)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise NotAnArchiveError(str(error)) from error


def _only(archive: zipfile.ZipFile, name: str, most: int) -> zipfile.ZipInfo | None:
    """The one member with this file name, in whatever folder; None where there is none."""
    found = [info for info in archive.infolist() if info.filename.rpartition("/")[2] == name]
    if not found:
        return None
    info = found[0]
    why = ""
    if len(found) > 1:
        why = f"{len(found)} files called {name}"
    elif info.file_size > most:
        why = f"a {name} of {info.file_size / 1e6:.0f} MB; at most {most / 1e6:.0f} MB are unpacked"
    elif info.flag_bits & 1:
        why = f"an encrypted {name}"
    elif info.compress_type not in _METHODS:
        why = f"a {name} packed by a method that is not read"
    if why:
        raise PoseliftError(
            f"The archive holds {why}.", "Nothing was unpacked: get it from its publisher again."
        )
    return info
