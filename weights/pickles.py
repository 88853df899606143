"""A pickle read by a machine of our own: containers, numbers and texts, and a table for the rest.

Python's own unpickler trusts what it reads: it calls what the pickle names, fills any object, makes
room for whatever number is written. This one knows only what data needs. Everything that could
grow beyond the file is paid for from a `Budget`, before the memory is taken. No message shows what
was read: the text of objects that hold each other can be endless.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from typing import IO, Any

from poselift.errors import PoseliftError

#: What may be made of a file: so many times its size, and so many bytes on top.
_TIMES, _ON_TOP = 8, 256 << 20
_STEP = 100  # bytes that one step of a pickle makes, roughly
_LONGEST_INT = 1 << 12  # bits
_LARGEST_KEY = 1000  # items of a tuple, and of the tuples in it

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set, "EMPTY_TUPLE": tuple,
}  # fmt: skip
_NUMBERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4")
_VALUES = (
    "FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES",
    "BINBYTES8", "BYTEARRAY8", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
)  # fmt: skip
_PUT, _GET = ("PUT", "BINPUT", "LONG_BINPUT"), ("GET", "BINGET", "LONG_BINGET")
_MARK = object()


class Budget:
    """How much memory the content of a file may still take."""

    def __init__(self, name: str, size: int) -> None:
        """For the file called `name`, of `size` bytes."""
        self._name, self._size = name, size
        self.limit = self._left = _TIMES * size + _ON_TOP

    def take(self, size: int) -> None:
        """Pay for `size` bytes; a `PoseliftError` where that is more than is left."""
        self._left -= max(size, 0)
        if self._left < 0:
            raise PoseliftError(
                f"{self._name} is refused: its {self._size / 1e6:.1f} MB would fill more than "
                f"{self.limit / 1e6:.0f} MB of memory.",
                "It is damaged or malicious; get it from its authors again.",
            )


class PickleMachine:
    """Runs one pickle. What its names mean is up to the class made of this one."""

    def __init__(self, file: IO[bytes], budget: Budget) -> None:
        """Read from `file`, which is left behind the pickle's last byte."""
        self._file, self._budget = _Bounded(file), budget
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def find(self, module: str, name: str) -> Any:
        """What stands for a name."""
        raise pickle.UnpicklingError(f"unknown name {module}.{name}")

    def call(self, what: Any, args: tuple[Any, ...]) -> Any:
        """What a call of something that was found gives."""
        raise pickle.UnpicklingError(f"a call of a {type(what).__name__}")

    def fill(self, what: Any, state: Any) -> None:
        """Give an object its state."""
        raise pickle.UnpicklingError(f"state for a {type(what).__name__}")

    def extend(self, what: Any, items: list[Any]) -> None:
        """Append to what is no list."""
        raise pickle.UnpicklingError(f"items for a {type(what).__name__}")

    def refer(self, pid: Any) -> Any:
        """What lies outside of the pickle."""
        raise pickle.UnpicklingError("a reference to something outside")

    def load(self) -> Any:
        """The content."""
        for opcode, argument, _ in pickletools.genops(self._file):  # type: ignore[arg-type]
            self._budget.take(_STEP)
            if opcode.name == "STOP":
                return self._stack.pop()
            self._step(opcode.name, argument)
        raise EOFError("the pickle has no end")

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _VALUES:
            stack.append(bytes(argument) if name == "BYTEARRAY8" else argument)
        elif name in _NUMBERS:
            stack.append(_small(argument))
        elif name in _PUT:
            self._memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif name in _GET:
            stack.append(self._memo[argument])
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name == "MARK":
            stack.append(_MARK)
        elif name not in ("PROTO", "FRAME"):
            handler = _HANDLERS.get(name)
            if handler is None:
                raise pickle.UnpicklingError(f"{name}, which no file of data needs")
            handler(self, argument)

    def _above_mark(self) -> list[Any]:
        for place in range(len(self._stack) - 1, -1, -1):
            if self._stack[place] is _MARK:
                items = self._stack[place + 1 :]
                del self._stack[place:]
                return items
        raise pickle.UnpicklingError("a mark is missing")

    def _last(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise pickle.UnpicklingError("the stack is too short")
        items = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        return items

    def _append(self, items: list[Any]) -> None:
        if type(self._stack[-1]) is list:
            self._stack[-1].extend(items)
        else:
            self.extend(self._stack[-1], items)

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            self.extend(target, items)
            return
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[checked_key(key)] = value

    def _dict(self) -> None:
        items = self._above_mark()
        self._stack.append({})
        self._set(items)

    def _add(self, items: list[Any]) -> None:
        self._stack[-1].update(map(checked_key, items))

    def _global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._stack.append(self.find(module, name))

    def _stack_global(self) -> None:
        module, name = self._last(2)
        if not isinstance(module, str) or not isinstance(name, str):
            raise pickle.UnpicklingError("a name that is no text")
        self._stack.append(self.find(module, name))

    def _call(self, what: Any, args: Any) -> None:
        if not isinstance(args, tuple):
            raise pickle.UnpicklingError("arguments that are no tuple")
        self._stack.append(self.call(what, args))

    def _instance(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._call(self.find(module, name), tuple(self._above_mark()))

    def _object(self) -> None:
        what, *args = self._above_mark()
        self._call(what, tuple(args))

    def _build(self) -> None:
        (state,) = self._last(1)
        self.fill(self._stack[-1], state)


_HANDLERS: dict[str, Callable[[PickleMachine, Any], Any]] = {
    "POP": lambda m, _: m._last(1),
    "POP_MARK": lambda m, _: m._above_mark(),
    "DUP": lambda m, _: m._stack.append(m._stack[-1]),
    "TUPLE": lambda m, _: m._stack.append(tuple(m._above_mark())),
    "TUPLE1": lambda m, _: m._stack.append(tuple(m._last(1))),
    "TUPLE2": lambda m, _: m._stack.append(tuple(m._last(2))),
    "TUPLE3": lambda m, _: m._stack.append(tuple(m._last(3))),
    "LIST": lambda m, _: m._stack.append(m._above_mark()),
    "DICT": lambda m, _: m._dict(),
    "FROZENSET": lambda m, _: m._stack.append(frozenset(map(checked_key, m._above_mark()))),
    "APPEND": lambda m, _: m._append(m._last(1)),
    "APPENDS": lambda m, _: m._append(m._above_mark()),
    "SETITEM": lambda m, _: m._set(m._last(2)),
    "SETITEMS": lambda m, _: m._set(m._above_mark()),
    "ADDITEMS": lambda m, _: m._add(m._above_mark()),
    "GLOBAL": lambda m, argument: m._global(argument),
    "STACK_GLOBAL": lambda m, _: m._stack_global(),
    "REDUCE": lambda m, _: m._call(*m._last(2)),
    "NEWOBJ": lambda m, _: m._call(*m._last(2)),
    "NEWOBJ_EX": lambda m, _: m._call(*m._last(3)[:2]),
    "INST": lambda m, argument: m._instance(argument),
    "OBJ": lambda m, _: m._object(),
    "BUILD": lambda m, _: m._build(),
    "PERSID": lambda m, argument: m._stack.append(m.refer(argument)),
    "BINPERSID": lambda m, _: m._stack.append(m.refer(m._last(1)[0])),
}


def checked_key(key: Any) -> Any:
    """`key` where it is cheap to hash: tuples of tuples that hold each other can take for ever."""
    waiting, seen = [key], 0
    while waiting:
        one = waiting.pop()
        seen += 1
        if seen > _LARGEST_KEY:
            raise pickle.UnpicklingError("a key of too many parts")
        if isinstance(one, tuple):
            waiting.extend(one)
    hash(key)  # a list for a key is a TypeError here
    return key


def _small(number: int) -> int:
    if number.bit_length() > _LONGEST_INT:
        raise pickle.UnpicklingError(f"a number of {number.bit_length()} bits")
    return number


class _Bounded:
    """A file of which no more is asked than it has, so that no room is made for what is not."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.tell, self.readline = file.tell, file.readline
        here = file.tell()
        self._end = file.seek(0, io.SEEK_END)
        file.seek(here)

    def read(self, count: int) -> bytes:
        if count > 1 and count > self._end - self._file.tell():
            raise EOFError("it ends too early")
        return self._file.read(count)
