"""The lifters that ship, trained here; add a line when one is trained.

A file lies in `weights/files`, its model card in `weights/cards`. The first with role "default" is
what `auto` takes, the first with role "live" what cameras take; otherwise best first.
"""

from __future__ import annotations

from weights.entry import WeightsEntry

TRAINED: tuple[WeightsEntry, ...] = (
    WeightsEntry(
        name="poselift-27",
        kind="lifter",
        model="poselift",
        file="poselift-27.safetensors",
        licence="Apache-2.0",
        sha256="612548c13b6996876807618b8d5a9e099f0217159f5a9989ab7de3b8417aa78d",
        settings={
            "frames": 27,
            "width": 192,
            "depth": 5,
            "heads": 6,
            "mlp_ratio": 3.0,
            "channels": 3,
            "drop_path": 0.0,
        },
        normalisation="crop",
        conversion="coco-h36m",
        units="metres",
        fps=30.0,
        role="default",
        note="trained here on CMU motion capture; see weights/cards/poselift-27.md",
    ),
)
