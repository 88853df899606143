"""How the library reports what it does; the default is silence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol


class Reporter(Protocol):
    """What the pipeline calls while it works."""

    def say(self, text: str, **facts: Any) -> None:
        """Tell one line; `facts` are the same for programs."""
        ...

    def stage(self, name: str, total: int | None) -> contextlib.AbstractContextManager[Advance]:
        """Begin a stage of about `total` steps (None if nobody knows)."""
        ...

    def written(self, paths: list[Path], seconds: dict[str, float], frames: int) -> None:
        """Tell what was written and how long each stage took."""
        ...

    def problem(self, message: str, hint: str) -> None:
        """Tell what went wrong and what to do."""
        ...


class Advance(Protocol):
    """Tells a stage how far it is."""

    def __call__(self, done: int) -> None:
        """`done` steps are behind us."""
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
