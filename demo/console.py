"""How the command reports what it does: to a terminal, or to a program as JSON lines."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from poselift.progress import Advance, Reporter, Silent

Speech = Callable[[str], str]  # puts commands and settings in a text as the user types them


class Quiet(Silent):
    """Errors only."""

    def __init__(self, spoken: Speech = str) -> None:
        self._spoken = spoken

    def problem(self, message: str, hint: str) -> None:
        """Two plain lines on standard error."""
        sys.stderr.write(_two_lines(self._spoken(message), self._spoken(hint)))


class JsonLines(Silent):
    """One JSON object per line on `stream`; at most about two progress lines per second."""

    def __init__(self, stream: TextIO, spoken: Speech = str) -> None:
        self._stream = stream
        self._spoken = spoken

    def _write(self, event: str, **facts: Any) -> None:
        row = {"event": event, **facts}
        line = json.dumps(row, ensure_ascii=False)
        try:
            line.encode(getattr(self._stream, "encoding", None) or "utf-8")
        except UnicodeEncodeError:  # a terminal that knows fewer letters, a name that has none
            line = json.dumps(row)
        self._stream.write(line + "\n")
        self._stream.flush()

    def say(self, text: str, **facts: Any) -> None:
        """An `info` line."""
        self._write("info", text=self._spoken(text), **facts)

    @contextlib.contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Advance]:
        """`stage`, `progress` and `stage_end` lines."""
        self._write("stage", name=name, total=total)
        begun = last = time.monotonic()
        reached = 0

        def advance(done: int) -> None:
            nonlocal last, reached
            reached = done
            now = time.monotonic()
            if now - last >= 0.5:
                last = now
                rate = done / max(now - begun, 1e-9)
                self._write(
                    "progress", name=name, done=done, total=total, per_second=round(rate, 2)
                )

        yield advance
        self._write(
            "stage_end", name=name, done=reached, seconds=round(time.monotonic() - begun, 3)
        )

    def written(self, paths: list[Path], seconds: dict[str, float], frames: int) -> None:
        """The `result` line."""
        rounded = {name: round(value, 3) for name, value in seconds.items()}
        self._write("result", files=[str(path) for path in paths], seconds=rounded, frames=frames)

    def problem(self, message: str, hint: str) -> None:
        """An `error` line."""
        self._write("error", message=self._spoken(message), hint=self._spoken(hint))


class Terminal(Silent):
    """Lines, progress bars and a closing table, for a person."""

    def __init__(self, spoken: Speech = str) -> None:
        from rich.console import Console

        self._spoken = spoken

        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: str, **facts: Any) -> None:
        """One line."""
        from rich.markup import escape

        self._console.print(escape(self._spoken(text)))

    @contextlib.contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Advance]:
        """A bar with rate and time left, as wide as the terminal allows."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description:<6}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        begun = time.monotonic()
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(name, total=total, rate="")
            reached = 0

            def advance(done: int) -> None:
                nonlocal reached
                reached = done
                seconds = max(time.monotonic() - begun, 1e-9)
                progress.update(task, completed=done, rate=f"{done / seconds:.0f}/s")

            yield advance
            # Nobody's estimate of a clip's length is exact; the bar ends full all the same.
            progress.update(task, completed=reached, total=max(reached, 1))

    def written(self, paths: list[Path], seconds: dict[str, float], frames: int) -> None:
        """Where the files are, and a table of seconds per stage."""
        from rich.markup import escape
        from rich.table import Table

        table = Table(box=None, pad_edge=False)
        for title, side in (("stage", "left"), ("seconds", "right"), ("frames/s", "right")):
            table.add_column(title, justify=side)  # type: ignore[arg-type]
        for name, value in seconds.items():
            table.add_row(name, f"{value:.1f}", f"{frames / value:.0f}" if value > 0.05 else "")
        total = sum(seconds.values())
        table.add_row("in all", f"{total:.1f}", f"{frames / max(total, 1e-9):.0f}")
        self._console.print(table)
        for path in paths:
            self._console.print(f"wrote {escape(str(path))}")

    def problem(self, message: str, hint: str) -> None:
        """Two plain lines."""
        sys.stderr.write(_two_lines(self._spoken(message), self._spoken(hint)))


def _two_lines(message: str, hint: str) -> str:
    one_line = " ".join(message.split())
    return f"error: {one_line}\n" + (f"{' '.join(hint.split())}\n" if hint else "")


LOGS = ("text", "json", "quiet")


def reporter(kind: str, spoken: Speech = str) -> Reporter:
    """The reporter called `text`, `json` or `quiet`."""
    return Terminal(spoken) if kind == "text" else reporter_of_problems(kind, spoken)


def reporter_of_problems(kind: str, spoken: Speech = str) -> Reporter:
    """The same where only a problem will be reported: it loads nothing for a terminal."""
    return JsonLines(sys.stdout, spoken) if kind == "json" else Quiet(spoken)
