import inspect
from pathlib import Path

import pytest
import torch

from poselift.errors import PoseliftError
from poselift.lifter import models, references, train
from poselift.lifter.training.settings import TrainSettings, read_config

CPU = torch.device("cpu")


def test_every_shipped_config_makes_its_network() -> None:
    folder = Path(train.__file__).parent / "configs"
    names = sorted(path.stem for path in folder.glob("*.toml"))
    assert {"poselift", "sct-h36m", "ftcm-h36m", "convformer-h36m", "poseformerv2-h36m"} <= {*names}
    for name in names:
        settings = TrainSettings(**read_config(name))
        settings.loss_weights()
        kind = {**models.MODELS, **references.REFERENCES}[settings.model]
        inspect.signature(kind).bind(**settings.network)


def test_what_a_config_says_wrongly_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('model = "sct"\nlearning = 3\n')
    with pytest.raises(PoseliftError, match="learning"):
        read_config(path)
    path.write_text("model = \n")
    with pytest.raises(PoseliftError, match="not valid TOML"):
        read_config(path)
    with pytest.raises(PoseliftError) as error:
        read_config("no-such-config")
    assert "poselift" in error.value.hint
