import numpy as np

from poselift.drawing.text import pill, text_width, write


def test_words_are_written_where_they_were_asked_for():
    image = np.zeros((40, 200, 3), np.uint8)
    write(image, "frame 12", (20, 30), 16, (255, 255, 255))
    rows, columns = np.nonzero(image.any(-1))
    assert 19 <= columns.min() <= 23
    assert columns.max() <= 20 + text_width("frame 12", 16) + 1
    assert rows.max() <= 34
    assert rows.min() >= 10


def test_writing_to_the_left_ends_at_the_point():
    image = np.zeros((40, 200, 3), np.uint8)
    write(image, "0:04.10", (150, 30), 16, (255, 255, 255), align="right")
    assert 145 <= np.nonzero(image.any(-1))[1].max() <= 151


def test_digits_share_one_width():
    assert len({text_width(digit, 17) for digit in "0123456789"}) == 1


def test_what_does_not_fit_is_cut_off():
    image = np.zeros((5, 5, 3), np.uint8)
    write(image, "long line", (-20, 300), 14, (255, 255, 255))
    assert not image.any()
    write(image, "long line", (-3, 5), 14, (255, 255, 255))
    assert image.any()


def test_a_label_is_filled():
    image = np.zeros((40, 60, 3), np.uint8)
    pill(image, "7", (30, 20), 14, (10, 200, 30))
    assert (image == (10, 200, 30)).all(-1).sum() > 100
    assert (image.min(-1) > 180).any() or (image.max(-1) < 60).any()
