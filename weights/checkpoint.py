"""Read a PyTorch checkpoint from a stranger: tensors, numbers, strings, containers; no code.

A `.pth`, `.pt` or `.bin` file is a pickle, and a pickle may name any function and call it. Here
every name goes through one table: what makes tensors is done by code of this module, a few classes
known to be harmless (a random generator's state, mmengine's history of the loss) become objects
that do nothing, and any other name refuses the whole file before anything else is read.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from poselift.errors import PoseliftError
from poselift.weights.pickles import Budget
from poselift.weights.unpickled import resolved
from poselift.weights.unpickling import (
    ForbiddenNameError,
    LazyTensor,
    SafeUnpickler,
    Storage,
)

_MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of a file in torch's old format


def read_checkpoint(path: str | Path) -> Any:
    """The content of a checkpoint: nested dicts, lists and tuples of tensors, numbers, strings.

    Both of torch's formats are read, on the CPU whatever device it was written from. What is
    neither of those (a random state) comes as an `Inert` object without behaviour.

    Raises:
        PoseliftError: no such file, a damaged or truncated one, or one that names anything that
            could run code.
    """
    path = Path(path)
    if not path.is_file():
        raise PoseliftError(f"No such file: {path}", "Check the path.")
    try:
        budget = Budget(path.name, path.stat().st_size)
        with path.open("rb") as file:
            if zipfile.is_zipfile(file):
                return _read_zip(file, budget)
            file.seek(0)
            return _read_legacy(file, budget)
    except ForbiddenNameError as error:
        raise PoseliftError(
            f"{path.name} is refused: it names {error}, which is no part of a checkpoint and could "
            "run code.",
            "Nothing of it was executed. Get the file from its authors; do not load it elsewhere.",
        ) from error
    except PoseliftError:
        raise
    # A damaged pickle can raise any exception at all, none of which is a bug of ours.
    except Exception as error:
        raise PoseliftError(
            f"{path.name} is not a complete PyTorch checkpoint ({type(error).__name__}: {error}).",
            "It may be truncated, or another kind of file: get it again and compare its size.",
        ) from error


def find_state_dict(
    content: Any,
    file: str = "the file",
    wrappers: Sequence[str] = ("model_pos", "state_dict", "model"),
    prefixes: Sequence[str] = ("module.",),
) -> dict[str, Any]:
    """The tensors by name from what `read_checkpoint` gave, however they were wrapped.

    Args:
        content: what `read_checkpoint` returned.
        file: what to call it in an error.
        wrappers: keys under which a state may lie, also one inside another.
        prefixes: beginnings that are taken off the names, as often as they occur.

    >>> import torch
    >>> list(find_state_dict({"epoch": 3, "model_pos": {"module.head.weight": torch.ones(2)}}))
    ['head.weight']
    """
    import torch

    while isinstance(content, Mapping):
        inner = next((content[k] for k in wrappers if isinstance(content.get(k), Mapping)), None)
        if inner is None:
            break
        content = inner
    tensors = (
        {k: v for k, v in content.items() if isinstance(k, str) and isinstance(v, torch.Tensor)}
        if isinstance(content, Mapping)
        else {}
    )
    if not tensors:
        raise PoseliftError(
            f"{file} holds no weights: no tensors by name, neither at the top nor under "
            f"{', '.join(wrappers)}.",
            "Choose the file with the network's weights.",
        )
    return {_without(prefixes, key): value for key, value in tensors.items()}


def _without(prefixes: Sequence[str], key: str) -> str:
    while prefix := next((p for p in prefixes if p and key.startswith(p)), None):
        key = key[len(prefix) :]
    return key


def _read_zip(file: IO[bytes], budget: Budget) -> Any:
    with zipfile.ZipFile(file) as archive:
        entries = {info.filename: info for info in archive.infolist()}
        pickles = [entry for entry in entries if entry.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError("a zip file without a data.pkl")
        folder = pickles[0].removesuffix("data.pkl")
        if any(info.compress_type != zipfile.ZIP_STORED for info in entries.values()):
            raise ValueError("its parts are compressed, which torch never does")
        order = folder + "byteorder"
        if order in entries and archive.read(order) != b"little":
            raise ValueError("it was written on a big-endian machine")
        storages: dict[str, Storage] = {}

        def storage(key: str, dtype: Any, elements: int) -> Storage:
            if key not in storages:
                part = f"{folder}data/{key}"
                budget.take(archive.getinfo(part).file_size)
                # A part's checksum is verified as it is read.
                storages[key] = Storage(dtype, elements, archive.read(part))
            return storages[key]

        budget.take(archive.getinfo(pickles[0]).file_size)
        loaded = SafeUnpickler(io.BytesIO(archive.read(pickles[0])), budget, storage).load()
        return _resolve(loaded, budget)


def _read_legacy(file: IO[bytes], budget: Budget) -> Any:
    storages: dict[str, Storage] = {}

    def storage(key: str, dtype: Any, elements: int) -> Storage:
        return storages.setdefault(key, Storage(dtype, elements))

    def load() -> Any:
        return SafeUnpickler(file, budget, storage).load()

    first = load()
    if first != _MAGIC or isinstance(first, bool):
        if isinstance(first, Mapping):  # a plain pickle, of NumPy arrays
            return _resolve(first, budget)
        raise pickle.UnpicklingError("not a checkpoint")
    load()  # the format's version
    system = load()
    if isinstance(system, Mapping) and system.get("little_endian") is False:
        raise ValueError("it was written on a big-endian machine")
    loaded = load()
    for key in load():
        (elements,) = struct.unpack("<q", file.read(8))
        found = storages[key]
        size = elements * found.itemsize
        left = _remaining(file)
        if elements != found.elements or not 0 <= size <= left:
            raise ValueError("a tensor's size and its bytes differ")
        budget.take(size)
        found.data = file.read(size)
    return _resolve(loaded, budget)


def _remaining(file: IO[bytes]) -> int:
    here = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(here)
    return end - here


def _resolve(value: Any, budget: Budget) -> Any:
    """Make the tensors real, everywhere in a nest of containers; arrays of numbers become such."""
    import torch

    return resolved(
        value,
        budget,
        _tensor,
        lambda array: torch.from_numpy(array) if array.dtype != object else array,
    )


def _tensor(lazy: LazyTensor) -> Any:
    import torch

    storage = lazy.storage
    if storage.data is None or len(storage.data) < storage.elements * storage.itemsize:
        raise ValueError("a tensor's bytes are missing")
    count = math.prod(lazy.size)
    last = lazy.offset + sum((n - 1) * step for n, step in zip(lazy.size, lazy.stride, strict=True))
    fits = min((lazy.offset, *lazy.size, *lazy.stride)) >= 0
    if not fits or count > storage.elements or (count and last >= storage.elements):
        raise ValueError("a tensor reaches beyond its bytes")
    if not count:
        return torch.empty(lazy.size, dtype=lazy.dtype)
    return storage.flat(lazy.dtype).as_strided(lazy.size, lazy.stride, lazy.offset).clone()
