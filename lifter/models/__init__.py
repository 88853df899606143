"""The lifting networks.

>>> net = create("poseformerv2", frames=27, frames_kept=3, coefficients_kept=3)
>>> net.output, net.frames, net.channels
('centre', 27, 2)
"""

from poselift.lifter.models.base import JOINTS, LifterNet, freeze
from poselift.lifter.models.export import export_onnx
from poselift.lifter.models.ftcm import Refine
from poselift.lifter.models.poselift2 import Poselift2
from poselift.lifter.models.published import load_published
from poselift.lifter.models.registry import MODELS, create, names
from poselift.lifter.models.storage import StoredNet, load, read_header, save

__all__ = [
    "JOINTS",
    "MODELS",
    "LifterNet",
    "Poselift2",
    "Refine",
    "StoredNet",
    "create",
    "export_onnx",
    "freeze",
    "load",
    "load_published",
    "names",
    "read_header",
    "save",
]
