"""The names that a pickle of weights or data may use, and what each of them stands for here."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from poselift.weights.pickles import Budget, PickleMachine, checked_key

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


class Storage:
    """The bytes under one or more tensors; in the old format they come after the pickle."""

    def __init__(self, dtype: str, elements: int, data: bytes | bytearray | None = None) -> None:
        import torch

        self.dtype: Any = getattr(torch, dtype)
        self.itemsize: int = self.dtype.itemsize
        self.elements = elements
        self.data = data

    def flat(self, dtype: Any) -> Any:
        """The bytes as a tensor of one axis, which shares its memory with `data`."""
        import torch

        if not isinstance(self.data, bytearray):
            self.data = bytearray(self.data or b"")
        return torch.frombuffer(self.data, dtype=dtype)


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


class SafeUnpickler(PickleMachine):
    """Reads pickles of weights and of arrays; it knows the names above and no others."""

    def __init__(
        self, file: IO[bytes], budget: Budget, storage: StorageFinder | None = None
    ) -> None:
        """Read from `file`; `storage` finds what torch keeps beside the pickle."""
        super().__init__(file, budget)
        self._storage = storage

    def find(self, module: str, name: str) -> Any:
        """What stands here for a name in the pickle; every name of a pickle comes through this."""
        if (module, name) in _BUILDERS:
            return _BUILDERS[module, name]
        if module in ("torch", "torch.storage") and name in _STORAGES:
            return _Named(_STORAGES[name])
        if module == "torch" and name in _DTYPES:
            return _Named(name)
        inside = any(module == m or module.startswith(m + ".") for m in HARMLESS_MODULES)
        if inside or (module, name) in HARMLESS:
            return _inert(f"{module}.{name}")
        raise ForbiddenNameError(f"{module}.{name}")

    def call(self, what: Any, args: tuple[Any, ...]) -> Any:
        """Build what one of our builders builds; a class that is not loaded becomes `Inert`."""
        if isinstance(what, type) and issubclass(what, Inert):
            return what(*args)
        if any(what is builder for builder in _BUILDERS.values()):
            # What a builder makes is as large as its arguments, and these may be named again.
            self._budget.take(sum(_rough_size(argument) for argument in args))
            return what(*args)
        raise pickle.UnpicklingError(f"a call of a {type(what).__name__}")

    def fill(self, what: Any, state: Any) -> None:
        """Remember the state of what is not loaded; that of anything else is passed over."""
        if isinstance(what, Inert):
            what.state = state

    def extend(self, what: Any, items: list[Any]) -> None:
        """Pass over what would be appended to an object that is not loaded."""
        if not isinstance(what, Inert):
            raise pickle.UnpicklingError(f"items for a {type(what).__name__}")

    def refer(self, pid: Any) -> Any:
        """The storage that a tensor names."""
        if self._storage is None or not isinstance(pid, tuple):
            raise pickle.UnpicklingError("a reference to something outside")
        kind, named, key, _, elements = pid[:5]
        is_whole = isinstance(named, _Named) and isinstance(elements, int)
        if kind != "storage" or not is_whole or not isinstance(key, str | int):
            raise pickle.UnpicklingError("an unknown reference")
        storage = self._storage(str(key), named.dtype, elements)
        view = pid[5] if len(pid) > 5 else None
        if view is not None:
            raise pickle.UnpicklingError("storages that are views of others are not read")
        return storage


def _inert(name: str) -> type[Inert]:
    return type(name, (Inert,), {"inert_name": name})


def _rough_size(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    return 100 * len(value) if isinstance(value, list | tuple | set | frozenset | dict) else 0


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
    known = isinstance(owner, type) and issubclass(owner, Inert) and isinstance(name, str)
    if not known or not owner.inert_name.endswith(".HistoryBuffer"):
        raise ForbiddenNameError("builtins.getattr")
    return _inert(f"{owner.inert_name}.{name}")


def _bytearray(value: bytes = b"", *rest: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | list) else b""


def _set(items: Any = ()) -> set[Any]:
    return set(map(checked_key, items))


def _frozenset(items: Any = ()) -> frozenset[Any]:
    return frozenset(map(checked_key, items))


def _ordered(items: Any = ()) -> OrderedDict[Any, Any]:
    return OrderedDict((checked_key(key), value) for key, value in items)


_BUILDERS: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("torch.nn.parameter", "Parameter"): _rebuild_parameter,
    ("collections", "OrderedDict"): _ordered,
    ("_codecs", "encode"): _encode,
    **{
        (module, name): maker
        for module in ("builtins", "__builtin__")
        for name, maker in {
            "set": _set,
            "frozenset": _frozenset,
            "complex": _complex,
            "getattr": _member,
            "bytearray": _bytearray,
            "bytes": _bytearray,
        }.items()
    },
}
