"""`lifter.load`: a lifter by name, from installed weights or from a checkpoint file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from poselift import weights
from poselift.errors import PoseliftError
from poselift.plugins import load_plugins
from poselift.reading import checked_rate
from poselift.weights.entry import SHIPPED

if TYPE_CHECKING:
    from poselift.lifter.clip import ClipLifter
    from poselift.lifter.engine import Answer
    from poselift.lifter.models.base import LifterNet
    from poselift.lifter.normalise import Normalisation

_log = logging.getLogger(__name__)
#: What the header of a weight file may say about its training.
_KNOWN = {
    "normalisation": ("screen", "crop", "ray"),
    "answer": ("camera", "ray"),
    "units": ("metres", "screen"),
}

#: Lifters that programs and installed packages added: what makes each, and one line about it.
OWN: dict[str, tuple[Callable[..., ClipLifter], str]] = {}


def load(
    name: str = "auto",
    *,
    checkpoint: str | Path | None = None,
    model_settings: Mapping[str, Any] | None = None,
    normalisation: Normalisation | None = None,
    answer: Answer | None = None,
    units: Literal["metres", "screen"] | None = None,
    trained_fps: float | None = None,
    device: str = "auto",
    dtype: str = "auto",
    runtime: Literal["auto", "torch", "onnxruntime"] = "auto",
    mirror: bool = True,
    join: Literal["blend", "centre"] = "blend",
    overlap: float | None = None,
    time_step: int | None = None,
    batch: int | None = None,
    field_of_view: float | None = None,
) -> ClipLifter:
    """A lifter, ready to lift tracks. Nothing is ever downloaded.

    Args:
        name: a weights entry ("poseformerv2-243-27-27"), a model ("sct": its best
            installed weights, downloaded ones before included ones), or "auto": the best lifter
            whose weights are installed.
        checkpoint: a file to take the weights from instead: one of ours (.safetensors) or one of
            the authors' code; then `name` is the model, or "auto" to recognise it by the file.
        model_settings: what to make the model with, for a published checkpoint; what the tensors'
            shapes reveal need not be given (not in the shapes: heads; SCT's ratio, pruned_layers).
        normalisation: "screen", "crop" or "ray", if neither file nor entry says.
        answer: "camera" or "ray": the frame of the network's answer; None takes "ray" for all that
            is not normalised on the screen, and the answer is turned back to camera axes.
        units: "metres", or "screen" for networks like the published SCT.
        trained_fps: the rate the network expects; clips at other rates are resampled.
        device: auto, cpu, cuda, cuda:1, mps.
        dtype: float32, bfloat16, float16; "auto" is float32 with matrices multiplied in bfloat16
            where network and processor are fit for it: twice as fast, the same scores.
        runtime: "torch", "onnxruntime" (float32 on the CPU, needs the `export` extra), or "auto":
            onnxruntime for large networks on a CPU with AVX-512 where that extra is installed.
        mirror: see `lifter.WindowSettings`, as for the next three.
        join: how windows are joined.
        overlap: of windows.
        batch: windows at a time.
        time_step: windows take every n-th frame; None takes what the entry says, for a file 1.
        field_of_view: degrees along the picture's longer side, of clips whose camera is not known;
            None is 55.

    >>> load("sct", checkpoint="best_epoch.bin", dtype="bfloat16")  # doctest: +SKIP
    """
    from poselift.lifter.clip import ClipLifter
    from poselift.lifter.engine import FIELD_OF_VIEW, WindowSettings

    asked, name = name, weights.current_name(name)
    if asked != name and checkpoint is None:
        _log.warning("%s was trained anew; its successor %s is taken.", asked, name)
    make = _own(name)
    if make is not None and checkpoint is None:
        return make(device=device)
    step = 1
    if checkpoint is not None:
        title, net, training = _from_file(name, Path(checkpoint), model_settings or {})
    else:
        if model_settings:
            raise PoseliftError(
                "model_settings belong to a checkpoint file: expected `checkpoint`, got none.",
                "Registered weights have their own settings.",
            )
        entry = _choose(name)
        step = entry.time_step
        title, net, training = _from_entry(entry)
    given = {
        "normalisation": normalisation, "answer": answer, "units": units, "fps": trained_fps,
    }  # fmt: skip
    training.update({k: v for k, v in given.items() if v is not None})
    return ClipLifter.from_net(
        net,
        name=title,
        device=device,
        dtype=dtype,
        runtime=runtime,
        settings=WindowSettings(
            mirror, join, overlap, step if time_step is None else time_step, batch
        ),
        field_of_view=FIELD_OF_VIEW if field_of_view is None else field_of_view,
        **training,
    )


def choose_lifter(name: str = "auto", checkpoint: str | Path | None = None) -> tuple[str, str]:
    """The lifter that `load` would take, and one line that says why. Nothing is loaded.

    >>> choose_lifter("sct", "runs/best.bin")
    ('best', 'from the file given')
    """
    if checkpoint is not None:
        return Path(checkpoint).stem, "from the file given"
    name = weights.current_name(name)
    if _own(name) is not None:
        return name, "as asked"
    chosen = _choose(name).name
    return chosen, "the best whose weights are on this machine" if name == "auto" else "as asked"


def add_lifter(name: str, make: Callable[..., ClipLifter], note: str = "") -> None:
    """Make a lifter known by a name, which must be free; `make` is called with `device=...`."""
    from poselift.lifter import models

    taken = {"auto", *models.names(), *weights.ENTRIES, *OWN}
    if name in taken:
        raise PoseliftError(f"A lifter cannot be called {name!r}.", "Give it another name.")
    OWN[name] = (make, note)


def _own(name: str) -> Callable[..., ClipLifter] | None:
    """What makes the lifter of this name, where it is one that was added."""
    if name == "auto" or any(name in (one.name, one.model) for one in _lifters()):
        return None
    load_plugins()
    return OWN[name][0] if name in OWN else None


def available() -> tuple[str, ...]:
    """The lifters whose weights are on this machine, best first."""
    return tuple(entry.name for entry in _lifters() if weights.available(entry.name))


def _lifters() -> list[weights.WeightsEntry]:
    """All lifters, best first: the default, then in the registry's order."""
    lifters = [entry for entry in weights.ENTRIES.values() if entry.kind == "lifter"]
    return sorted(lifters, key=lambda entry: not entry.is_default)


def _choose(name: str) -> weights.WeightsEntry:
    """The entry that `name` means."""
    entries = _lifters()
    here = [entry for entry in entries if weights.available(entry.name)]
    if name == "auto":
        if not here:
            raise PoseliftError(
                "No lifter's weights are on this machine.",
                "`poselift weights list` shows what there is; `checkpoint` takes a file.",
            )
        _log.info("lifter: %s, the best of %d installed", here[0].name, len(here))
        return here[0]
    for entry in entries:
        if entry.name == name:
            return entry
    of_model = [entry for entry in entries if entry.model == name]
    if not of_model:
        raise _unknown(name, entries)
    # Whoever downloaded or added weights wants those rather than the small included ones.
    for entry in sorted(here, key=lambda entry: entry.source == SHIPPED):
        if entry.model == name:
            _log.info("lifter: %s, the best installed weights for %s", entry.name, name)
            return entry
    return of_model[0]  # not here: getting it says how to fetch it


def _unknown(name: str, entries: list[weights.WeightsEntry]) -> PoseliftError:
    from poselift.lifter import models

    known = [*dict.fromkeys([*models.names(), *(entry.name for entry in entries)])]
    if name in models.names():
        return PoseliftError(
            f"There are no weights for {name!r} in the registry.",
            "Give a file: `checkpoint`.",
        )
    near = get_close_matches(str(name).lower(), known, 1, 0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return PoseliftError(
        f"No lifter is called {name!r}.", f"{hint}Known: auto, {', '.join(known)}."
    )


def _from_entry(entry: weights.WeightsEntry) -> tuple[str, LifterNet, dict[str, Any]]:
    path = weights.get(entry.name)
    _, net, training = _from_file(entry.model, path, entry.settings)
    stated = {
        "normalisation": entry.normalisation, "units": entry.units, "fps": entry.fps,
    }  # fmt: skip
    return entry.name, net, {**training, **{k: v for k, v in stated.items() if v is not None}}


def _from_file(
    name: str, path: Path, settings: Mapping[str, Any]
) -> tuple[str, LifterNet, dict[str, Any]]:
    """The network of a file, and what the file says about its training."""
    from poselift.lifter import models

    if path.suffix == ".safetensors":
        header = models.read_header(path)
        if name not in ("auto", header.model):
            raise PoseliftError(
                f"{path.name} holds a {header.model}, not a {name}.",
                f"Use the name {header.model!r} or 'auto'.",
            )
        extra = header.extra
        training: dict[str, Any] = {
            k: extra[k] for k in ("normalisation", "answer", "units") if k in extra
        }
        if extra.get("fps"):
            training["fps"] = checked_rate(extra["fps"], path.name)
        for key, known in _KNOWN.items():
            if training.get(key, known[0]) not in known:
                raise PoseliftError(
                    f"{path.name} says {key} {str(training[key])[:40]!r}.",
                    f"Known are {', '.join(known)}.",
                )
        return path.stem, models.load(path), training
    if name != "auto" and name not in models.names():
        # A checkpoint may come with the name of the entry that it stands in for.
        entry = next((entry for entry in _lifters() if entry.name == name), None)
        if entry is None:
            raise _unknown(name, _lifters())
        name, settings = entry.model, {**entry.settings, **settings}
    net = _make(name, path, settings)
    models.load_published(net, path)
    return path.stem, net, {"units": "screen"} if net.name == "sct" else {}


def _make(name: str, path: Path, settings: Mapping[str, Any]) -> LifterNet:
    """A network that the file's tensors fit, as far as their shapes show its settings."""
    from poselift.lifter import models

    kind, guessed = _guess(path)
    if name == "auto":
        if kind is None:
            raise PoseliftError(
                f"{path.name} does not look like a checkpoint of any lifter here.",
                f"Say which model it is: {', '.join(models.names())}.",
            )
        name = kind
    # Another model's file fits nothing: loading it then says so, tensor by tensor.
    net = models.create(name, **{**(guessed if name == kind else {}), **settings})
    _log.info("%s is a %s with %s", path.name, net.name, net.settings)
    return net


def _guess(path: Path) -> tuple[str | None, Mapping[str, Any]]:
    """The model of a published file and the settings that its tensors' shapes show."""
    from poselift.lifter.models import published
    from poselift.weights.checkpoint import find_state_dict, read_checkpoint

    tensors = published.fold_weight_norm(find_state_dict(read_checkpoint(path), path.name))
    found = published.guess({key: tuple(value.shape) for key, value in tensors.items()})
    return (getattr(found[0], "name", None), found[1]) if found else (None, {})
