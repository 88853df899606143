"""A batch on a cluster of Ray: a head and two machines, all of them processes of this one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from poselift.batch import Batch, Limits, OnRay, Record
from poselift.demo.cli import main
from poselift.errors import PoseliftError
from poselift.settings import Settings
from tests.batch import planted
from tests.batch.planted import PARTS, video
from tests.waiting import until

SETTINGS = Settings().changed(save="npz", out="out", every="1")


@pytest.mark.parametrize("wrong", [{"cpus": 0}, {"gpus": -1.0}, {"workers": 0}])
def test_workers_that_cannot_run(wrong: dict[str, Any]) -> None:
    with pytest.raises(PoseliftError, match="cannot run"):
        OnRay(**wrong)


def test_options_of_a_cluster_need_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    video(tmp_path / "clip.mp4")
    assert main(["batch", "clip.mp4", "--cpus-per-worker", "2"]) == 2
    assert "--cpus-per-worker is for a cluster" in capsys.readouterr().err


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head without room for workers, and two machines with room for one each."""
    ray = pytest.importorskip("ray", reason="needs the `ray` extra")
    from ray.cluster_utils import Cluster

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        for _ in range(2):
            made.add_node(num_cpus=1)
        ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
        yield made
    finally:
        ray.shutdown()
        made.shutdown()


def clips(folder: Path, count: int, width: int = planted.SLOW) -> list[str]:
    return [str(video(folder / f"{number}.mp4", width)) for number in range(count)]


def results() -> dict[str, bytes]:
    """Every file of the results but records and what was killed, by its folder and name."""
    return {
        f"{path.parent.name}/{path.name}": path.read_bytes()
        for path in Path("out").rglob("*")
        if path.is_file() and path.parts[1] not in ("records", ".unfinished")
    }


def seats() -> list[Any]:
    """The processes of the actors."""
    import psutil

    everybody = psutil.Process().children(recursive=True)
    alive = [one for one in everybody if one.status() != psutil.STATUS_ZOMBIE]
    return [one for one in alive if "".join(one.cmdline()).startswith("ray::Seat")]


@pytest.mark.slow
def test_workers_and_machines_come_and_go_and_every_video_is_done_once(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = Batch(clips(tmp_path, 8), SETTINGS, **PARTS)
    told: list[Record] = []
    ended: list[int] = []

    def disturb(record: Record) -> None:
        told.append(record)
        if len(told) == 1:  # a worker is killed
            ended.append(seats()[0].pid)
            os.kill(ended[0], signal.SIGKILL)
        if len(told) == 3:  # a machine is lost in the middle of a video, another one joins
            cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
            cluster.add_node(num_cpus=1)

    summary = batch.run(engine=OnRay(cpus=1), told=disturb)
    assert ended
    assert (summary.done, summary.failed, summary.interrupted) == (8, 0, False)
    assert sorted(record.id for record in told) == sorted(unit.id for unit in batch.units())
    assert sorted(record.id for record in batch.records) == sorted(record.id for record in told)
    until(lambda: seats() == [], 30)  # the system needs a moment to end them
    by_many = results()
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert Batch(clips(tmp_path, 8), SETTINGS, **PARTS).run().done == 8
    assert by_many == results()


@pytest.mark.slow
def test_fates_are_those_of_one_machine(cluster: Any, tmp_path: Path) -> None:
    fates = {"crash": planted.CRASH, "hang": planted.HANG, "bug": planted.BUG, "fine": planted.FINE}
    for name, width in fates.items():
        video(tmp_path / "in" / f"{name}.mp4", width)
    batch = Batch(["in"], SETTINGS, **PARTS)
    summary = batch.run(engine=OnRay(cpus=1, workers=2), limits=Limits(seconds=8))
    assert (summary.done, summary.failed) == (1, 3)
    errors = {Path(record.source).stem: record.error for record in batch.records if record.error}
    assert {name: error.kind for name, error in errors.items()} == {
        "crash": "crash", "hang": "time", "bug": "bug",
    }  # fmt: skip
    full = Batch([str(video(tmp_path / "full.mp4", planted.FULL))], SETTINGS, **PARTS)
    with pytest.raises(PoseliftError, match="No space left"):
        full.run(engine=OnRay(cpus=1, workers=1))
