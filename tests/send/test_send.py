"""What is sent, heard by an independent receiver on a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from poselift.demo.cli import main
from poselift.demo.commands.play import send_clip
from poselift.errors import PoseliftError
from poselift.send import SentPerson, open_senders, read_addresses
from poselift.send.osc import LARGEST
from poselift.skeleton import H36M17
from tests.export.conftest import clip_of, walker

osc_bundle = pytest.importorskip("pythonosc.osc_bundle")


class Ear:
    """Two neighbouring UDP ports that are listened to."""

    def __init__(self) -> None:
        while True:
            self.first = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.first.bind(("127.0.0.1", 0))
            self.port = self.first.getsockname()[1]
            self.second = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self.second.bind(("127.0.0.1", self.port + 1))
                break
            except (OSError, OverflowError):
                self.first.close()
                self.second.close()

    def hear(self, which: socket.socket | None = None) -> list[tuple]:
        """(address, values...) of all that came, by python-osc."""
        which, out = which or self.first, []
        which.setblocking(False)
        while True:
            try:
                packet = which.recv(65_536)
            except BlockingIOError:
                return out
            assert len(packet) <= LARGEST
            out += [(one.address, *one.params) for one in osc_bundle.OscBundle(packet)]


@pytest.fixture
def ear() -> Iterator[Ear]:
    one = Ear()
    yield one
    one.first.close()
    one.second.close()


def somebody(number: int = 1, frame: int = 20) -> SentPerson:
    return SentPerson(number, walker(40)[frame], np.full(17, 0.8))


def test_osc_sends_joints_as_they_are(ear: Ear) -> None:
    sender = open_senders(f"osc://127.0.0.1:{ear.port}")
    sender.send(1.5, [somebody(3)])
    first, *joints = ear.hear()
    assert first == ("/poselift/frame", 1.5, 1)
    assert len(joints) == 17
    by_name = {address: values for address, *values in joints}
    expected = [*somebody(3).pose3d[H36M17.index("left wrist")], 0.8]
    np.testing.assert_allclose(by_name["/poselift/3/left_wrist"], expected, atol=1e-6)


def unity(pose: np.ndarray) -> np.ndarray:
    """World points (..., 3), z up and right-handed, in Unity's y up and left-handed axes."""
    return np.stack([-pose[..., 0], pose[..., 2], -pose[..., 1]], axis=-1)


def test_vmc_bones_lead_to_the_joints(ear: Ear) -> None:
    sender = open_senders(f"vmc://127.0.0.1:{ear.port}")
    for frame in range(30):
        ear.hear()
        sender.send(frame / 30, [somebody(frame=frame)])
    heard = ear.hear()
    assert heard[0] == ("/VMC/Ext/OK", 1, 3, 0)
    bones = {values[0]: np.array(values[1:]) for a, *values in heard if a == "/VMC/Ext/Bone/Pos"}
    assert len(bones) == 19
    parents = {"Hips": None, "LeftUpperLeg": "Hips", "LeftLowerLeg": "LeftUpperLeg",
               "LeftFoot": "LeftLowerLeg", "Spine": "Hips", "Chest": "Spine",
               "RightShoulder": "Chest", "RightUpperArm": "RightShoulder",
               "RightLowerArm": "RightUpperArm", "RightHand": "RightLowerArm"}  # fmt: skip
    # A left-handed chain of transforms works as a right-handed one does.
    world: dict = {None: (np.zeros(3), Rotation.identity())}
    for name, parent in parents.items():
        place, turn = world[parent]
        world[name] = (
            place + turn.apply(bones[name][:3]),
            turn * Rotation.from_quat(bones[name][3:]),
        )
    pose = unity(somebody(frame=29).pose3d)
    for bone, joint in (
        ("Hips", "pelvis"),
        ("LeftFoot", "left ankle"),
        ("RightHand", "right wrist"),
    ):
        np.testing.assert_allclose(world[bone][0], pose[H36M17.index(joint)], atol=0.03)


def test_vmc_gives_each_person_a_port(ear: Ear) -> None:
    sender = open_senders(f"vmc://127.0.0.1:{ear.port}")
    sender.send(0.0, [somebody(4), somebody(7)])
    assert ear.hear(), "the first person at the port itself"
    assert ear.hear(ear.second)
    sender.send(0.1, [somebody(7)])
    assert not ear.hear(), "who stays keeps the port"
    assert ear.hear(ear.second)
    sender.send(0.2, [somebody(7), somebody(9)])
    assert ear.hear(), "who is new takes the free one"


def test_a_clip_is_sent_at_its_times(ear: Ear) -> None:
    poses = walker(12)[None].copy()
    poses[0, 4:6] = np.nan
    motion, slept = clip_of(poses), []
    sender = open_senders(f"osc://127.0.0.1:{ear.port}")
    send_clip(motion, [0], sender, speed=1000, sleep=slept.append)
    frames = [values for address, *values in ear.hear() if address == "/poselift/frame"]
    np.testing.assert_allclose([time for time, _ in frames], motion.time, atol=1e-6)
    assert [count for _, count in frames] == [1] * 4 + [0] * 2 + [1] * 6


def test_the_command_plays_a_stored_result(ear: Ear, tmp_path) -> None:
    [path] = clip_of(walker(6)[None]).save(tmp_path, ["npz"])
    assert main(["play", str(path), "--send", f"vmc://127.0.0.1:{ear.port}", "--speed", "10"]) == 0
    assert len([one for one in ear.hear() if one[0] == "/VMC/Ext/T"]) == 6


def test_nobody_listening_is_no_error() -> None:
    sender = open_senders("osc://127.0.0.1:9, vmc://127.0.0.1:9")
    for _ in range(3):
        sender.send(0.0, [somebody()])
    sender.close()


@pytest.mark.parametrize(
    "text", ["http://a:1", "vmc://", "vmc", "osc://a:99999", "osc://a:0", "vmc://a:1/path"]
)
def test_wrong_addresses_are_refused(text: str) -> None:
    with pytest.raises(PoseliftError, match=r"sent|address|port"):
        read_addresses(text)
