"""The lifters that ship, trained here; add a line when one is trained.

A file lies in `weights/files`, its model card in `weights/cards`. `auto` takes the default;
otherwise the order is best first.
"""

from __future__ import annotations

from poselift.weights.entry import Normalisation, WeightsEntry


def _trained(
    name: str,
    model: str,
    sha256: str,
    is_default: bool = False,
    normalisation: Normalisation = "crop",
    data: str = "CMU motion capture",
) -> WeightsEntry:
    """An entry of ours; the network's settings are in the file's own header."""
    return WeightsEntry(
        name=name,
        kind="lifter",
        model=model,
        file=f"{name}.safetensors",
        licence="Apache-2.0",
        sha256=sha256,
        normalisation=normalisation,
        conversion="coco-h36m",
        units="metres",
        fps=30.0,
        is_default=is_default,
        note=f"trained here on {data}; see weights/cards/{name}.md",
    )


TRAINED: tuple[WeightsEntry, ...] = (
    _trained(
        "poselift-2",
        "poselift2",
        "e65eb7d8edc9546490fb21724fac8b13b9d8e7ac0d01c544897a93379987ed92",
        is_default=True,
        normalisation="ray",
        data="CMU motion capture and 100STYLE",
    ),
    _trained(
        "poselift-27",
        "poselift",
        "b0735a1ab0d3c2d009b3ea42ad480439799f64540e0a6c3f5472bf72185680da",
    ),
    _trained(
        "convformer-27",
        "convformer",
        "13b4aadb27035ae3a61d854e576b023937b48f935d08f4d7629bcb8cf3c192b7",
    ),
    _trained(
        "sct-27",
        "sct",
        "3ed009ce7024bc8816c4cc1045969993a5d38df07fb6b7eb9d7069e0c819da39",
    ),
    _trained(
        "poseformerv2-27",
        "poseformerv2",
        "45b78067dd32f99211c6aac2ec48e4be345b6629fa1c735c76e13ae225b536d8",
    ),
    _trained(
        "ftcm-27",
        "ftcm",
        "78007598f5502dddf7e36bca94ec57e99014900f2197a41d095f82f0f79cc0e7",
    ),
)

#: Former names, and those of the weights that were trained in their place.
SUCCESSORS: dict[str, str] = {}
