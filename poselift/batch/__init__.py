"""Many videos: each is a unit with a record of its own, on one machine or on any number.

>>> from poselift.batch import Batch
>>> batch = Batch(["clips/*.mp4"], Settings(out="results"))  # doctest: +SKIP
>>> batch.run(jobs=4).failed  # doctest: +SKIP
0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poselift.lazy import lazy

if TYPE_CHECKING:
    from poselift.batch.batch import Batch, Summary
    from poselift.batch.manifest import write_manifest
    from poselift.batch.object_records import records_at
    from poselift.batch.on_ray import OnRay
    from poselift.batch.plan import Limits
    from poselift.batch.records import Record, Records
    from poselift.batch.units import Shard

_HOME = {
    "Batch": "poselift.batch.batch",
    "Limits": "poselift.batch.plan",
    "OnRay": "poselift.batch.on_ray",
    "Record": "poselift.batch.records",
    "Records": "poselift.batch.records",
    "Shard": "poselift.batch.units",
    "Summary": "poselift.batch.batch",
    "records_at": "poselift.batch.object_records",
    "write_manifest": "poselift.batch.manifest",
}

__all__ = [
    "Batch",
    "Limits",
    "OnRay",
    "Record",
    "Records",
    "Shard",
    "Summary",
    "records_at",
    "write_manifest",
]

__getattr__, __dir__ = lazy(__name__, _HOME)
