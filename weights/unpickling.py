"""The table of names that a checkpoint's pickle may use, and what each of them does here."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

#: Classes and constructors that checkpoints of the field carry beside the weights. They become
#: `Inert`: none of their code, nor that of anything they hold, is run.
HARMLESS = frozenset(
    {
        ("argparse", "Namespace"),
        ("collections", "Counter"),
        ("collections", "defaultdict"),
        ("easydict", "EasyDict"),
        ("mmcv.runner.log_buffer", "LogBuffer"),
        ("mmengine.config.config", "ConfigDict"),
        ("mmengine.logging.history_buffer", "HistoryBuffer"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("pathlib", "Path"),
        ("pathlib", "PosixPath"),
        ("pathlib", "PurePosixPath"),
        ("pathlib", "WindowsPath"),
        ("torch", "Generator"),
        ("torch", "Size"),
        ("torch", "device"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy.core.numeric", "_frombuffer"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
    }
)
#: Modules all of whose names are taken as `Inert`: states of random generators, types of arrays.
HARMLESS_MODULES = ("numpy.random", "numpy.dtypes", "mtrand")

_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "UntypedStorage": "uint8",
}
_DTYPES = frozenset((*_STORAGES.values(), "uint16", "uint32", "uint64", "complex64"))


class ForbiddenNameError(Exception):
    """A pickle names what is no part of a checkpoint and could run code."""


class Inert:
    """What stands for an object of a class that is not loaded: its name and parts, no behaviour.

    Attributes:
        inert_name: the class or function that it stands for.
        args: what it was called with.
        state: what it was filled with afterwards.
    """

    inert_name = ""

    args: tuple[Any, ...] = ()
    state: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args

    def __repr__(self) -> str:
        return f"<inert {self.inert_name}>"

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        """Forget what the pickle would append."""

    def extend(self, values: Any) -> None:
        """Forget what the pickle would append."""


class Storage:
    """The bytes under one or more tensors; in the old format they come after the pickle."""

    def __init__(self, dtype: str, elements: int, data: bytes | None = None) -> None:
        import torch

        self.dtype: Any = getattr(torch, dtype)
        self.itemsize: int = self.dtype.itemsize
        self.elements = elements
        self.data = data


@dataclass(frozen=True, eq=False)
class LazyTensor:
    """A tensor before its bytes are looked at: where they are, and their shape."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: Any


@dataclass(frozen=True)
class _Named:
    """A type of storage or of numbers, which is only ever a name."""

    dtype: str


StorageFinder = Callable[[str, str, int], Storage]


class SafeUnpickler(pickle.Unpickler):
    """An unpickler that knows the names above and no others."""

    def __init__(self, file: IO[bytes], storage: StorageFinder) -> None:
        super().__init__(file)
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        """What stands here for a name in the pickle; every name of a pickle comes through this."""
        if (module, name) in _BUILDERS:
            return _BUILDERS[module, name]
        if module in ("torch", "torch.storage") and name in _STORAGES:
            return _Named(_STORAGES[name])
        if module == "torch" and name in _DTYPES:
            return _Named(name)
        inside = any(module == m or module.startswith(m + ".") for m in HARMLESS_MODULES)
        if inside or (module, name) in HARMLESS:
            return type(name, (Inert,), {"inert_name": f"{module}.{name}"})
        raise ForbiddenNameError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        """The storage that a tensor names."""
        kind, named, key, _, elements = pid[:5]
        if kind != "storage" or not isinstance(named, _Named) or not isinstance(elements, int):
            raise pickle.UnpicklingError(f"unknown reference {kind!r}")
        storage = self._storage(str(key), named.dtype, elements)
        view = pid[5] if len(pid) > 5 else None
        if view is not None:
            raise pickle.UnpicklingError("storages that are views of others are not read")
        return storage


def _rebuild_tensor(
    storage: Any, offset: int, size: Any, stride: Any, *rest: Any, dtype: Any = None
) -> LazyTensor:
    if not isinstance(storage, Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    numbers = [int(number) for number in (offset, *size, *stride)]
    middle = 1 + len(size)
    kind = storage.dtype if dtype is None else dtype
    return LazyTensor(storage, numbers[0], tuple(numbers[1:middle]), tuple(numbers[middle:]), kind)


def _rebuild_parameter(data: LazyTensor, *rest: Any) -> LazyTensor:
    return data


def _encode(text: str, encoding: str = "latin1") -> bytes:
    # How bytes are written in pickles that Python 2 could read.
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError("an encoding that no checkpoint has")
    return text.encode("latin1")


def _complex(real: float, imaginary: float) -> complex:
    return complex(float(real), float(imaginary))


def _member(owner: Any, name: str) -> Any:
    # HistoryBuffer refers to its own methods through getattr.
    known = isinstance(owner, type) and issubclass(owner, Inert)
    if not known or not owner.inert_name.endswith(".HistoryBuffer"):
        raise ForbiddenNameError(f"builtins.getattr for {name!r}")
    return type(str(name), (Inert,), {"inert_name": f"{owner.inert_name}.{name}"})


def _bytearray(value: bytes = b"", *rest: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | list) else b""


_BUILDERS: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("torch.nn.parameter", "Parameter"): _rebuild_parameter,
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _encode,
    **{
        (module, name): maker
        for module in ("builtins", "__builtin__")
        for name, maker in {
            "set": lambda items=(): set(items),
            "frozenset": lambda items=(): frozenset(items),
            "complex": _complex,
            "getattr": _member,
            "bytearray": _bytearray,
        }.items()
    },
}


def plain_value(value: Inert) -> Any:
    """The number or tensor that an inert NumPy scalar or array of numbers stands for."""
    import numpy as np
    import torch

    name = value.inert_name.rpartition(".")[2]
    if name == "Size" and value.args:
        return tuple(value.args[0])
    if name == "scalar" and len(value.args) == 2 and isinstance(value.args[1], bytes):
        dtype = _number_type(value.args[0])
        return np.frombuffer(value.args[1], dtype)[0].item() if dtype else value
    if name == "_reconstruct" and isinstance(value.state, tuple) and len(value.state) == 5:
        _, shape, described, fortran, data = value.state
        dtype = _number_type(described)
        if dtype and isinstance(data, bytes):
            flat = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
            return torch.from_numpy(np.ascontiguousarray(flat.astype(dtype.newbyteorder("="))))
    return value


def _number_type(described: Any) -> Any:
    """The NumPy type of an inert one; None unless it is of plain numbers."""
    import numpy as np

    if not isinstance(described, Inert) or not described.inert_name.endswith(".dtype"):
        return None
    text = described.args[0] if described.args else ""
    if text not in {f"{kind}{size}" for kind in "fiu" for size in "1248"} | {"b1"}:
        return None
    big = isinstance(described.state, tuple) and described.state[1] == ">"
    return np.dtype(text).newbyteorder(">" if big else "<")
