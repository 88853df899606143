"""What `auto` takes among fetched parts, and parts that the user added by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from poselift import weights
from poselift.demo.cli import main
from poselift.detectors import registry, timing
from poselift.detectors.registry import (
    DETECTORS,
    KEYPOINTERS,
    choose_detector,
    choose_keypointer,
    finds_people,
    load_detector,
    load_keypointer,
)
from poselift.errors import PoseliftError
from poselift.types import People
from tests.detectors.pictures import clip
from tests.detectors.tiny_models import save_graph, simcc_lines
from tests.detectors.tiny_parts import DETECTOR_MAKERS, KEYPOINTER_MAKERS, MAN


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for what is fetched."""
    monkeypatch.setenv("POSELIFT_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nothing"))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def put_rtmpose(folder: Path, name: str) -> Path:
    """A tiny model where the fetched one of this name would lie."""
    places = np.linspace(40, 300, 17)
    answers = {"simcc_x": simcc_lines(places, 384), "simcc_y": simcc_lines(places, 512)}
    return save_graph(folder / weights.entry(name).file, ("n", 3, 256, 192), answers)


def test_what_ships_is_taken_untimed_where_nothing_was_fetched(folder: Path) -> None:
    assert choose_keypointer()[0] == "thunder"
    assert choose_detector()[0] == "nanodet"
    assert list(folder.iterdir()) == []


def test_a_fetched_part_that_is_quick_is_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_rtmpose(folder, "rtmpose-s")
    put_rtmpose(folder, "rtmpose-m")
    name, why = choose_keypointer("auto", "cpu")
    assert name == "rtmpose-m"
    assert "quick enough" in why
    known = json.loads((folder / "timings.json").read_text())["milliseconds"]
    assert {key.split()[0] for key in known} == {"rtmpose-m", "thunder"}

    def again(*arguments: object) -> float:
        raise AssertionError("timed twice")

    monkeypatch.setattr(timing, "measure", again)
    assert choose_keypointer("auto", "cpu") == (name, why)


def test_one_that_is_too_slow_is_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.BUDGET, "keypointer", 1e-6)
    monkeypatch.setattr(registry, "ALLOWED_RATIO", 1e-9)
    put_rtmpose(folder, "rtmpose-m")
    name, why = choose_keypointer("auto", "cpu")
    assert name == "thunder"
    assert "rtmpose-m takes" in why


