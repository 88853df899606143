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
        sha256="3af23c8a678b02e309d8aa6a0ae645baa451f2168fac90ad4a112cec9778c8a4",
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
