"""The bench's stopwatch, and that what it has measured is kept."""

import json
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.speed.__main__ import run
from bench.speed.contestants import OTHERS, Contestant, Workload
from bench.speed.measure import Usage, measure
from bench.speed.tables import Comparison


def test_a_program_s_peak_is_its_own_and_not_that_of_who_measures(tmp_path: Path) -> None:
    large = bytearray(b"1") * 300_000_000
    usage = measure([sys.executable, "-c", "pass"], tmp_path / "log")
    assert usage.memory < len(large) / 4
    assert usage.wall > 0
    assert usage.cpu > 0


def test_a_program_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 3:\nsorry"):
        measure([sys.executable, "-c", "print('sorry'); exit(3)"], tmp_path / "log")


USAGE = Usage(3.0, 2.0, 1)
IMPORTS = Usage(1.0, 1.0, 1)


def compared(other: Contestant, *_: object) -> Comparison:
    return Comparison(other.name, other.does, other.job, [USAGE], [USAGE], IMPORTS, IMPORTS)


def failing(*_: object) -> str:
    raise RuntimeError("sorry")


def failing_at_the_last(other: Contestant, *_: object) -> Comparison:
    if other == OTHERS[-1]:
        failing()
    return compared(other)


@pytest.mark.parametrize(
    ("compare", "shape", "kept"),
    [(compared, failing, len(OTHERS)), (failing_at_the_last, str, len(OTHERS) - 1)],
    ids=["the true shape", "the last program"],
)
def test_what_was_measured_outlives_a_failure(
    compare: Callable[..., Comparison],
    shape: Callable[..., str],
    kept: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workload = Workload(tmp_path, tmp_path, 1, 1, tmp_path / "result")
    replaced: dict[str, object] = {"make_workload": lambda _: workload}
    replaced |= {"compare": compare, "measure_true_shape": shape, "require_room": str}
    replaced |= {"start_up": lambda *_: USAGE, "measure": lambda *_: USAGE}
    for name, other in replaced.items():
        monkeypatch.setattr(f"bench.speed.__main__.{name}", other)
    names = [other.name for other in OTHERS]
    args = Namespace(pairs=1, only=names, no_true_shape=False, output=tmp_path / "output")
    with pytest.raises(RuntimeError, match="sorry"):
        run(args, tmp_path)
    found = json.loads((args.output / "speed.json").read_text())
    assert [one["name"] for one in found] == names[:kept]
    assert f"| {names[kept - 1]} |" in (args.output / "speed.md").read_text()


def test_a_disk_that_is_too_small_costs_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.speed.__main__.make_workload", failing)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=27_000_000_000))
    with pytest.raises(SystemExit, match="27 GB free where olmoe-1b-7b needs 28"):
        run(Namespace(no_true_shape=False), tmp_path)
    with pytest.raises(RuntimeError, match="sorry"):
        run(Namespace(no_true_shape=True), tmp_path)