def test_a_slow_or_busy_machine_is_judged_by_what_ships(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_rtmpose(folder, "rtmpose-m")
    times = {"rtmpose-m": 300.0, "thunder": 200.0}
    monkeypatch.setattr(timing, "measure", lambda name, *_: times[name])
    assert choose_keypointer("auto", "cpu")[0] == "rtmpose-m"
    times["thunder"] = 140.0
    assert choose_keypointer("auto", "cpu")[0] == "thunder"


def test_a_changed_file_is_timed_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = put_rtmpose(folder, "rtmpose-m")
    choose_keypointer("auto", "cpu")
    with file.open("ab") as more:
        more.write(b"\x00")
    assert timing.remembered("rtmpose-m", [file], "cpu") is None


def test_a_damaged_file_is_passed_over_and_told(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / weights.entry("rtmpose-m").file).write_bytes(b"<html>")
    assert choose_keypointer("auto", "cpu")[0] == "thunder"
    assert "rtmpose-m is on this machine but cannot be used" in caplog.text


@pytest.mark.parametrize("content", ["[" * 100_000, "[]", '{"format": 1}', "\0", "{}"])
def test_damaged_timings_are_made_again(folder: Path, content: str) -> None:
    put_rtmpose(folder, "rtmpose-m")
    (folder / "timings.json").write_text(content)
    assert choose_keypointer("auto", "cpu")[0] == "rtmpose-m"
    assert json.loads((folder / "timings.json").read_text())["format"] == "poselift-timings-1"


def test_recommend_times_what_is_here(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_rtmpose(folder, "rtmpose-m")
    assert main(["weights", "recommend", "--device", "cpu"]) == 0
    rows = {}
    for line in capsys.readouterr().out.splitlines():
        words = line.split()
        if "--pose" in words:
            at = words.index("--pose")
            rows[words[at + 1]] = words[at + 2 : at + 4]
    assert rows["rtmpose-m"][0] == "yes"
    assert float(rows["rtmpose-m"][1]) >= 0
    assert rows["rtmpose-l"] == ["no", "-"]
    assert set(rows) <= set(KEYPOINTERS)


#: What `weights add --model` offers for the 2D parts, and a registered part of that model.
ADDED = {
    "nanodet": "nanodet", "yolo": "yolo", "rtmdet": "rtmdet", "yolox": "rtmdet",
    "blazepose": "blazepose", "hrnet": "hrnet-w32-256", "mmpose": "mmpose", "movenet": "thunder",
    "rtmpose": "rtmpose", "rtmo": "rtmo",
}  # fmt: skip


@pytest.mark.parametrize("model", ADDED)
def test_every_model_that_add_offers_leads_to_a_part(
    folder: Path, tmp_path: Path, model: str
) -> None:
    part = ADDED[model]
    known = DETECTORS if model in ("nanodet", "rtmdet", "yolox") else KEYPOINTERS
    makers = DETECTOR_MAKERS if known is DETECTORS else KEYPOINTER_MAKERS
    loading = makers[part](part, tmp_path)
    file = loading.name.partition(":")[2] or str(weights.get(known[part].weights[0]))
    assert main(["weights", "add", file, "--model", model, "--name", "mine"]) == 0
    image = clip("balance_small")[0].image
    if known is DETECTORS:
        (people,) = load_detector("mine", "cpu", **loading.options)([image])
        assert len(people) >= 1
    else:
        assert finds_people("mine") == (model in ("yolo", "rtmo"))
        keypointer = load_keypointer("mine", "cpu", **loading.options)
        box = People(np.array([MAN], np.float32), np.ones(1, np.float32))
        assert keypointer([image], [box])[0].score.max() > 0


def test_every_model_of_add_is_tried_above() -> None:
    from poselift.weights.adding import _MODELS

    assert {model for model, kind in _MODELS.items() if kind != "lifter"} == set(ADDED)


def test_an_added_lifter_lifts(folder: Path) -> None:
    from poselift import lifter

    file = str(weights.get("poselift-27"))
    assert main(["weights", "add", file, "--model", "poselift", "--name", "mine"]) == 0
    assert lifter.load("mine", device="cpu").name == "mine"


def test_settings_of_added_weights_reach_the_part(folder: Path, tmp_path: Path) -> None:
    file = DETECTOR_MAKERS["rtmdet"]("rtmdet", tmp_path).name.partition(":")[2]
    command = ["weights", "add", file, "--model", "rtmdet", "--name", "mine", "--set"]
    assert main([*command, "threshold=0.99"]) == 0
    assert load_detector("mine", "cpu").threshold == 0.99  # type: ignore[attr-defined]
    assert main([*command, "colour=3"]) == 0
    with pytest.raises(PoseliftError, match="does not have: colour"):
        load_detector("mine", "cpu")


def test_added_weights_of_another_kind_are_told(folder: Path, tmp_path: Path) -> None:
    file = put_rtmpose(tmp_path, "rtmpose-m")
    assert main(["weights", "add", str(file), "--model", "rtmpose", "--name", "mine"]) == 0
    with pytest.raises(PoseliftError, match="weights for rtmpose, which is not a detector"):
        load_detector("mine", "cpu")
    file.unlink()
    with pytest.raises(PoseliftError, match="are not on this machine") as caught:
        load_keypointer("mine", "cpu")
    assert "add` it again" in caught.value.hint


@pytest.mark.parametrize("name", ["thunder", "hrnet", "auto", "a:b", " "])
def test_names_that_mean_something_else_are_not_added(
    folder: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(put_rtmpose(tmp_path, "rtmpose-m"))
    assert main(["weights", "add", file, "--model", "rtmpose", "--name", name]) == 2
    assert not (folder / "registry.json").exists()
