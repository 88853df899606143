"""The page in a real browser, opened as people open it: from a folder, without a server."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from poselift.demo.cli import main
from poselift.drawing.viewpoint import filmed_view, view_axes
from poselift.export.bvh import write_bvh
from poselift.export.csv import write_csv
from poselift.export.html import EMBED_MOST
from poselift.types import Extra
from tests.page.conftest import BITS, SIZE, Tab

#: The number that the video's picture shows, read from its pixels.
PAINTED = f"""
window.painted = () => {{
  const canvas = window.paper ??= new OffscreenCanvas({SIZE[0]}, {SIZE[1]});
  const context = canvas.getContext("2d", {{ willReadFrequently: true }});
  context.drawImage(poselift.main.video, 0, 0, {SIZE[0]}, {SIZE[1]});
  let number = 0;
  for (let bit = 0; bit < {BITS}; bit++) {{
    const x = (bit + 0.5) * {SIZE[0] // BITS};
    if (context.getImageData(x, {SIZE[1] - 20}, 1, 1).data[0] > 127) number |= 1 << bit;
  }}
  return number;
}};
"""
SEEK = """
async (targets) => {
  const { player, video } = poselift.main, found = [];
  for (const target of targets) {
    poselift.seek(target);
    const until = performance.now() + 5000;
    do await new Promise((done) => setTimeout(done, 5));
    while ((player.frame !== target || video.seeking) && performance.now() < until);
    found.push([target, player.frame, painted()]);
  }
  return found;
}
"""
PLAY = """
async (count) => {
  const found = [], shown = poselift.shown.bind(poselift);
  poselift.shown = (side) => { found.push([side.player.frame, painted()]); shown(side); };
  poselift.seek(0);
  await new Promise((done) => setTimeout(done, 500));
  found.length = 0;
  poselift.toggle();
  while (found.length < count && !poselift.main.video.ended) {
    await new Promise((done) => setTimeout(done, 20));
  }
  poselift.shown = shown;
  return found;
}
"""


def test_the_3d_follows_the_frame_on_the_screen_when_seeking(page_file: Path, tab: Tab) -> None:
    page = tab.open(page_file.as_uri())
    page.evaluate(PAINTED)
    targets = np.random.default_rng(2).integers(0, 400, 200).tolist()
    found = page.evaluate(SEEK, targets)
    assert len(found) == 200
    assert [row for row in found if not row[0] == row[1] == row[2]] == []


@pytest.mark.parametrize("frames", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_the_3d_follows_the_frame_on_the_screen_when_playing(
    page_file: Path, tab: Tab, frames: int
) -> None:
    page = tab.open(page_file.as_uri())
    page.evaluate(PAINTED)
    page.evaluate("poselift.setRate(0.5)")  # a busy machine drops frames, and none may be wrong
    found = page.evaluate(PLAY, frames)
    assert len(found) > frames / 3
    assert [row for row in found if row[0] != row[1]] == []


def test_what_the_screen_shows_is_the_frame(page_file: Path, tab: Tab) -> None:
    page = tab.open(page_file.as_uri())
    for target in (0, 123, 399):
        page.evaluate("(frame) => poselift.seek(frame)", target)
        tab.until(f"poselift.main.player.frame === {target} && !poselift.main.video.seeking")
        page.wait_for_timeout(300)
        shot = page.locator("video").screenshot()
        image = np.asarray(Image.open(io.BytesIO(shot)).convert("L"), float)
        height, width = image.shape
        scale = min(width / SIZE[0], height / SIZE[1])
        left, bottom = (width - SIZE[0] * scale) / 2, (height + SIZE[1] * scale) / 2
        row = image[round(bottom - 20 * scale)]
        bits = [
            row[round(left + (bit + 0.5) * SIZE[0] / BITS * scale)] > 127 for bit in range(BITS)
        ]
        assert sum(1 << bit for bit in range(BITS) if bits[bit]) == target


def test_nothing_is_fetched_and_nothing_goes_wrong(page_file: Path, tab: Tab) -> None:
    page = tab.open(page_file.as_uri())
    for key in ("v", "3", "0", "a", "w", "+", "o", "p", "t", "l", "[", "End", "]", "<", ">"):
        page.keyboard.press(key)
    page.keyboard.press("Home")
    page.wait_for_timeout(500)
    assert tab.wrong == []
    others = [url for url in tab.asked if not url.startswith(("blob:", "data:"))]
    assert others == [page_file.as_uri()]


def test_keys_step_frame_by_frame(page_file: Path, tab: Tab) -> None:
    page = tab.open(page_file.as_uri())
    for key, frame in (("ArrowRight", 1), ("ArrowRight", 2), ("Shift+ArrowRight", 12),
                       ("ArrowLeft", 11), ("End", 399), ("Home", 0)):  # fmt: skip
        page.keyboard.press(key)
        tab.until(f"poselift.main.player.frame === {frame}")
    assert "frame 0 of 399" in page.locator("#clock").inner_text()


def test_a_loop_stays_within_its_frames(page_file: Path, tab: Tab) -> None:
    page = tab.open(page_file.as_uri())
    page.evaluate("poselift.setLoop(50, 70); poselift.setRate(0.5); poselift.toggle()")
    tab.until("poselift.main.player.frame >= 50")
    seen = []
    for _ in range(60):
        page.wait_for_timeout(80)
        seen.append(page.evaluate("poselift.main.player.frame"))
    assert min(seen) >= 50
    assert max(seen) <= 85  # a busy machine shows some more before the jump is done
    assert any(after < before for before, after in itertools.pairwise(seen))


def test_a_click_on_a_curve_goes_there(page_file: Path, tab: Tab) -> None:
    page = tab.open(page_file.as_uri())
    canvas = page.locator("#curves canvas").first
    box = canvas.bounding_box()
    canvas.click(position={"x": (34 + box["width"]) / 2, "y": 60})
    tab.until("Math.abs(poselift.main.player.frame - 200) <= 2")


def test_a_phone_shows_all_of_it(page_file: Path, phone: Tab) -> None:
    page = phone.open(page_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert phone.wrong == []


def test_fingers_turn_and_zoom_the_room(page_file: Path, phone: Tab) -> None:
    page = phone.open(page_file.as_uri())
    room = page.locator("canvas.room")
    room.scroll_into_view_if_needed()
    box = room.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = phone.context.new_cdp_session(page)

    def swipe(*tracks: tuple[tuple[float, float], tuple[float, float]]) -> None:
        for kind, share in (("touchStart", 0.0), ("touchMove", 0.5), ("touchMove", 1.0)):
            points = [
                {"x": x + a[0] + share * (b[0] - a[0]), "y": y + a[1] + share * (b[1] - a[1]),
                 "id": number}
                for number, (a, b) in enumerate(tracks)
            ]  # fmt: skip
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def state() -> dict[str, float]:
        return page.evaluate(
            "(({ azimuth, distance, offset }) => ({ azimuth, distance, across: offset[0] }))"
            "(poselift.main.room)"
        )

    before = state()
    swipe(((0, 0), (60, 0)))
    turned = state()
    assert turned["azimuth"] == pytest.approx(before["azimuth"] - 24)
    assert page.locator("#view").input_value() == ""
    swipe(((-20, 0), (-60, 0)), ((20, 0), (60, 0)))
    zoomed = state()
    assert zoomed["distance"] == pytest.approx(turned["distance"] / 3, rel=0.05)
    swipe(((-20, 0), (20, 0)), ((20, 0), (60, 0)))
    assert state()["across"] < zoomed["across"]
    assert state()["distance"] == pytest.approx(zoomed["distance"], rel=0.05)
    page.locator("#play").tap()
    page.wait_for_timeout(1000)
    if not page.evaluate("poselift.main.player.playing"):
        page.locator("#play").tap()  # a busy machine takes a slow tap for a long press
    phone.until("poselift.main.player.frame > 0")
    assert phone.wrong == []


def test_all_that_can_be_used_has_a_name(page_file: Path, tab: Tab) -> None:
    page = tab.open(page_file.as_uri())
    tree = page.locator("body").aria_snapshot()
    kinds = "button", "combobox", "checkbox", "slider", "img"
    lines = [line.strip(" -:") for line in tree.splitlines()]
    used = [line for line in lines if line.startswith(kinds)]
    assert len(used) > 20
    assert [line for line in used if '"' not in line] == []
    assert page.locator("#clock").get_attribute("aria-live") == "off"  # it changes with each frame


def test_downloads_are_the_numbers(
    numbered_clip, page_file: Path, tab: Tab, tmp_path: Path
) -> None:
    _, motion = numbered_clip
    page = tab.open(page_file.as_uri())
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download CSV").click()
    ours = caught.value.path().read_text().splitlines()
    [path] = write_csv(motion, tmp_path / "numbers.csv")
    theirs = path.read_text().splitlines()
    assert ours[0] == theirs[0]
    assert len(ours) == len(theirs)
    for line in (1, 500, 5000, len(ours) - 1):
        got, expected = ours[line].split(","), theirs[line].split(",")
        assert got[2] == expected[2]
        numbers = [i for i in range(9) if i != 2]
        np.testing.assert_allclose(
            [float(got[i]) for i in numbers], [float(expected[i]) for i in numbers], atol=0.06
        )
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download BVH of person 2").click()
    got = caught.value.path().read_text()
    expected = write_bvh(motion, tmp_path / "numbers.bvh")[1].read_text()
    assert _words(got) == _words(expected)
    np.testing.assert_allclose(_motion_rows(got)[:, :3], _motion_rows(expected)[:, :3], atol=0.001)
    # Positions are whole millimetres: bones of a quarter metre turn by a few tenths of a degree.
    apart = np.abs(_motion_rows(got)[:, 3:] - _motion_rows(expected)[:, 3:])
    assert np.percentile(apart, 99) < 0.6
    assert apart.max() < 6


def _words(text: str) -> list[str]:
    head = text.split("MOTION")[0].split()
    return [word for word in head if not word.lstrip("-").replace(".", "").isdigit()]


def _motion_rows(text: str) -> np.ndarray:
    return np.loadtxt(text.split("Frame Time:")[1].splitlines()[1:])


def test_heels_and_toes_are_drawn_where_the_track_has_them(
    numbered_clip, tmp_path: Path, tab: Tab
) -> None:
    path, motion = numbered_clip
    xy = np.full((2, 400, 4, 2), np.nan, np.float32)
    score = np.full((2, 400, 4), 0.9, np.float32)
    xy[0, :, :, 1] = 230
    xy[0, :, :, 0] = np.array([20, 60, 240, 300]) + np.arange(400)[:, None] / 100
    score[0, :, 3] = 0.05  # the right toe was not seen
    extra = Extra(("left heel", "left toe", "right heel", "right toe"), xy, score)
    [page_file] = replace(motion, extra=extra).save(tmp_path, ["html"], source=path)
    page = tab.open(page_file.as_uri())
    page.evaluate("poselift.seek(300)")
    tab.until("poselift.main.player.frame === 300")
    [feet, other] = page.evaluate(
        "poselift.main.result.people.map(({ feet }) => [...feet.xy.subarray(2400, 2408)])"
    )
    np.testing.assert_allclose(feet, xy[0, 300].ravel(), atol=0.02)
    assert other == [0] * 8
    assert tab.wrong == []
    shown = page.evaluate(
        """() => {
          const canvas = poselift.main.overlay.canvas, box = canvas.getBoundingClientRect();
          const scale = Math.min(canvas.width / 320, canvas.height / 240);
          const left = (canvas.width - 320 * scale) / 2, top = (canvas.height - 240 * scale) / 2;
          return [[43, 230], [273, 230], [43, 222]].map(([x, y]) => canvas.getContext("2d")
            .getImageData(left + (x + 0.5) * scale, top + (y + 0.5) * scale, 1, 1).data[3]);
        }"""
    )
    assert shown[0] > 200
    assert shown[1:] == [0, 0]
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download CSV").click()
    rows = [line for line in caught.value.path().read_text().splitlines() if ",left heel," in line]
    assert len(rows) == 800
    assert rows[601].split(",")[1:9] == ["2", "left heel", "", "", "", "", "", "0.00"]
    assert rows[600].split(",")[1:8] == ["1", "left heel", "", "", "", "23.0", "230.0"]


def test_the_camera_sees_the_room_where_the_picture_shows_it(
    numbered_clip, tmp_path: Path, tab: Tab
) -> None:
    _, motion = numbered_clip
    camera = {
        "rotation": view_axes(20, 10).tolist(), "position": [2.0, -9.0, 2.5], "focal": 300.0,
        "size": list(SIZE), "centre": [SIZE[0] / 2 - 0.5, SIZE[1] / 2 - 0.5],
    }  # fmt: skip
    [page_file] = replace(motion, meta={"camera": camera}).save(tmp_path, ["html"])
    page = tab.open(page_file.as_uri())
    page.keyboard.press("7")
    assert page.locator("#view").input_value() == "camera"
    seen = page.evaluate(
        """() => {
          const { room } = poselift.main, [width, height] = [room.width, room.height];
          const camera = room.camera(width, height, 0), scale = Math.min(width / 320, height / 240);
          return [[0, 0, 1], [1, 2, 0]].map((point) => {
            const [x, y] = seen(camera, ...point);
            return [(x - width / 2) / scale + 160, (y - height / 2) / scale + 120];
          });
        }"""
    )
    view = filmed_view(camera, SIZE, motion.pose3d)
    xy, _ = view.camera().project(np.array([[0, 0, 1.0], [1, 2, 0]]))
    np.testing.assert_allclose(seen, xy + 0.5, atol=0.05)
    page.keyboard.press("d")  # turned by hand, it is no more the camera's
    assert page.locator("#view").input_value() == ""
    assert tab.wrong == []


def test_a_hostile_name_is_only_text(numbered_clip, tmp_path: Path, tab: Tab) -> None:
    _, motion = numbered_clip
    name = "<!--<script>alert(1)<"
    meta = {"source": "</script><img src=x onerror=alert(1)>.mp4", "upright": "</table><b>"}
    odd = replace(motion, name="clip", lifter=name, meta=meta)
    [page_file] = odd.save(tmp_path, ["html"])
    page = tab.open(page_file.as_uri())
    assert meta["source"] in page.locator("table.facts").first.inner_text()
    assert page.locator("img, b:not(figcaption b)").count() == 0
    assert name in page.locator(".pane figcaption").first.inner_text()
    assert tab.wrong == []


def test_a_result_without_a_clip_plays_by_its_own_clock(
    numbered_clip, tmp_path: Path, tab: Tab
) -> None:
    _, motion = numbered_clip
    [page_file] = motion.save(tmp_path, ["html"])
    page = tab.open(page_file.as_uri())
    assert page.locator("video").count() == 0
    page.keyboard.press("Space")
    tab.until("poselift.main.player.frame > 20")
    page.keyboard.press("Space")
    assert not page.evaluate("poselift.main.player.playing")
    assert tab.wrong == []


def test_nobody_and_somebody_for_three_frames(numbered_clip, tmp_path: Path, tab: Tab) -> None:
    _, motion = numbered_clip
    pose3d = motion.pose3d.copy()
    pose3d[0] = np.nan
    pose3d[1, 3:] = np.nan
    [page_file] = replace(motion, pose3d=pose3d).save(tmp_path, ["html"])
    page = tab.open(page_file.as_uri())
    page.locator("#person").select_option("1")
    page.keyboard.press("ArrowRight")
    assert page.locator("#keys button").count() == 3
    assert tab.wrong == []
    nobody = replace(motion, ids=motion.ids[:0], pose3d=pose3d[:0], pose2d=motion.pose2d[:0],
                     score=motion.score[:0], filled=motion.filled[:0], name="nobody")  # fmt: skip
    [page_file] = nobody.save(tmp_path, ["html"])
    page = tab.open(page_file.as_uri())
    assert "Nobody was found" in page.locator("#curves").inner_text()
    assert tab.wrong == []


def test_a_large_clip_lies_beside_the_page(
    numbered_clip, tmp_path: Path, tab: Tab, monkeypatch
) -> None:
    path, motion = numbered_clip
    assert EMBED_MOST == 100_000_000
    monkeypatch.setattr("poselift.clip_page.EMBED_MOST", 1000)
    page_file, clip = motion.save(tmp_path, ["html"], source=path)
    assert clip.name == "numbers_clip.mp4"
    assert page_file.stat().st_size < 250_000
    page = tab.open(page_file.as_uri())
    page.evaluate("poselift.seek(200)")
    tab.until("poselift.main.player.frame === 200")
    assert tab.wrong == []
    clip.unlink()
    page.reload()
    page.wait_for_selector("#problem:not([hidden])")
    assert "numbers_clip.mp4 is missing" in page.locator("#problem").inner_text()


def test_as_a_source_of_pictures_only_the_people_are_there(page_file: Path, tab: Tab) -> None:
    page = tab.open(f"{page_file.as_uri()}?only=3d&background=transparent&view=front")
    tab.until("poselift.main.player.frame > 3")  # it plays by itself
    assert page.evaluate("poselift.main.room.view") == "front"
    shot = page.screenshot(omit_background=True)
    alpha = np.asarray(Image.open(io.BytesIO(shot)).convert("RGBA"))[..., 3]
    assert alpha[:40].max() == alpha[-10:].max() == 0
    assert 0.001 < (alpha > 200).mean() < 0.5
    assert page.locator("header, section, video, figcaption").first.is_hidden()
    opaque = tab.open(f"{page_file.as_uri()}?only=3d")
    shot = opaque.screenshot(omit_background=True)
    assert np.asarray(Image.open(io.BytesIO(shot)).convert("RGBA"))[..., 3].min() == 255
    page.evaluate("poselift.seek(397)")
    tab.until("poselift.main.player.frame < 390")  # and begins again
    assert tab.wrong == []


def test_two_films_play_in_step(numbered_clip, tmp_path: Path, tab: Tab) -> None:
    path, motion = numbered_clip
    [npz] = motion.save(tmp_path, ["npz"])
    both = [str(npz), str(npz), "--clip", str(path), str(path), "--out", str(tmp_path / "ab.html")]
    assert main(["page", *both]) == 0
    page = tab.open((tmp_path / "ab.html").as_uri())
    page.evaluate("poselift.seek(120)")
    tab.until("poselift.other.player.frame === 120")
    page.evaluate("poselift.setRate(0.5); poselift.toggle()")
    tab.until("poselift.main.player.frame > 160")
    page.evaluate("poselift.toggle()")
    tab.until("!poselift.main.video.seeking && !poselift.other.video.seeking")
    tab.until("poselift.main.player.frame === poselift.other.player.frame")
    assert tab.wrong == []
