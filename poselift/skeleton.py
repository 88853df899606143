"""The joint tables: every skeleton that Poselift knows, and the conversions between them.

Everything after the detectors is in `H36M17`. The conversions are linear and written once, as
matrices, so that training makes its 2D input by the same rule as at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from poselift.errors import PoseliftError

#: Turns points (..., K, 2) and scores (..., K) of a skeleton into those of H36M-17.
Conversion = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Skeleton:
    """Names of K joints, each joint's parent (-1 for none) and the left/right pairs.

    >>> H36M17.names[H36M17.index("left wrist")]
    'left wrist'
    >>> H36M17.mirror[4] == H36M17.index("right hip")
    True
    """

    name: str
    names: tuple[str, ...]
    parents: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Position of the joint called `name`."""
        return self.names.index(name)

    @cached_property
    def mirror(self) -> tuple[int, ...]:
        """For each joint the one that takes its place when left and right are swapped."""
        swapped = dict(zip(self.left + self.right, self.right + self.left, strict=True))
        return tuple(swapped.get(i, i) for i in range(len(self)))

    @cached_property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(parent, child) for every joint that has a parent."""
        return tuple((parent, child) for child, parent in enumerate(self.parents) if parent >= 0)


H36M17 = Skeleton(
    name="h36m17",
    names=(
        "pelvis", "right hip", "right knee", "right ankle", "left hip", "left knee", "left ankle",
        "spine", "thorax", "neck", "head", "left shoulder", "left elbow", "left wrist",
        "right shoulder", "right elbow", "right wrist",
    ),
    parents=(-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15),
    left=(4, 5, 6, 11, 12, 13),
    right=(1, 2, 3, 14, 15, 16),
)  # fmt: skip

COCO17 = Skeleton(
    name="coco17",
    names=(
        "nose", "left eye", "right eye", "left ear", "right ear", "left shoulder",
        "right shoulder", "left elbow", "right elbow", "left wrist", "right wrist", "left hip",
        "right hip", "left knee", "right knee", "left ankle", "right ankle",
    ),
    parents=(-1, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
    left=(1, 3, 5, 7, 9, 11, 13, 15),
    right=(2, 4, 6, 8, 10, 12, 14, 16),
)  # fmt: skip

BLAZEPOSE33 = Skeleton(
    name="blazepose33",
    names=(
        "nose", "left eye inner", "left eye", "left eye outer", "right eye inner", "right eye",
        "right eye outer", "left ear", "right ear", "mouth left", "mouth right", "left shoulder",
        "right shoulder", "left elbow", "right elbow", "left wrist", "right wrist", "left pinky",
        "right pinky", "left index", "right index", "left thumb", "right thumb", "left hip",
        "right hip", "left knee", "right knee", "left ankle", "right ankle", "left heel",
        "right heel", "left toe", "right toe",
    ),
    parents=(
        -1, 0, 1, 2, 0, 4, 5, 3, 6, 0, 0, 0, 0, 11, 12, 13, 14, 15, 16, 15, 16, 15, 16, 11, 12,
        23, 24, 25, 26, 27, 28, 29, 30,
    ),
    left=(1, 2, 3, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31),
    right=(4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32),
)  # fmt: skip

HALPE26 = Skeleton(
    name="halpe26",
    names=(
        *COCO17.names, "head top", "neck", "pelvis", "left toe", "right toe", "left small toe",
        "right small toe", "left heel", "right heel",
    ),
    parents=(*COCO17.parents, 0, 0, 18, 15, 16, 15, 16, 15, 16),
    left=(*COCO17.left, 20, 22, 24),
    right=(*COCO17.right, 21, 23, 25),
)  # fmt: skip

#: What some keypointers read beside the ankles. It travels with the 17 joints as "extra" ones.
FEET4 = Skeleton(
    name="feet4",
    names=("left heel", "left toe", "right heel", "right toe"),
    parents=(-1, 0, -1, 2),
    left=(0, 1),
    right=(2, 3),
)

#: COCO-17 joint by joint, as indices of BlazePose-33.
BLAZEPOSE_TO_COCO = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)

_LIMBS = {
    "right hip": "right hip", "right knee": "right knee", "right ankle": "right ankle",
    "left hip": "left hip", "left knee": "left knee", "left ankle": "left ankle",
    "left shoulder": "left shoulder", "left elbow": "left elbow", "left wrist": "left wrist",
    "right shoulder": "right shoulder", "right elbow": "right elbow",
    "right wrist": "right wrist",
}  # fmt: skip


def coco_to_h36m_matrices(spine_bow: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """The rule of the published demos as two (17, 17) matrices, one for x and one for y.

    `spine_bow` is how far the spine point moves sideways, away from the middle of the line from
    hips to thorax; the published demos use 2.
    """

    def point(*names: str) -> np.ndarray:  # (17,) the mean of some COCO joints
        row = np.zeros(17)
        for name in names:
            row[COCO17.index(name)] += 1 / len(names)
        return row

    shoulders = point("left shoulder", "right shoulder")
    hips = point("left hip", "right hip")
    nose = point("nose")
    eyes = point("left eye", "right eye")
    middle = (shoulders + hips) / 2
    x, y = np.zeros((17, 17)), np.zeros((17, 17))
    for theirs, ours in _LIMBS.items():
        x[H36M17.index(ours)] = y[H36M17.index(ours)] = point(theirs)
    made = {name: H36M17.index(name) for name in ("pelvis", "spine", "thorax", "neck", "head")}
    x[made["pelvis"]] = y[made["pelvis"]] = hips
    thorax_x = shoulders + (nose - shoulders) / 3
    x[made["thorax"]] = thorax_x
    y[made["thorax"]] = thorax_x - (eyes - nose) * 2 / 3
    x[made["spine"]] = middle + spine_bow * (middle - (hips + thorax_x) / 2)
    y[made["spine"]] = middle
    x[made["neck"]] = y[made["neck"]] = nose - (nose - shoulders) / 4
    x[made["head"]] = point("left eye", "right eye", "left ear", "right ear")
    y[made["head"]] = 2 * eyes - nose
    return x.astype(np.float32), y.astype(np.float32)


_X, _Y = coco_to_h36m_matrices()


def coco_to_h36m(xy: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """COCO-17 points to H36M-17: (..., 17, 2), (..., 17) to the same shapes.

    A derived joint's score is the lowest of the scores it was derived from: it is never more
    certain than its sources, and 0 if one of them is.

    >>> xy, score = coco_to_h36m(np.ones((5, 17, 2)), np.full((5, 17), 0.9))
    >>> xy.shape, score.shape, bool(np.allclose(score, 0.9))
    ((5, 17, 2), (5, 17), True)
    """
    return _combined(xy, score, _X, _Y)


def _combined(
    xy: np.ndarray, score: np.ndarray, matrix_x: np.ndarray, matrix_y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Joints as weighted sums, (17, K), of points (..., K, 2); their scores the lowest of those."""
    out = np.stack(
        [np.asarray(xy[..., 0]) @ matrix_x.T, np.asarray(xy[..., 1]) @ matrix_y.T], axis=-1
    ).astype(np.float32)
    score = np.asarray(score, np.float32)
    made_from = (matrix_x != 0) | (matrix_y != 0)
    spread = np.where(made_from, score[..., None, :], np.float32(np.inf))
    return out, spread.min(axis=-1).astype(np.float32)


