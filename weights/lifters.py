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
    normalisation: Normalisation = "ray",
    data: str = "CMU motion capture and 100STYLE",
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
        "02458c6fd311a7b5b1bf500d15eb1d26c491dc6dbc41683b4459403dc6d43dac",
        is_default=True,
    ),
    _trained(
        "sct-2",
        "sct",
        "9b42754e480429537f46c1234869421755469cd6e28170d65fdabd6195187b60",
    ),
    _trained(
        "convformer-2",
        "convformer",
        "c4a8d0291fa440a01decf63e51c42d706001da991d0b40e8797346771beb3381",
    ),
    _trained(
        "poseformerv2-2",
        "poseformerv2",
        "6050c6c7a15e985f1ee2689a131e2f4e1d8b6d541ca70e1df97451b792fcbd22",
    ),
    _trained(
        "ftcm-2",
        "ftcm",
        "069bd629606c61a9d11e2d9e32c202b8a40b1735e42180ab0a0b315e4e65a3e6",
    ),
    _trained(
        "poselift-27",
        "poselift",
        "b0735a1ab0d3c2d009b3ea42ad480439799f64540e0a6c3f5472bf72185680da",
        normalisation="crop",
        data="CMU motion capture",
    ),
)

#: Former names, and those of the weights that were trained in their place.
SUCCESSORS = {
    "sct-27": "sct-2",
    "convformer-27": "convformer-2",
    "poseformerv2-27": "poseformerv2-2",
    "ftcm-27": "ftcm-2",
}
