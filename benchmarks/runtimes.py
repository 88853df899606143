"""Which runtime computes a window fastest: `python -m benchmarks.runtimes [CASE ...]`.

The frozen network in plain torch, through `torch.compile`, as ONNX in onnxruntime, and in bfloat16:
batches of whole windows, random weights, the models and settings of `benchmarks.lift`. One thread's
processor time, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks import machine
from benchmarks.lift import CASES, make
from poselift.lifter import models
from poselift.lifter.models.base import LifterNet
from poselift.lifter.models.export import export_onnx

Run = Callable[[], object]


def torch_run(net: LifterNet, x: torch.Tensor) -> Run:
    """Plain torch."""
    return lambda: net(x)


def onnx_run(net: LifterNet, x: torch.Tensor, folder: Path) -> Run:
    """onnxruntime on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = export_onnx(net, folder / "net.onnx")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    feed = {"x": x.numpy()}
    return lambda: session.run(None, feed)


def runs(
    net: LifterNet, x: torch.Tensor, folder: Path, names: list[str]
) -> Iterator[tuple[str, Run]]:
    """What to run, by name; each has run once."""
    frozen = models.freeze(net)
    made: dict[str, Callable[[], Run]] = {
        "torch": lambda: torch_run(frozen, x),
        "onnxruntime": lambda: onnx_run(net, x, folder),
        "torch.compile": lambda: torch_run(torch.compile(frozen), x),
        "bfloat16": lambda: torch_run(models.freeze(net).bfloat16(), x.bfloat16()),
    }
    for name in names:
        run = made[name]()
        run()
        yield name, run


@torch.inference_mode()
def measure(case: str, batch: int, rounds: int, names: list[str]) -> dict[str, float]:
    """Windows per second of processor time, by runtime."""
    net = make(CASES[case])
    x = torch.randn(batch, net.frames, 17, net.channels)
    with tempfile.TemporaryDirectory() as folder:
        jobs = dict(runs(net, x, Path(folder), names))
        seconds = machine.best_seconds(jobs, rounds, time.process_time)
    return {name: batch / taken for name, taken in seconds.items()}


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--runtimes", nargs="*", default=["torch", "onnxruntime", "torch.compile"])
    parser.add_argument("--json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    results: dict[str, Any] = {}
    for case in options.cases or [case for case in CASES if "without" not in case]:
        batch = 1 if case.startswith("sct") else options.batch
        results[case] = measure(case, batch, options.rounds, options.runtimes)
        print(case, {name: round(rate, 1) for name, rate in results[case].items()}, flush=True)
    rows = [[case, *(f"{r[name]:.1f}" for name in options.runtimes)] for case, r in results.items()]
    print(machine.in_words(machine.describe()))
    print(machine.table(["windows per second", *options.runtimes], rows))
    if options.json:
        machine.write_json(options.json, {"runtimes": results})


if __name__ == "__main__":
    main()
