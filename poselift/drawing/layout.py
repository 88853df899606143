"""One picture from the frame and the room: side by side, the frame alone, or the room alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from poselift import large
from poselift.drawing.following import frame_clip
from poselift.drawing.people2d import draw_people
from poselift.drawing.scene3d import Scene
from poselift.drawing.shapes import capsules, fill, fixed
from poselift.drawing.style import DARK, LEFT, RIGHT, Colour, Theme
from poselift.drawing.text import text_width, write
from poselift.drawing.trails import SECONDS
from poselift.drawing.views import CAMERA, LAYOUTS, SOLID, VIEWS
from poselift.errors import PoseliftError
from poselift.result import ClipMotion

HEIGHT = 720  # pixels, unless told
#: People drawn in one frame, the largest: more cannot be told apart, and each takes its time.
MOST_DRAWN = 60
_WIDEST = 2.4  # a frame wider than this many heights gets bars above and below
#: Heights that a panel is wide which shows a crowd, from how many people on, and how much nearer it
#: must bring them.
_WIDE_PANEL, _CROWD, _WORTH_WIDTH = 1.5, 4, 0.85
_SMALLEST = 64  # pixels: video encoders refuse pictures of a few pixels

Box = tuple[int, int, int, int]  # left, top, width, height


@dataclass(frozen=True)
class Layout:
    """Where things go.

    Attributes:
        size: (width, height) of the whole picture; both even, as video encoders want.
        frame: where the frame goes, or None.
        panel: where the room goes, or None.
    """

    size: tuple[int, int]
    frame: Box | None
    panel: Box | None


def plan_layout(
    kind: str, source: tuple[int, int], height: int = HEIGHT, panel: float = 1.0
) -> Layout:
    """Plan a picture for frames of some (width, height).

    Beside or as the room, the picture is `height` high, and the room is square; beside the frame
    it is `panel` heights wide. The overlay keeps the frame's own size up to that height.

    >>> plan_layout("side", (1920, 1080)).size
    (2000, 720)
    >>> plan_layout("side", (1080, 1920)).size, plan_layout("overlay", (640, 480)).size
    ((1124, 720), (640, 480))
    """
    if kind not in (*LAYOUTS, SOLID):
        raise PoseliftError(
            f"There is no layout {kind!r}.", f"Choose one of {', '.join((*LAYOUTS, SOLID))}."
        )
    width, own_height = max(source[0], 1), max(source[1], 1)
    height = max(_even(height), _SMALLEST)
    if kind == "3d":
        return Layout((height, height), None, (0, 0, height, height))
    if kind in ("overlay", SOLID):
        scale = min(1.0, height / own_height)
        scale = max(scale, _SMALLEST / min(width, own_height) if min(source) < 16 else 0.0)
        fitted = _even(width * scale), _even(own_height * scale)
        return Layout(fitted, (0, 0, *fitted), None)
    scale = min(height / own_height, _WIDEST * height / width)
    wide, high = max(_even(width * scale), _SMALLEST), min(_even(own_height * scale), height)
    frame = 0, (height - high) // 2, wide, high
    room = _even(panel * height)
    return Layout((wide + room, height), frame, (wide, 0, room, height))


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


def _panel(motion: ClipMotion, layout: str, view: str, height: int) -> float:
    """How many heights wide the room is beside the frame: more for a crowd that needs it."""
    if layout != "side" or view not in VIEWS or not motion.placed or len(motion.ids) < _CROWD:
        return 1.0
    square, wide = (
        frame_clip(view, (round(share * height), height), motion.pose3d, motion.time).distance
        for share in (1.0, _WIDE_PANEL)
    )
    return _WIDE_PANEL if wide < _WORTH_WIDTH * square else 1.0


class ClipPainter:
    """Paints the frames of one clip, with one scale and one floor throughout.

    >>> from poselift.drawing.layout import ClipPainter            # doctest: +SKIP
    >>> painter = ClipPainter(motion, layout="side")        # doctest: +SKIP
    >>> picture = painter.paint(frame.image, row)           # doctest: +SKIP
    """

    def __init__(
        self,
        motion: ClipMotion,
        layout: str = "side",
        view: str = "three-quarter",
        height: int = HEIGHT,
        theme: Theme = DARK,
    ) -> None:
        """Plan the picture and frame the room for the whole clip; `height` bounds the output."""
        self._motion, self._theme = motion, theme
        self.layout = plan_layout(layout, motion.size, height, _panel(motion, layout, view, height))
        self._scene: Scene | None = None
        self._solid = layout == SOLID
        room = self.layout.frame if self._solid else self.layout.panel
        if room is not None:
            seen_from = CAMERA if self._solid else view
            camera = motion.meta.get("camera")
            self._scene = Scene(
                motion.pose3d, room[2:], seen_from, theme, camera,
                motion.time if motion.placed else None,
            )  # fmt: skip
            self._trail = round(SECONDS * motion.fps) if motion.placed else 0
        self._ground = np.empty((*self.layout.size[::-1], 3), np.uint8)
        self._ground[:] = theme.bottom

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of every picture."""
        return self.layout.size

    def paint(self, image: np.ndarray, row: int) -> np.ndarray:
        """One picture: `image` is the frame (BGR uint8, any size), `row` its row in the motion.

        A row beyond the motion's last shows the frame without people.
        """
        if row % large.BLOCK == 0:
            large.release(self._motion.pose3d, self._motion.pose2d, self._motion.score)
        out = self._ground.copy()
        if self.layout.frame is not None:
            left, top, width, height = self.layout.frame
            out[top : top + height, left : left + width] = self._overlay(
                image, row, (width, height)
            )
        if self._scene is not None and self.layout.panel is not None:
            left, top, width, height = self.layout.panel
            self._room(out[top : top + height, left : left + width], row)
        else:
            self._caption(out, row, on_frame=True)
        return out

    def _overlay(self, image: np.ndarray, row: int, size: tuple[int, int]) -> np.ndarray:
        small = fit_image(image, size)
        if not 0 <= row < len(self._motion.time):
            return small
        motion, who = self._motion, self._drawn(row)
        if self._solid:
            assert self._scene is not None
            return self._scene.render(
                motion.pose3d[who, row], motion.ids[who], float(motion.time[row]),
                motion.score[who, row], motion.filled[who, row], self._numbers, behind=small,
                frame=row, spread=self._spread(who, row),
            )  # fmt: skip
        share = np.array(size) / np.maximum((image.shape[1], image.shape[0]), 1)
        # Half a pixel: pixel centres, not corners, are what scaling keeps in place.
        xy = (motion.pose2d[who, row] + 0.5) * share - 0.5
        feet = motion.extra
        if feet is not None:
            soles = (feet.xy[who, row] + 0.5) * share - 0.5
            feet = replace(feet, xy=soles, score=feet.score[who, row])
        return draw_people(
            small, xy, motion.score[who, row], motion.ids[who], motion.filled[who, row],
            self._numbers, feet,
        )  # fmt: skip

    def _drawn(self, row: int) -> np.ndarray:
        """The rows of the people in a frame; of very many, those who are largest in the picture."""
        xy, pose = self._motion.pose2d[:, row], self._motion.pose3d[:, row]
        there = np.flatnonzero(np.isfinite(xy).any(axis=(1, 2)) | np.isfinite(pose[:, 0, 0]))
        if len(there) <= MOST_DRAWN:
            return there
        size = np.linalg.norm(np.ptp(np.nan_to_num(xy[there]), axis=1), axis=-1)
        largest = np.argsort(-size, kind="stable")[:MOST_DRAWN]
        return np.sort(there[largest])

    @property
    def _numbers(self) -> bool:
        return len(self._motion.ids) > 1

    def _room(self, panel: np.ndarray, row: int) -> None:
        assert self._scene is not None
        motion = self._motion
        if 0 <= row < len(motion.time):
            who = self._drawn(row)
            self._scene.render(
                motion.pose3d[who, row],
                motion.ids[who],
                float(motion.time[row]),
                motion.score[who, row],
                motion.filled[who, row],
                self._numbers,
                out=panel,
                trails=self._trails(who, row),
                frame=row,
                spread=self._spread(who, row),
            )
        else:
            self._scene.render(np.zeros((0, 17, 3)), [], out=panel)
        draw_legend(panel, self._theme)
        self._caption(panel, row)

    def _spread(self, who: np.ndarray, row: int) -> np.ndarray | None:
        spread = self._motion.spread
        return None if spread is None else spread[who, row]

    def _trails(self, who: np.ndarray, row: int) -> list[np.ndarray] | None:
        """Where these people were in the last seconds."""
        if self._trail < 2:
            return None
        every = max(self._trail // 60, 1)
        rows = np.arange(row, max(row - self._trail, -1), -every)[::-1]
        return list(self._motion.pose3d[np.ix_(who, rows)][:, :, 0])

    def _caption(self, panel: np.ndarray, row: int, on_frame: bool = False) -> None:
        time = self._motion.time
        if 0 <= row < len(time):
            draw_caption(panel, self._motion.lifter, row, float(time[row]), self._theme, on_frame)


def fit_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The image at another size: averaged when smaller, smooth when larger."""
    if (image.shape[1], image.shape[0]) == size:
        return np.ascontiguousarray(image)
    shrink = min(image.shape[1] / size[0], image.shape[0] / size[1])
    # Averaging costs twenty times as much and shows only when several pixels become one.
    kind = cv2.INTER_AREA if shrink > 1.9 else cv2.INTER_LINEAR if shrink > 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=kind))


def clock(seconds: float) -> str:
    """Seconds as minutes and hours.

    >>> clock(4.1), clock(3725.5)
    ('0:04.10', '1:02:05.50')
    """
    hundredths = max(0, round(seconds * 100))
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    long = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{long}:{rest // 100:02d}.{rest % 100:02d}"


def draw_caption(
    panel: np.ndarray, lifter: str, frame: int, time: float, theme: Theme, on_frame: bool = False
) -> None:
    """Write lifter, frame and time along the lower edge, in place.

    `on_frame` darkens the strip first, so that it can be read on any picture.
    """
    height, width = panel.shape[:2]
    letters = max(9, round(min(height, width) / 42))
    edge, base = round(letters * 1.3), height - round(letters * 1.3)
    text, dim = theme.text, theme.text_dim
    if on_frame:
        strip = panel[max(base - round(letters * 1.9), 0) :]
        strip[:] = cv2.convertScaleAbs(strip, alpha=0.45)
        text, dim = DARK.text, DARK.text_dim
    frame_text = f"frame {frame}"
    write(panel, lifter, (edge, base), letters, text, bold=True)
    after = edge + text_width(lifter, letters, bold=True) + letters
    if after + text_width(frame_text + clock(time), letters) + 2 * letters < width:
        write(panel, frame_text, (after, base), letters, dim)
    write(panel, clock(time), (width - edge, base), letters, text, align="right")


def draw_legend(panel: np.ndarray, theme: Theme) -> None:
    """Say in the upper right corner which colour is the person's left and which the right."""
    height, width = panel.shape[:2]
    letters = max(9, round(min(height, width) / 48))
    x, base = width - round(letters * 1.3), round(letters * 2.2)
    if width < 20 * letters:
        return
    entries: tuple[tuple[str, Colour], ...] = (("right", RIGHT), ("left", LEFT))
    for word, colour in entries:
        write(panel, word, (x, base), letters, theme.text_dim, align="right")
        x -= text_width(word, letters) + round(letters * 0.8)
        dot, radius = np.array([[x, base - letters * 0.34]]), np.array([letters * 0.36])
        fill(panel, fixed(capsules(dot, dot, radius, radius))[0], colour)
        x -= round(letters * 1.3)
