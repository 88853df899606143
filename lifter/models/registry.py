"""The lifting networks by name."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from typing import Any

from poselift.errors import PoseliftError
from poselift.lifter.models.base import LifterNet
from poselift.lifter.models.convformer import ConvFormer
from poselift.lifter.models.ftcm import FTCM
from poselift.lifter.models.poseformerv2 import PoseFormerV2
from poselift.lifter.models.poselift import Poselift
from poselift.lifter.models.poselift2 import Poselift2
from poselift.lifter.models.sct import SCT

#: A new network is one file and one line here.
MODELS: dict[str, type[LifterNet]] = {
    net.name: net for net in (PoseFormerV2, SCT, FTCM, ConvFormer, Poselift, Poselift2)
}


def names() -> tuple[str, ...]:
    """What `create` can make.

    >>> names()
    ('poseformerv2', 'sct', 'ftcm', 'convformer', 'poselift', 'poselift2')
    """
    return tuple(MODELS)


def create(name: str, **settings: Any) -> LifterNet:
    """A network with fresh weights, in training mode.

    >>> create("ftcm", frames=9, width=64, blocks=1).settings["width"]
    64
    """
    if name not in MODELS:
        near = get_close_matches(str(name).lower().replace("-", ""), MODELS, 1, 0.4)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise PoseliftError(
            f"No lifting network is called {name!r}.", f"{hint}There are {', '.join(MODELS)}."
        )
    taken = inspect.signature(MODELS[name]).parameters
    unknown = [key for key in settings if key not in taken]
    if unknown:
        near = get_close_matches(unknown[0], taken, 1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise PoseliftError(
            f"{name} has no setting {', '.join(map(repr, unknown))}.",
            f"{hint}It has {', '.join(taken)}.",
        )
    missing = [
        key for key, value in taken.items() if value.default is value.empty and key not in settings
    ]
    if missing:
        raise PoseliftError(
            f"{name} needs {', '.join(missing)}.",
            f'For example: create("{name}", {", ".join(f"{key}=..." for key in missing)}).',
        )
    return MODELS[name](**settings)
