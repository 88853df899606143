"""Readers under coverage-guided fuzzing, by atheris: `make fuzz`.

    python -m tests.hostile.fuzz --minutes 10            all readers, the time shared out
    python -m tests.hostile.fuzz --minutes 5 bvh onnx    some

Each reader runs in a process of its own. It begins with the seeds of `readers` and with
`corpus/<reader>/`. What failed is written to `corpus/<reader>/` under a name that begins with
`failed-`, and a few small inputs that reached new code are kept there too; the usual suite reads
them all again. Needs the extra `fuzz`.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path

from tests.hostile import readers

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parent / "corpus"
LONGEST = 20_000  # bytes of an input
KEPT, KEPT_BYTES = 6, 3000  # inputs of each reader that stay, and how large they are at most
RESTARTS = 8  # after crashes of the interpreter, hangs and bombs


def main() -> int:
    """Fuzz; returns 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readers", nargs="*", metavar="READER")
    parser.add_argument("--minutes", type=float, default=10.0, help="for all of them together")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.one:
        _fuzz(options.one[0], Path(options.one[1]), Path(options.one[2]), rest)
        return 0
    chosen = options.readers or list(readers.READERS)
    seconds = options.minutes * 60 / len(chosen)
    failures = 0
    print("| reader | tries | failures |\n| --- | --- | --- |")
    for name in chosen:
        tries, failed = _run(name, seconds)
        failures += len(failed)
        print(f"| {name} | {tries} | {len(failed)} |", flush=True)
        for what in failed:
            print(what, flush=True)
    return 1 if failures else 0


def _run(name: str, seconds: float) -> tuple[int, list[str]]:
    """Tries, and what failed, of one reader in so many seconds."""
    end, tries, failed = time.monotonic() + seconds, 0, []
    with tempfile.TemporaryDirectory() as folder:
        work, found = Path(folder) / "work", Path(folder) / "found"
        work.mkdir()
        found.mkdir()
        for _ in range(RESTARTS):
            left = int(end - time.monotonic())
            if left < 1:
                break
            log = _child(name, work, found, [f"-max_total_time={left}"])
            tries += _tries(log)
        for path in sorted(found.iterdir()):
            if path.suffix == ".txt":
                continue
            told = path.with_suffix(".txt")
            failed.append(told.read_text() if told.exists() else f"ended the process: {path.name}")
            _keep(name, path.read_bytes(), "failed-")
        if not failed:
            _keep_latest(name, work)
    return tries, failed


def _child(name: str, work: Path, found: Path, more: list[str]) -> str:
    command = [
        sys.executable, "-m", "tests.hostile.fuzz", "--one", name, str(work), str(found),
        f"-max_len={LONGEST}", "-timeout=20", "-rss_limit_mb=3000", "-print_final_stats=1",
        f"-artifact_prefix={found}/", *more,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stderr + done.stdout


def _tries(log: str) -> int:
    for line in log.splitlines():
        if "number_of_executed_units" in line:
            return int(line.split()[-1])
    runs = [line.split()[0].lstrip("#") for line in log.splitlines() if line.startswith("#")]
    return int(runs[-1]) if runs and runs[-1].isdigit() else 0


def _keep_latest(name: str, work: Path) -> None:
    """Keep a few small inputs that reached what none before them had."""
    small = [path for path in work.iterdir() if path.stat().st_size <= KEPT_BYTES]
    if not small:
        return
    for old in (CORPUS / name).glob("reached-*"):
        old.unlink()
    for path in sorted(small, key=lambda path: path.stat().st_mtime_ns)[-KEPT:]:
        _keep(name, path.read_bytes(), "reached-")


def _keep(name: str, data: bytes, kind: str) -> None:
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    ending = readers.READERS[name][1]
    (folder / f"{kind}{hashlib.sha256(data).hexdigest()[:10]}{ending}").write_bytes(data)


def _fuzz(name: str, work: Path, found: Path, options: list[str]) -> None:
    """In the child: run until the time is over."""
    import atheris

    from poselift.errors import PoseliftError

    read, ending = readers.READERS[name]
    with tempfile.TemporaryDirectory() as folder:
        readers.SEEDS = Path(folder)
        seeds = readers.write_seeds(Path(folder))
        path = Path(folder) / f"input{ending}"
        (Path(folder) / "own").mkdir()
        (Path(folder) / "own" / "seed").write_bytes(seeds[name].read_bytes())
        # Imports that the reader does when it is first called are to be followed as well.
        with atheris.instrument_imports(include=["poselift"]):
            for module in [m for m in sys.modules if m.startswith("poselift.")]:
                del sys.modules[module]
            from poselift.errors import PoseliftError

            read(seeds[name])
        known: set[str] = set()

        def once(data: bytes) -> None:
            path.write_bytes(data)
            try:
                read(path)
            except PoseliftError:
                pass
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                key = f"{type(error).__name__} {where.filename}:{where.lineno}"
                if key not in known:
                    known.add(key)
                    failed = found / f"exception-{len(known)}-{time.time_ns()}"
                    failed.write_bytes(data)
                    failed.with_suffix(".txt").write_text(traceback.format_exc(limit=-4))

        further = [str(CORPUS / name)] if (CORPUS / name).is_dir() else []
        folders = [str(work), *further, f"{folder}/own"]
        custom = {"custom_mutator": _mutated_zip} if ending == ".npz" else {}
        atheris.Setup([sys.argv[0], *options, *folders], once, **custom)
        atheris.Fuzz()


def _mutated_zip(data: bytes, most: int, seed: int) -> bytes:
    """An archive of which one member was changed: bytes of the whole only break its checksums."""
    import atheris

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old:
            members = {name: old.read(name) for name in old.namelist()}
    except Exception:
        members = {}
    if not members or seed % 8 == 0:
        return bytes(atheris.Mutate(data, most))
    chosen = sorted(members)[seed % len(members)]
    content = members[chosen]
    # Mostly the header, which says what the rest is.
    cut = 128 if seed % 3 else len(content)
    content = bytes(atheris.Mutate(content[:cut], max(len(content[:cut]) + 16, 16))) + content[cut:]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, member in {**members, chosen: content}.items():
            new.writestr(name, member)
    return out.getvalue()[:most]


if __name__ == "__main__":
    sys.exit(main())
