"""Attempts of one run: what ends the first, and which layers the next ones do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stun.checkpoints import JOURNAL
from stun.errors import StunError
from stun.families import Weights
from stun.journal_file import decode_journal, encode_journal
from stun.passes.layer_pass import LayerPass
from stun.passes.measure import MeasurePass
from stun.passes.prune import PrunePass
from stun.passes.split import SplitPass
from tests.conftest import Outcome, Stun

AWAY = StunError("StorageUnavailable", "Away.")
Recipe = dict[str, Any]


def contents(folder: Path) -> dict[str, bytes]:
    """Everything but the reports, which alone may hold times."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {p.name: p.read_bytes() for p in files if not p.name.startswith("stun-report.")}


@pytest.fixture
def layers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The layers that were worked on, in order."""
    done: list[str] = []
    for kind in (SplitPass, MeasurePass, PrunePass):
        monkeypatch.setattr(kind, "layer", noting(kind, done))
    return done


def noting(kind: type[LayerPass], done: list[str]) -> Callable[..., Weights]:
    real = kind.layer

    def layer(running: LayerPass, index: int, weights: Weights) -> Weights:
        done.append(f"{running.name} {index}")
        return real(running, index, weights)

    return layer


def fail_at(patch: pytest.MonkeyPatch, error: BaseException) -> None:
    """At the last layer of the pass that writes: two are finished then, one for certain."""
    real = PrunePass.layer

    def layer(running: PrunePass, index: int, weights: Weights) -> Weights:
        if index == 2:
            running.out.wait()
            raise error
        return real(running, index, weights)

    patch.setattr(PrunePass, "layer", layer)


@pytest.fixture
def place(model: Path, tmp_path: Path) -> dict[str, Any]:
    return {"model": model, "output": tmp_path / "out", "work": tmp_path / "work"}


@pytest.fixture
def begin(stun: Stun, recipe: Recipe, place: dict[str, Any]) -> Callable[..., Outcome]:
    """A run that ends at its last layer."""

    def run(error: BaseException = AWAY, **places: object) -> Outcome:
        with pytest.MonkeyPatch.context() as patch:
            fail_at(patch, error)
            return stun("prune", recipe, **{**place, **places})

    return run


def read_journal(work: Path) -> dict[str, Any]:
    return decode_journal((work / JOURNAL).read_bytes(), JOURNAL)


def edit_journal(work: Path, **changes: object) -> None:
    (work / JOURNAL).write_bytes(encode_journal({**read_journal(work), **changes}))
