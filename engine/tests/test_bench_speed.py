"""The bench's stopwatch."""

import sys
from pathlib import Path

import pytest

from bench.speed.measure import measure


def test_a_program_s_peak_is_its_own_and_not_that_of_who_measures(tmp_path: Path) -> None:
    large = bytearray(b"1") * 300_000_000
    usage = measure([sys.executable, "-c", "pass"], tmp_path / "log")
    assert usage.memory < len(large) / 4
    assert usage.wall > 0
    assert usage.cpu > 0


def test_a_program_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 3:\nsorry"):
        measure([sys.executable, "-c", "print('sorry'); exit(3)"], tmp_path / "log")
