"""What a page carries, read back without a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from dataclasses import replace

import numpy as np

from poselift.export.caveats import caveats
from poselift.export.html import PageResult, write_page
from poselift.export.page_data import packed_motion


def unpacked(data: dict, people: int) -> dict[str, np.ndarray]:
    """The arrays of `packed_motion`, by its description rather than by its code."""
    raw = zlib.decompress(base64.b64decode(data["packed"]))
    frames, at = data["frames"], 0

    def take(count: int) -> bytes:
        nonlocal at
        at += count
        return raw[at - count : at]

    def series(channels: int, unit: float) -> np.ndarray:
        size = people * 17 * channels * frames
        low, high = (np.frombuffer(take(size), np.uint8).astype(np.int64) for _ in range(2))
        steps = (low + 256 * high).reshape(people, 17, channels, frames)
        whole = np.cumsum(steps, axis=-1).astype(np.int16)
        return whole.transpose(0, 3, 1, 2) * unit

    steps = np.frombuffer(take(4 * frames), "<u4")
    state = np.frombuffer(take(people * frames), np.uint8).reshape(people, frames)
    score = np.frombuffer(take(people * frames * 17), np.uint8).reshape(people, 17, frames) / 255
    pose3d, pose2d = series(3, data["unit3d"]), series(2, data["unit2d"])
    assert at == len(raw)
    return {"time": np.cumsum(steps) / 1e6, "state": state, "score": score.transpose(0, 2, 1),
            "pose3d": pose3d, "pose2d": pose2d}  # fmt: skip


def test_what_is_packed_comes_back(two):
    two.filled[0, 5] = True
    got = unpacked(packed_motion(two), 2)
    there = two.present
    np.testing.assert_allclose(got["pose3d"][there], two.pose3d[there], atol=0.00051)
    np.testing.assert_allclose(got["pose2d"][there], two.pose2d[there], atol=0.04)
    np.testing.assert_allclose(got["score"][there], two.score[there], atol=0.002)
    np.testing.assert_allclose(got["time"], two.time - two.time[0], atol=1e-6)
    assert (got["state"] > 0).tolist() == there.tolist()
    assert got["state"][0, 5] == 2


def test_a_large_room_is_packed_in_larger_units(walk):
    far = replace(walk, pose3d=walk.pose3d + np.float32(60))
    got = unpacked(packed_motion(far), 1)
    np.testing.assert_allclose(got["pose3d"], far.pose3d, atol=0.0012)


def test_eight_seconds_of_two_people_weigh_little(make_clip, make_walker, tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.004, (2, 240, 17, 3))
    poses = np.stack([make_walker(240), make_walker(240, heading=2.0)]) + noise
    page = write_page([PageResult(make_clip(poses))], tmp_path / "page.html")
    assert page.stat().st_size < 150_000


def test_the_policy_names_the_script_and_the_style_of_the_page(walk, tmp_path):
    page = write_page([PageResult(walk)], tmp_path / "page.html").read_text()
    policy = re.search(r'Security-Policy" content="([^"]*)"', page).group(1)
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for kind, text in (
        ("style", re.search(r"<style>(.*?)</style>", page, re.DOTALL).group(1)),
        ("script", re.findall(r"<script>(.*?)</script>", page, re.DOTALL)[-1]),
    ):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_names_are_only_text(walk, tmp_path):
    name = "</script><img src=x>"
    odd = replace(walk, name=name, lifter=name, meta={"source": name, "options": {"a": name}})
    page = write_page([PageResult(odd)], tmp_path / "page.html").read_text()
    assert "<img" not in page
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1)
    assert json.loads(data)["results"][0]["name"] == name


def test_nothing_of_a_folder_of_ours_is_told(walk, tmp_path):
    told = replace(walk, meta={"options": {"out": "/home/me/secret", "people": "main"}})
    page = write_page([PageResult(told)], tmp_path / "page.html").read_text()
    assert "people = main" in page
    assert "secret" not in page


def test_caveats_are_told_in_words(walk, nobody):
    assert caveats(walk) == []
    assert caveats(nobody) == ["Nobody was found in this clip."]
    score = walk.score.copy()
    score[0, :, 13] = 0.1
    filled = walk.filled.copy()
    filled[0, :30] = True
    xy = walk.pose2d.copy()
    xy[0, :60, 3] = (2000, 100)
    told = " ".join(caveats(replace(walk, score=score, filled=filled, pose2d=xy, placed=False)))
    assert "not seen in 33% of the frames" in told
    assert "left wrist" in told
    assert "cut off by the picture's edge in 50%" in told
    assert "left on the spot" in told


def test_a_camera_that_turned_is_told(walk):
    turn = np.radians(20)
    panned = [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    rotation = np.array([np.eye(3), panned]).tolist()
    [told] = caveats(replace(walk, meta={"camera": {"rotation": rotation}}))
    assert "turned by 20 degrees" in told
    assert caveats(replace(walk, meta={"camera": {"rotation": np.eye(3).tolist()}})) == []
