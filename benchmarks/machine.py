"""What a figure was measured on, and how a table of figures is printed and kept."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any


def describe() -> dict[str, Any]:
    """The machine in words: processor, cores that may be used, memory, versions, load."""
    import numpy
    import torch

    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].partition(":")[2].strip() if names else cpu
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "cpu": cpu,
        "cores": cores,
        "memory_gb": round(pages / 2**30, 1),
        "gpus": gpus,
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torch_threads": torch.get_num_threads(),
        "numpy": numpy.__version__,
        "load_average": round(os.getloadavg()[0], 1),
    }


def in_words(machine: Mapping[str, Any]) -> str:
    """One line for above a table."""
    gpus = ", ".join(machine["gpus"]) or "no GPU"
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {gpus}; "
        f"Python {machine['python']}, torch {machine['torch']} on {machine['torch_threads']} "
        f"threads; load average {machine['load_average']}"
    )


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table whose columns are even, for terminals and pages alike.

    >>> print(table(["a", "rate"], [["x", 1.5]]))
    | a | rate |
    | - | ---- |
    | x | 1.5  |
    """
    cells = [[str(cell) for cell in row] for row in [headings, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headings))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |" for r in cells
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def best_seconds(
    jobs: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """The shortest time of each job over some rounds, all jobs in turn in each round.

    In turn, so that what else the machine does weighs on all alike; the shortest, because other
    work can only add to a time. On a machine that others use, `time.process_time` counts what the
    jobs themselves took (of all threads together: set one).
    """
    best = dict.fromkeys(jobs, float("inf"))
    for _ in range(rounds):
        for name, job in jobs.items():
            start = clock()
            job()
            best[name] = min(best[name], clock() - start)
    return best


def write_json(path: str | Path, results: Mapping[str, Any]) -> Path:
    """Keep results beside what they were measured on."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": describe(), **results}, indent=1) + "\n")
    return path
