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
        "e52eab7acbfddfd9fd3500392695e2c20ab266c36d068887211e4856ada92952",
        is_default=True,
    ),
    _trained(
        "sct-2",
        "sct",
        "51e68b6f6bc484d95e616c6abaaf83eb1909ee424e094c90d4fc886c03fd3b75",
    ),
    _trained(
        "convformer-2",
        "convformer",
        "41d39947efb5a39ad680cc0dc8c48f009bc73588a1e57e3270d7a0a19b1caa00",
    ),
    _trained(
        "poseformerv2-2",
        "poseformerv2",
        "bd1b767e0c247383e55f799bfa14de4eb47910569744d4e4416b34917b0a94be",
    ),
    _trained(
        "ftcm-2",
        "ftcm",
        "e867cc517a975c5360e9a16f3263efb3e575b283334c274360a6b5d5880bf7c7",
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
