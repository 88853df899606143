import collections
import io
import os
import pickle
import sys
import types
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from poselift.errors import PoseliftError
from poselift.weights.checkpoint import find_state_dict, read_checkpoint
from poselift.weights.unpickling import Inert

BOTH_FORMATS = pytest.mark.parametrize("legacy", [False, True])


def save(content: object, path: Path, legacy: bool) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


@BOTH_FORMATS
def test_tensors_of_every_kind(tmp_path: Path, legacy: bool) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    content = {
        "plain": base, "turned": base.T, "part": base[1:3, ::2], "scalar": torch.tensor(3),
        "empty": torch.empty(0, 3), "half": base.half(), "brain": base.bfloat16(),
        "long": torch.tensor([2**40]), "bool": torch.tensor([True, False]),
        "parameter": torch.nn.Parameter(base.clone()), "double": base.double(),
    }  # fmt: skip
    read = read_checkpoint(save(content, tmp_path / "a.pth", legacy))
    assert list(read) == list(content)
    for key, tensor in content.items():
        assert read[key].dtype == tensor.dtype
        assert torch.equal(read[key], tensor), key


@BOTH_FORMATS
def test_everything_else_of_a_training_run(tmp_path: Path, legacy: bool) -> None:
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    content = {
        "epoch": 7, "lr": 4e-5, "name": "run", "none": None, "list": [1, (2.5, "x")],
        "random_state": np.random.RandomState(5), "generator": np.random.default_rng(5),
        "optimizer": optimizer.state_dict(), "best": np.float32(1.5), "seen": {1, 2},
        "array": np.arange(6, dtype=np.int32).reshape(2, 3), "size": torch.Size([2, 3]),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "state_dict": model.state_dict(), "steps": collections.Counter([3, 3]),
    }  # fmt: skip
    read = read_checkpoint(save(content, tmp_path / "a.pth", legacy))
    for key in ("epoch", "lr", "name", "none", "list", "best", "seen", "size"):
        assert read[key] == content[key], key
    assert isinstance(read["random_state"], Inert)
    assert isinstance(read["generator"], Inert)
    assert torch.equal(read["array"], torch.arange(6, dtype=torch.int32).reshape(2, 3))
    assert torch.equal(read["fortran"], torch.arange(6.0).double().reshape(2, 3))
    moment = optimizer.state_dict()["state"][0]["exp_avg"]
    assert torch.equal(read["optimizer"]["state"][0]["exp_avg"], moment)
    assert torch.equal(find_state_dict(read)["weight"], model.weight)


@pytest.fixture
def history_buffer():
    """A stand-in for mmengine's class, under its name."""

    class HistoryBuffer:
        def __init__(self) -> None:
            self._log_history = np.arange(3.0)
            self._methods = {"min": HistoryBuffer.smallest}

        @classmethod
        def smallest(cls) -> None: ...

    names = ("mmengine", "mmengine.logging", "mmengine.logging.history_buffer")
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    HistoryBuffer.__module__ = names[-1]
    HistoryBuffer.__qualname__ = "HistoryBuffer"
    sys.modules[names[-1]].HistoryBuffer = HistoryBuffer
    yield HistoryBuffer
    for name in names:
        del sys.modules[name]


@BOTH_FORMATS
def test_mmengines_metadata(tmp_path: Path, legacy: bool, history_buffer) -> None:
    content = {
        "meta": {"config": "model = dict()", "shape": np.float64(3)},
        "message_hub": {"log_scalars": collections.OrderedDict(loss=history_buffer())},
        "state_dict": {
            "backbone.conv1.weight": torch.ones(2),
            "head.final_layer.bias": torch.ones(1),
        },
    }
    read = read_checkpoint(save(content, tmp_path / "a.pth", legacy))
    assert isinstance(read["message_hub"]["log_scalars"]["loss"], Inert)
    found = find_state_dict(read, prefixes=("module.", "backbone.", "head."))
    assert list(found) == ["conv1.weight", "final_layer.bias"]


class Runs:
    """Pickles as a call of any function."""

    def __init__(self, function, *args) -> None:
        self.call = function, args

    def __reduce__(self):
        return self.call


