import numpy as np
import pytest
import torch

from poselift.lifter import references, scores
from poselift.lifter.clip import ClipLifter
from poselift.lifter.data.windows import validation_windows
from poselift.lifter.engine import WindowSettings
from poselift.lifter.stream import Stream
from tests.lifter.synthetic_motion import clips

CPU = torch.device("cpu")


def test_perfect_poses_score_perfectly_and_joints_are_told_apart() -> None:
    truth = [np.random.default_rng(i).normal(size=(12, 17, 3)) for i in range(3)]
    perfect = scores.score(truth, truth, ["a", "b", "a"])
    assert perfect.overall["MPJPE"] == 0
    assert perfect.overall["PCK"] == 100
    worse = [pose.copy() for pose in truth]
    worse[1][:, 16] += [0.3, 0, 0]
    result = scores.score(worse, truth, ["a", "b", "a"])
    assert result.joints["right wrist"]["MPJPE"] == pytest.approx(100)
    assert result.worst(1)[0][0] == "b"
    assert result.mean_of_actions["MPJPE"] == pytest.approx(300 / 17 / 2)
    assert "| b |" in scores.table(result.actions)


def test_bones_that_are_too_long_are_told() -> None:
    truth = [np.random.default_rng(0).normal(size=(12, 17, 3))]
    guess = [truth[0].copy()]
    forearm = truth[0][:, 16] - truth[0][:, 15]
    guess[0][:, 16] += 0.02 * forearm / np.linalg.norm(forearm, axis=-1, keepdims=True)
    joints = scores.score(guess, truth, ["a"]).joints
    assert joints["right wrist"][scores.BONE] == pytest.approx(20)
    assert joints["left wrist"][scores.BONE] == pytest.approx(0)
    assert np.isnan(joints["pelvis"][scores.BONE])


def test_made_joints_are_left_out() -> None:
    truth = [np.zeros((4, 17, 3))]
    guess = [np.zeros((4, 17, 3))]
    guess[0][:, 7] = 1
    assert scores.score(guess, truth, ["a"], made=(7,)).overall["MPJPE"] == 0


@pytest.mark.parametrize("mirror", [False, True])
def test_live_scores_are_of_the_poses_that_a_stream_gives(mirror: bool) -> None:
    """The same windows pushed frame by frame through `lifter.Stream` score the same."""
    windows = validation_windows(clips(2), 9, 30, "true", normalisation="crop")[0]
    for model in ("poselift", "tcn"):  # both put the pelvis at 0 themselves
        torch.manual_seed(0)
        net = references.create(model, frames=9, width=32).eval()
        lift = ClipLifter.from_net(
            net, "crop", answer="camera", settings=WindowSettings(mirror=mirror)
        )
        poses, middle = [], 4
        for x in windows.x.numpy():
            stream = Stream(lift, image_size=(2, 2), lookahead=2)
            newest = 9 if model == "poselift" else middle + 3
            # A stream cannot look back before its first frame, but it was there in the window.
            pushed = [stream.push(frame[:, :2], frame[:, 2]) for frame in x[:newest]]
            poses.append(pushed[-1])
        at = 6 if model == "poselift" else middle
        truth = windows.y[:, at : at + 1].numpy()
        mine = scores.score([pose[None] for pose in poses], list(truth), ["x"] * len(poses))
        told = scores.score_live(net, windows, ["x"] * len(poses), 2, mirror)
        assert told.overall["MPJPE"] == pytest.approx(mine.overall["MPJPE"], rel=1e-4)
