"""How the library reports what it does; the default is silence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol


class Reporter(Protocol):
    """What the pipeline calls while it works."""

    def say(self, text: str, **facts: Any) -> None:
        """Report one line; `facts` hold the same for programs."""
        ...

    def stage(self, name: str, total: int | None) -> contextlib.AbstractContextManager[Advance]:
        """Begin a stage of about `total` steps (None if unknown)."""
        ...

    def written(self, paths: list[Path], seconds: dict[str, float], frames: int) -> None:
        """Report what was written and how long each stage took."""
        ...

    def problem(self, message: str, hint: str) -> None:
        """Report what went wrong and what to do about it."""
        ...


class Advance(Protocol):
    """Reports how far a stage has got."""

    def __call__(self, done: int) -> None:
        """`done` steps are complete."""
        ...


class Silent:
    """Reports nothing: the default for use from Python."""

    def say(self, text: str, **facts: Any) -> None:
        """Say nothing."""

    @contextlib.contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Advance]:
        """Count nothing."""
        yield lambda done: None

    def written(self, paths: list[Path], seconds: dict[str, float], frames: int) -> None:
        """Say nothing."""

    def problem(self, message: str, hint: str) -> None:
        """Say nothing."""