def _attacks(marker: Path) -> dict[str, object]:
    command = f"touch {marker}"
    return {
        "system": Runs(os.system, command),
        "eval": Runs(eval, f"open({str(marker)!r}, 'w')"),
        "exec": Runs(exec, f"open({str(marker)!r}, 'w')"),
        "open": Runs(open, str(marker), "w"),
        "import": Runs(__import__, "os"),
        "getattr": Runs(getattr, collections.OrderedDict, "fromkeys"),
        "torch.load": Runs(torch.load, str(marker)),
        "touch": Runs(Path.touch, marker),
        "numpy.load": Runs(np.load, str(marker)),
        "partial": __import__("functools").partial(os.system, command),
        "subclass": Runs(np.lib.format.open_memmap, str(marker)),
    }


@BOTH_FORMATS
@pytest.mark.parametrize("attack", list(_attacks(Path("x"))))
def test_code_is_refused_and_not_run(tmp_path: Path, legacy: bool, attack: str) -> None:
    marker = tmp_path / "ran"
    content = {"model_pos": {"a": torch.ones(2)}, "extra": _attacks(marker)[attack]}
    path = save(content, tmp_path / "evil.pth", legacy)
    with pytest.raises(PoseliftError) as caught:
        read_checkpoint(path)
    assert not marker.exists()
    assert "evil.pth" in caught.value.message
    assert caught.value.hint


def test_the_refusal_names_what_it_found(tmp_path: Path) -> None:
    path = save({"x": Runs(os.system, "true")}, tmp_path / "evil.pth", False)
    with pytest.raises(PoseliftError, match=r"posix\.system|nt\.system"):
        read_checkpoint(path)


@pytest.mark.parametrize("protocol", range(5))
def test_bare_pickles(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps({"w": np.ones(3, np.float32), "n": 1}, protocol))
    read = read_checkpoint(path)
    assert torch.equal(read["w"], torch.ones(3))
    path.write_bytes(pickle.dumps({"w": Runs(os.system, "true")}, protocol))
    with pytest.raises(PoseliftError, match="system"):
        read_checkpoint(path)


@BOTH_FORMATS
def test_every_truncation_is_refused(tmp_path: Path, legacy: bool) -> None:
    path = save({"model": {"w": torch.randn(50)}, "epoch": 1}, tmp_path / "a.pth", legacy)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(PoseliftError) as caught:
            read_checkpoint(path)
        assert caught.value.hint


def test_a_flipped_bit_in_the_weights_is_seen(tmp_path: Path) -> None:
    path = save({"w": torch.zeros(1000)}, tmp_path / "a.pth", False)
    content = bytearray(path.read_bytes())
    content[content.index(bytes(2000)) + 1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(PoseliftError, match="CRC"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [((5,), (1,), 0), ((4,), (1,), 1), ((2, 2), (3, 1), 0), ((10**12,), (0,), 0), ((2,), (-1,), 1)],
)
def test_a_tensor_beyond_its_bytes_is_refused(tmp_path: Path, size, stride, offset) -> None:
    class Lies:
        def __reduce__(self):
            storage = torch.ones(4).untyped_storage()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch itself still writes this class
                typed = torch.storage.TypedStorage(wrap_storage=storage, dtype=torch.float32)
            build = torch._utils._rebuild_tensor_v2
            return build, (typed, offset, size, stride, False, collections.OrderedDict())

    path = save({"w": Lies()}, tmp_path / "a.pth", False)
    with pytest.raises(PoseliftError):
        read_checkpoint(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Quota exceeded</html>",
        b"PK\x03\x04 not a zip",
        bytes(1000),
        b"\x80\x02.",
        b"}.",
    ],
)
def test_other_files_are_refused_or_have_no_weights(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(PoseliftError):
        find_state_dict(read_checkpoint(path))


def test_other_zip_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(PoseliftError, match=r"data\.pkl"):
        read_checkpoint(path)
    buffer = io.BytesIO()
    torch.save({"w": torch.zeros(5)}, buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(PoseliftError, match="compressed"):
        read_checkpoint(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(PoseliftError, match="No such file"):
        read_checkpoint(tmp_path / "missing.pth")


def test_nests_are_unwrapped() -> None:
    tensors = {"module.module.a": torch.ones(1), "module.b": torch.ones(1), "epoch": 3}
    for content in (tensors, {"model": tensors}, {"state_dict": {"model_pos": tensors}}):
        assert list(find_state_dict(content)) == ["a", "b"]
    for nothing in ({}, {"epoch": 1}, [torch.ones(1)], None, {"model": {}}):
        with pytest.raises(PoseliftError, match="holds no weights"):
            find_state_dict(nothing)
