"""The newest frame only, from a file that plays camera."""

import time

import pytest

from poselift.errors import PoseliftError
from poselift.media import LiveCamera
from poselift.media.camera import _present


def test_a_slow_reader_gets_the_newest(media):
    with LiveCamera(media.clip(times=[i / 30 for i in range(45)])) as camera:
        assert camera.size == (160, 96)
        seen = []
        while (frame := camera.latest()) is not None:
            # What was just taken is as new as the clip's own clock has come.
            assert frame.index >= len(seen)
            seen.append(frame.index)
            time.sleep(0.1)
        assert camera.dropped == 45 - len(seen)
    assert seen == sorted(set(seen))
    assert len(seen) < 30
    assert camera.name == "clip"


def test_it_keeps_the_clips_own_rate(media):
    with LiveCamera(media.clip(times=[i / 30 for i in range(15)])) as camera:
        times = [frame.time for frame in camera.frames()]
        assert camera.clock() >= times[-1]
    assert times[-1] - times[0] > 0.4  # never faster than the clip; slower where the machine is


def test_closing_in_the_middle_ends_the_thread(media):
    camera = LiveCamera(media.clip(times=[i / 2 for i in range(30)]))
    assert camera.latest() is not None
    camera.close()
    assert not camera._thread.is_alive()


def test_a_silent_camera_is_told(media, monkeypatch):
    class Silent:
        """A device that gives one picture to be asked for its size, one more, and then none."""

        pictures = 0

        def read(self):
            self.pictures += 1
            if self.pictures > 2:
                time.sleep(1)
            return True, media.numbered(self.pictures)

        def set(self, *_):
            pass

        def get(self, _):
            return 30.0

        def release(self):
            pass

    monkeypatch.setattr("poselift.media.camera._device", lambda number: Silent())
    with LiveCamera(0) as camera:
        assert camera.latest() is not None
        with pytest.raises(PoseliftError, match="delivered no frame"):
            camera.latest(timeout=0.2)


def test_an_unplugged_camera_is_told(media, monkeypatch):
    """A device that stops giving pictures, with OpenCV's capture of a file as the device."""
    import cv2

    path = str(media.clip(times=[i / 30 for i in range(5)]))
    monkeypatch.setattr("poselift.media.camera._device", lambda number: cv2.VideoCapture(path))
    with LiveCamera(0) as camera, pytest.raises(PoseliftError, match="stopped delivering frames"):
        list(camera.frames())
    assert camera.name == "camera0"


def test_a_camera_that_gives_nothing(media, monkeypatch):
    import cv2

    monkeypatch.setattr("poselift.media.camera._device", lambda number: cv2.VideoCapture())
    with pytest.raises(PoseliftError, match="delivers no frames"):
        LiveCamera("3")


@pytest.mark.skipif(bool(_present()), reason="there is a camera here")
def test_no_camera():
    with pytest.raises(PoseliftError, match="No working camera"):
        LiveCamera()
    with pytest.raises(PoseliftError, match="no camera 0"):
        LiveCamera(0)


def test_no_such_clip(media):
    with pytest.raises(PoseliftError, match="No such file"):
        LiveCamera(media.folder / "none.mp4")
