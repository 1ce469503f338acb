"""Numbers of a refusal that a reader is to compare are told apart."""

import pytest

from stun.figures import apart, percent

CASES = [
    (512.5, 512.0, ("512.5", "512.0")),
    (512.04, 512.03, ("512.04", "512.03")),
    (41234.5, 39000.0, ("41234", "39000")),
    (8.3, 9.12, ("8.300", "9.120")),
    (0.0500004, 0.05, ("0.0500004", "0.0500000")),
    (0.00003, 0.0, ("0.00003000", "0.00000000")),
    (-0.2, 0.1, ("-0.2000", "0.1000")),
    (0.0, 0.0, ("0.000000000000000", "0.000000000000000")),
]


@pytest.mark.parametrize(("first", "second", "texts"), CASES)
def test_two_numbers_are_told_apart(first: float, second: float, texts: tuple[str, str]) -> None:
    assert apart(first, second) == texts


def test_a_share_is_told_apart_from_its_limit() -> None:
    assert percent(0.35004, 0.35) == "35.004 %"
    assert percent(0.417, 0.35) == "41.70 %"
