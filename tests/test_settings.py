from __future__ import annotations

from pathlib import Path

import pytest

from poselift.config import read_config, to_toml
from poselift.detectors.choose import choose
from poselift.device import resolve_device
from poselift.errors import PoseliftError
from poselift.settings import Settings


def test_what_is_written_beside_a_result_makes_the_same_settings(tmp_path: Path) -> None:
    chosen = Settings(lifter="sct", save=("gif", "csv"), start=1.5, audio=False, people="3,4@5")
    path = tmp_path / "run.toml"
    path.write_text(to_toml(chosen, {"people": 2}), encoding="utf-8")
    assert Settings.from_mapping(read_config(path)) == chosen


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"vew": "front"}, "view"),
        ({"view": "fron"}, "front"),
        ({"save": "mp4,avi"}, "npz"),
        ({"height": "tall"}, "int"),
        ({"audio": 3}, "bool"),
        ({"start": 3.0, "end": 2.0}, "after"),
        ({"field_of_view": 400.0}, "degrees"),
        ({"every": "never"}, "auto"),
        ({"fps": 0.0}, "0.001"),
        ({"lookahead": -1}, "500"),
        ({"weights": "x"}, "checkpoint"),
    ],
)
def test_wrong_values_are_refused_with_a_way_out(values: dict[str, object], said: str) -> None:
    with pytest.raises(PoseliftError) as caught:
        Settings.from_mapping(values)
    assert said in caught.value.hint or said in caught.value.message


def test_whole_numbers_are_fine_where_any_number_is(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("start = 2\nevery = 3\nno-such-run = 1\n", encoding="utf-8")
    values = read_config(path)
    del values["no-such-run"]
    chosen = Settings.from_mapping(values)
    assert chosen.start == 2.0
    assert chosen.every == "3"


def test_a_config_that_is_no_toml_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    with pytest.raises(PoseliftError, match="No such file"):
        read_config(path)
    path.write_bytes(b"\xff\xfe nonsense")
    with pytest.raises(PoseliftError, match="TOML"):
        read_config(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": float("nan")}, {"start": float("inf")}, {"end": float("nan")},
        {"fps": float("nan")}, {"fps": 1e9}, {"fps": 0}, {"fps": 10**400}, {"every": "²"},
        {"every": "0"}, {"every": "9" * 5000}, {"out": "a\0b"}, {"checkpoint": "a\0b"},
        {"field_of_view": float("nan")}, {"height": 10**30}, {"save": ("npz\0",)},
    ],
)  # fmt: skip
def test_values_that_nothing_can_be_made_of_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PoseliftError) as caught:
        Settings.from_mapping(wrong)
    assert caught.value.hint


@pytest.mark.parametrize("who", ["1.2.3,4@1", "²", "1" * 5000, "1,2@" + "1" * 5000, ".,.", "1,2@²"])
def test_people_that_nobody_is_are_refused(who: str) -> None:
    with pytest.raises(PoseliftError):
        choose([], Settings(people=who).people)


@pytest.mark.parametrize("name", ["xla", "meta", "vulkan", "cpu:1:2", "", "cuda:99", "cuda:-1"])
def test_devices_that_are_not_used_are_refused(name: str) -> None:
    with pytest.raises(PoseliftError):
        resolve_device(name)
