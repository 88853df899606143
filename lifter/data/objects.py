"""Reading .npz files whose arrays hold dictionaries, without running what a pickle asks for."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from poselift.errors import PoseliftError
from poselift.weights.pickles import Budget
from poselift.weights.unpickled import resolved
from poselift.weights.unpickling import ForbiddenNameError, SafeUnpickler


def read_objects(path: Path | str) -> dict[str, Any]:
    """The arrays of an .npz; those of dictionaries as dictionaries.

    The field's files are pickles inside .npz. Only arrays of numbers, dictionaries, lists, texts
    and numbers are built, of no more memory than a few times the file's size; a file that asks for
    anything else is refused whole.
    """
    path = Path(path)
    if not path.is_file():
        raise PoseliftError(f"No such file: {path}", "docs/training.md says where it comes from.")
    budget = Budget(path.name, path.stat().st_size)
    out: dict[str, Any] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                budget.take(member.file_size)
                content = archive.read(member)
                out[member.filename.removesuffix(".npy")] = _read_array(content, budget)
    except ForbiddenNameError as error:
        raise PoseliftError(
            f"{path.name} holds a {error}, which no data set needs.",
            "It may run code when it is read; get it from its publisher again.",
        ) from error
    except PoseliftError:
        raise
    # A damaged pickle can raise any exception at all, none of which is a bug of ours.
    except Exception as error:
        raise PoseliftError(
            f"{path} is not a complete .npz file ({type(error).__name__}: {error}).",
            "Download it again.",
        ) from error
    return out


def _read_array(content: bytes, budget: Budget) -> Any:
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read: Callable[..., Any] = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read(file)
    if not dtype.hasobject:
        data = content[file.tell() :]
        if min(shape, default=0) < 0 or prod(shape) * dtype.itemsize != len(data):
            raise ValueError(f"an array of shape {shape} and its {len(data)} bytes differ")
        return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C").copy()
    found = resolved(SafeUnpickler(file, budget).load(), budget, _no_tensor, lambda array: array)
    if not isinstance(found, np.ndarray) or found.dtype != object or found.shape != shape:
        raise ValueError("an array of objects that is none")
    return found.item() if shape == () else found


def _no_tensor(tensor: Any) -> Any:
    raise pickle.UnpicklingError("a tensor in a data set")
