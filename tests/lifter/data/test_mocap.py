import numpy as np
import pytest

from poselift.lifter.data import mocap


def clip(name: str) -> mocap.Clip:
    return mocap.Clip(name, np.zeros((2, 17, 3), np.float32), 60.0, name)


NAMES = ["mine/01/01_04", "mine/dance/a", "mine/dance/b", "mine/run/a"]


def validating(patterns: list[str] | None) -> list[str]:
    return [c.name for c in mocap.split(map(clip, NAMES), patterns)[1]]


def test_a_users_own_set_is_split_as_told() -> None:
    assert validating(None) == ["mine/01/01_04"]  # named as a trial of CMU's that validates
    assert validating(["mine/dance/*"]) == ["mine/dance/a", "mine/dance/b"]
    assert validating(["*"]) == NAMES
    assert validating(["*/a", "mine/01/01_04"]) == ["mine/01/01_04", "mine/dance/a", "mine/run/a"]


OURS = [
    "asfamc/11/11_01", "bvh/014/014_12", "x/16/16_35", "x/49/49_02", "x/35/35_01", "x/35/35_34",
    "convseq2seq_expmap/test_soccer/soccer_1",
]  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_trials_that_validate_under_another_name_never_train(name: str) -> None:
    assert mocap.is_validation(name)


def test_other_trials_do_train() -> None:
    for name in ("asfamc/11/11_02", "x/36/36_01", "x/16/16_34", "own/35/walk_1"):
        assert not mocap.is_validation(name)
