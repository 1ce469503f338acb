"""What the tests share: a tiny model, its data, and the engine run as its users run it."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from stun.cli import main
from stun.stopping import STOPPING, obey_signals
from tests.minio import Minio, running_minio
from tests.tiny import make_recipe, save_mixtral, write_documents

# So that a difference found there is shown like one found in a test.
pytest.register_assert_rewrite("tests.comparison")
# Two busy cores: more threads only wait for each other. Also in processes that tests start.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"


PROGRESS_FIELDS = {
    "runKey", "stage", "layer", "layers", "percent", "estimatedRemainingSeconds", "updatedAt",
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """An engine run: exit code, stdout's last line, the termination message."""

    code: int
    answer: dict[str, Any]
    termination: dict[str, Any]


Stun = Callable[..., Outcome]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_mixtral(tmp_path_factory.mktemp("source") / "tiny")


@pytest.fixture(scope="session")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_documents(tmp_path_factory.mktemp("data") / "calibration.jsonl", 30, 40, seed=1)


@pytest.fixture(scope="session")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_documents(tmp_path_factory.mktemp("data") / "gate.jsonl", 20, 40, seed=2)


@pytest.fixture
def recipe(calibration: Path, gate: Path) -> dict[str, Any]:
    return make_recipe(calibration, gate)


@pytest.fixture
def obedient() -> Iterator[None]:
    with obeying_signals():
        yield


@contextmanager
def obeying_signals() -> Iterator[None]:
    """Signals stop a run in this process, and afterwards do again what pytest wants of them."""
    before = [(number, signal.getsignal(number)) for number in STOPPING]
    obey_signals()
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.fixture
def stun(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    obedient: None,
) -> Stun:
    """stun(command, recipe=..., model=..., ...): in this process, to spare imports of torch."""
    log = tmp_path / "termination-log"

    def run(command: str, recipe: dict[str, Any] | None = None, **options: object) -> Outcome:
        monkeypatch.setenv("STUN_TERMINATION_LOG", str(log))
        log.unlink(missing_ok=True)
        arguments = [command]
        if recipe is not None:
            monkeypatch.setenv("STUN_RECIPE", json.dumps(recipe))
            arguments += ["--recipe", "env:STUN_RECIPE"]
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}", str(value)]
        code = main(arguments)
        lines = capsys.readouterr().out.splitlines()
        answer = json.loads(lines[-1]) if lines else {}
        termination = json.loads(log.read_text()) if log.exists() else {}
        return Outcome(code, answer, termination)

    return run


def publish(stun: Stun, recipe: dict[str, Any], model: Path, output: Path) -> Outcome:
    """A run that nothing stands in the way of."""
    outcome = stun("prune", recipe, model=model, output=output)
    assert outcome.code == 0, outcome.termination
    return outcome


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Minio]:
    with running_minio(tmp_path_factory.mktemp("minio")) as server:
        yield server
