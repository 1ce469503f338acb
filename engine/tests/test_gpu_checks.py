"""The checks that a GPU's time is spent on: none of what they found may be lost or misjudged."""

import json
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import pytest
import torch

from gpu import throughput
from gpu.__main__ import run
from gpu.checks import CPU, FIXTURE, RECIPE, Finding, same_kept, within_estimate
from gpu.runs import SCRATCH, Run, estimated, prune
from stun.commands.prune import run_prune
from stun.errors import StunError
from stun.progress import Progress

FOUND = Run(Path(), {"layers": [{"kept": [0, 1]}, {"kept": [2, 3]}]}, 1.0, 100, 100)


def raising(error: Exception) -> Callable[[torch.device, Path], Iterator[Finding]]:
    def check(device: torch.device, work: Path) -> Iterator[Finding]:
        yield Finding("10 s")
        raise error

    return check


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "OutOfMemoryError: CUDA out of memory"),
        (StunError("GPUFailed", "the GPU is gone"), "StunError: the GPU is gone"),
    ],
    ids=["of the device", "of the engine"],
)
def test_an_error_ends_its_own_check_and_takes_nothing_back(
    error: Exception, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not run("olmoe", raising(error), CPU, tmp_path / "work")
    assert capsys.readouterr().out == f"olmoe: 10 s\nolmoe: FAILED: {said}\n"
    assert not (tmp_path / "work").exists()


def test_a_finding_that_does_not_hold_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = [Finding("a"), Finding("b", holds=False), Finding("c")]
    assert not run("masks", lambda device, work: iter(findings), CPU, tmp_path / "work")
    assert capsys.readouterr().out == "masks: a\nmasks: FAILED: b\nmasks: c\n"
    assert run("masks", lambda device, work: iter(findings[:1]), CPU, tmp_path / "work")


def test_timings_outlive_a_memory_bound_that_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = 1 << 40
    monkeypatch.setattr("gpu.throughput.prune", lambda *given: replace(prune(*given), peak=over))
    timing, memory = throughput.measure("olmoe-1b-7b", None, CPU, tmp_path, small=True)
    assert timing.holds
    assert "computing took" in timing.sentence
    assert not memory.holds


def test_a_peak_is_held_to_the_estimate() -> None:
    assert within_estimate(FOUND).holds
    assert not within_estimate(replace(FOUND, peak=101)).holds
    assert within_estimate(replace(FOUND, peak=None)).holds


def test_the_layers_that_keep_other_experts_are_named() -> None:
    other = replace(FOUND, report={"layers": [{"kept": [0, 1]}, {"kept": [2, 4]}]})
    assert same_kept(FOUND, FOUND) == Finding("the same experts are kept in every layer")
    assert same_kept(FOUND, other) == Finding("other experts are kept in layers 1", holds=False)


def test_a_device_s_estimate_has_room_for_the_scratch_of_its_libraries(tmp_path: Path) -> None:
    """It is more than all that the fixture itself takes."""
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps(RECIPE))
    own, device = (
        estimated(FIXTURE / "model", recipe, torch.device(kind)) for kind in ("cpu", "cuda")
    )
    assert device == own + SCRATCH
    assert own < SCRATCH / 2


def test_moving_a_layer_off_the_device_is_no_computing(
    model: Path, recipe: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: Counter[str] = Counter()
    progress, cpu = Progress(), torch.Tensor.cpu

    def record(tensor: torch.Tensor) -> torch.Tensor:
        # A layer is written meanwhile by a thread of its own.
        if current_thread() is main_thread():
            moved[progress.stage] += tensor.nbytes
        return cpu(tensor)

    monkeypatch.setattr(torch.Tensor, "cpu", record)
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps({**recipe, "quality": {}}))
    given = {"model": str(model), "recipe": str(path), "output": str(tmp_path / "out")}
    absent = {"work": None, "signing_key": None, "public_key": None}
    run_prune(Namespace(**given, **absent, device="cpu"), progress)
    # What an expert is chosen by is moved too, while it is.
    assert moved["Publish"] > moved["Experts"]
    assert not moved["Weights"]
