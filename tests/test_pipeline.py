import gc
import weakref
from pathlib import Path

from poselift import Settings
from poselift.pipeline import Pipeline


class Held:
    """Something large of a clip that only a reference cycle keeps."""

    itself: "Held"


def test_what_a_clip_held_is_freed_before_the_next_is_opened(balance: Path) -> None:
    pipeline = Pipeline(Settings())
    gc.disable()
    try:
        held = Held()
        held.itself = held
        gone = weakref.ref(held)
        del held
        with pipeline._open(balance):
            assert gone() is None
    finally:
        gc.enable()
