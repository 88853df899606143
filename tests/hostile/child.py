"""A process of its own that reads hostile files, so that crashes, hangs and bombs are seen.

Run as `python -m tests.hostile.child SEEDS`: takes lines `reader<TAB>path` and answers each with a
line of JSON: what happened and how much memory it took at most. More than `SECONDS` of processor
for one file, or `MEMORY` bytes, end the process, which the parent sees.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from select import select
from types import TracebackType

ROOT = Path(__file__).parents[2]
SECONDS = 5  # of processor for one file
MEMORY = 3 << 30  # bytes of address space beside what the process has when it starts
PATIENCE = 120  # seconds of wall clock; on a busy machine a second of processor takes many
#: A file may take this many times its size, and this much beside.
TIMES, BESIDE = 14, 700 << 20


class Child:
    """The other side: start it, ask it, see whether it is still there."""

    def __init__(self, seeds: Path) -> None:
        self._seeds = seeds
        self._process: subprocess.Popen[str] | None = None

    def read(self, reader: str, path: Path) -> str:
        """ "read" or "refused"; anything else is a failure and says what happened."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{reader}\t{path}\n")
        process.stdin.flush()
        begun = time.monotonic()
        ready, _, _ = select([process.stdout], [], [], PATIENCE)
        line = process.stdout.readline() if ready else ""
        if not line:
            process.kill()
            process.wait()
            self._process = None
            how = f"signal {-process.returncode}" if process.returncode < 0 else process.returncode
            return f"ended by {how} after {time.monotonic() - begun:.0f} s"
        answer = json.loads(line)
        size = path.stat().st_size
        if answer["bytes"] > TIMES * size + BESIDE:
            return f"took {answer['bytes'] / 1e6:.0f} MB for a file of {size} bytes"
        return str(answer["outcome"])

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.hostile.child", str(self._seeds)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
        return self._process

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def read(reader: str, path: Path) -> str:
    """What happens when a file is read in this process."""
    from poselift.errors import PoseliftError
    from tests.hostile.readers import READERS

    try:
        READERS[reader][0](path)
    except PoseliftError as error:
        return "refused" if error.hint and len(error.message) < 2000 else f"no hint: {error}"
    except BaseException:
        return traceback.format_exc(limit=-4)
    return "read"


def _memory(name: str) -> int:
    """VmHWM or VmSize, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


def main() -> None:
    """Answer until there is nothing to answer."""
    import torch

    from tests.hostile import readers

    torch.set_num_threads(1)
    readers.SEEDS = Path(sys.argv[1])
    most = _memory("VmSize") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        name, _, path = line.rstrip("\n").partition("\t")
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = _memory("VmHWM")
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        outcome = read(name, Path(path))
        signal.setitimer(signal.ITIMER_PROF, 0)
        grown = max(0, _memory("VmHWM") - before)
        answers.write(json.dumps({"outcome": outcome, "bytes": grown}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
