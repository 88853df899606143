"""Reading .npz files whose arrays hold dictionaries, without running what a pickle asks for."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from poselift.errors import PoseliftError

_NUMPY = {
    ("multiarray", "_reconstruct"),
    ("multiarray", "scalar"),
    ("numeric", "_frombuffer"),
    ("", "ndarray"),
    ("", "dtype"),
}


class _ArraysOnly(pickle.Unpickler):
    """Builds dictionaries, lists, numbers, texts and NumPy arrays; anything else is refused."""

    def find_class(self, module: str, name: str) -> Any:
        package, _, rest = module.partition(".")
        inner = rest.removeprefix("_core.").removeprefix("core.")
        if package != "numpy" or (inner, name) not in _NUMPY:
            raise PoseliftError(
                f"The file holds a {module}.{name}, which no data set needs.",
                "It may run code when it is read; get it from its publisher again.",
            )
        return super().find_class(module, name)


def read_objects(path: Path | str) -> dict[str, Any]:
    """The arrays of an .npz; those of dictionaries as dictionaries.

    The field's files are pickles inside .npz. Only arrays, dictionaries, lists, texts and numbers
    are built; a file that asks for anything else is refused whole.
    """
    path = Path(path)
    if not path.is_file():
        raise PoseliftError(f"No such file: {path}", "docs/training.md says where it comes from.")
    out: dict[str, Any] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as file:
                    out[name.removesuffix(".npy")] = _read_array(io.BytesIO(file.read()))
    except (zipfile.BadZipFile, pickle.UnpicklingError, EOFError, ValueError) as error:
        raise PoseliftError(
            f"{path} is not a whole .npz file ({error}).", "Get it again."
        ) from error
    return out


def _read_array(file: IO[bytes]) -> Any:
    version = np.lib.format.read_magic(file)
    read: Callable[..., Any] = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(file)
    if not dtype.hasobject:
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)
    content = _ArraysOnly(file).load()
    return content.item() if shape == () else content