def blazepose_to_coco(xy: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """BlazePose-33 points to COCO-17, by picking: (..., 33, 2), (..., 33) to 17."""
    picked = list(BLAZEPOSE_TO_COCO)
    return np.asarray(xy)[..., picked, :], np.asarray(score)[..., picked]


def _blazepose_to_h36m(xy: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return coco_to_h36m(*blazepose_to_coco(xy, score))


def _halpe_to_h36m(xy: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Halpe-26 begins with COCO-17. Its own neck and pelvis are left aside: lifters were trained on
    # those that are made from COCO's joints.
    coco = len(COCO17)
    return coco_to_h36m(np.asarray(xy)[..., :coco, :], np.asarray(score)[..., :coco])


def feet_of(
    xy: np.ndarray, score: np.ndarray, skeleton: Skeleton
) -> tuple[np.ndarray, np.ndarray] | None:
    """The heels and toes among points (..., K, 2), as FEET4; None where the skeleton has none.

    >>> feet_of(np.zeros((5, 17, 2)), np.zeros((5, 17)), COCO17) is None
    True
    >>> feet_of(np.zeros((5, 26, 2)), np.zeros((5, 26)), HALPE26)[0].shape
    (5, 4, 2)
    """
    if not set(FEET4.names) <= set(skeleton.names):
        return None
    picked = [skeleton.index(name) for name in FEET4.names]
    return np.asarray(xy)[..., picked, :], np.asarray(score)[..., picked]


def _unchanged(xy: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(xy, np.float32), np.asarray(score, np.float32)


#: The skeletons that 2D input may come in, by name; `poselift.register` adds to them.
SKELETONS = {one.name: one for one in (H36M17, COCO17, HALPE26, BLAZEPOSE33)}
_CONVERSIONS: dict[str, Conversion] = {
    H36M17.name: _unchanged,
    COCO17.name: coco_to_h36m,
    HALPE26.name: _halpe_to_h36m,
    BLAZEPOSE33.name: _blazepose_to_h36m,
}


def add_skeleton(skeleton: Skeleton, to_h36m: Conversion | Mapping[str, Sequence[str]]) -> None:
    """Make a skeleton known by its name.

    `to_h36m` is a function, or says for each joint of H36M-17 which of the skeleton's joints it is
    the mean of.
    """
    if skeleton.name in SKELETONS and SKELETONS[skeleton.name] != skeleton:
        raise PoseliftError(
            f"There is another skeleton called {skeleton.name!r}.", "Give it another name."
        )
    if callable(to_h36m):
        conversion: Conversion = to_h36m
    else:
        means = _means(skeleton, to_h36m)

        def conversion(xy: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return _combined(xy, score, means, means)

    SKELETONS[skeleton.name] = skeleton
    _CONVERSIONS[skeleton.name] = conversion


def _means(skeleton: Skeleton, joints: Mapping[str, Sequence[str]]) -> np.ndarray:
    """(17, K) weights of the skeleton's joints in each joint of H36M-17."""
    weights = np.zeros((len(H36M17), len(skeleton)), np.float32)
    for row, name in enumerate(H36M17.names):
        sources = joints.get(name, ())
        unknown = [source for source in sources if source not in skeleton.names]
        if unknown or not sources:
            wrong = f"unknown joints {', '.join(unknown)}" if unknown else "no joints"
            raise PoseliftError(
                f"The skeleton {skeleton.name!r}: {name!r} is made from {wrong}.",
                f"Name one or more of its joints: {', '.join(skeleton.names)}.",
            )
        for source in sources:
            weights[row, skeleton.index(source)] += 1 / len(sources)
    return weights


def find_skeleton(joints: str | Skeleton) -> Skeleton:
    """The skeleton of this name, or the skeleton itself; it must be convertible to H36M-17."""
    name = joints if isinstance(joints, str) else joints.name
    if name not in SKELETONS:
        raise PoseliftError(
            f"Unknown skeleton {name!r}.",
            f"Known: {', '.join(SKELETONS)}; `poselift.register` adds one from Python.",
        )
    return SKELETONS[name]


def to_h36m(xy: np.ndarray, score: np.ndarray, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Points of any known skeleton to H36M-17."""
    return _CONVERSIONS[find_skeleton(skeleton).name](xy, score)


def mirror_points(xy: np.ndarray, skeleton: Skeleton = H36M17) -> np.ndarray:
    """Mirror points whose x is centred on 0: negate x, swap left and right. (..., K, C)."""
    out = np.array(xy)[..., list(skeleton.mirror), :]
    out[..., 0] *= -1
    return out
