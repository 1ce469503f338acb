"""The quality bench's arithmetic: a wrong sign or a wrong error would recommend the wrong plan."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.quality import running
from bench.quality.models import Model
from bench.quality.plans import PAPER, PLANS, Plan
from bench.quality.statistics import Gain, best_and_ties, choose, paired_gain


def losses(*by_model: list[list[float]]) -> NDArray[np.float64]:
    """[models, calibration seeds, sequences]"""
    return np.array(by_model)


def test_a_gain_is_positive_where_the_loss_is_lower() -> None:
    gain = paired_gain(losses([[3.0, 5.0]]), losses([[2.0, 4.0]]))
    assert (gain.mean, gain.error, gain.better, gain.models) == (1.0, 0.0, 1, 1)


def test_noise_that_both_share_cancels() -> None:
    texts = np.random.default_rng(0).normal(4, 1, (1, 1, 50))
    assert paired_gain(texts, texts - 0.01).error == pytest.approx(0, abs=1e-12)


def test_models_and_seeds_are_no_further_sequences() -> None:
    """Repeating the same runs must not shrink the error."""
    base = losses([[1.0, 2.0, 4.0]])
    other = losses([[1.0, 1.0, 1.0]])
    once = paired_gain(base, other)
    many = paired_gain(base.repeat(3, axis=0).repeat(5, axis=1), other.repeat(3, 0).repeat(5, 1))
    assert many.error == pytest.approx(once.error)
    assert once.error == pytest.approx(math.sqrt(7 / 3) / math.sqrt(3))


def test_agreement_is_counted_by_model() -> None:
    base = losses([[2.0, 2.0]], [[2.0, 2.0]], [[2.0, 2.0]])
    other = losses([[1.0, 1.0]], [[1.0, 2.5]], [[2.0, 2.1]])
    gain = paired_gain(base, other)
    assert (gain.better, gain.models) == (2, 3)


def test_best_and_those_too_close_to_tell() -> None:
    generator = np.random.default_rng(1)
    best = generator.normal(3, 1, (2, 3, 40))
    close = best + generator.normal(0.001, 0.1, best.shape)
    worse = best + 0.2 + generator.normal(0, 0.1, best.shape)
    assert best_and_ties({"worse": worse, "close": close, "best": best}) == ("best", ["close"])


def gain(mean: float, error: float = 0.01) -> Gain:
    return Gain(mean, error, 1, 1)


@pytest.mark.parametrize(
    ("gains", "chosen"),
    [
        ({"a": [gain(0.1), gain(0.1)], "b": [gain(0.1), gain(0.2)]}, "b"),
        ({"a": [gain(0.1), gain(0.1)], "b": [gain(-0.1), gain(0.9)]}, "a"),
        ({"a": [gain(0.1), gain(0.1)], "b": [gain(-0.019), gain(0.9)]}, "b"),
        ({"a": [gain(-0.1)]}, None),
    ],
    ids=["highest", "never clearly worse", "a tie is not worse", "none"],
)
def test_choice(gains: dict[str, list[Gain]], chosen: str | None) -> None:
    assert choose(gains) == chosen


@pytest.mark.parametrize(
    ("plan", "name", "ratio", "split"),
    [
        (Plan("STUN", "OWL"), "STUN 20 % + OWL", 0.2, None),
        (Plan("Medoids", "Wanda", None), "Medoids Auto + Wanda", None, "Auto"),
    ],
)
def test_a_plan_becomes_the_recipe_it_names(
    plan: Plan, name: str, ratio: float | None, split: str | None
) -> None:
    pruning = plan.pruning(0.5)
    assert (plan.name, pruning["experts"].get("ratio"), pruning.get("split")) == (
        name,
        ratio,
        split,
    )


def test_plans_have_names_of_their_own() -> None:
    assert len({plan.name for plan in PLANS}) == len(PLANS)


DECIDING = ["stun/plan.py", "fixture/measure.py", "fixture/store.py", "fixture/moe.py"]
DECIDING += ["fixture/data/heldout.jsonl", "fixture/model/model.safetensors"]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files that stand for the engine's."""
    for name in (*DECIDING, "fixture/model/README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    monkeypatch.setattr("bench.quality.models.ENGINE", tmp_path)
    monkeypatch.setattr("bench.quality.running.ENGINE", tmp_path)
    monkeypatch.setattr("bench.quality.running.DATA", tmp_path / "fixture/data")
    return tmp_path


def outcome_name() -> str:
    running.made_by.cache_clear()
    running.digest_of.cache_clear()
    stored = Model(0, steps=1500)
    return running.identity(running.Cell(stored, PAPER, 0.5, 0))


@pytest.mark.parametrize("name", DECIDING)
def test_an_outcome_is_another_when_what_it_was_made_of_is(name: str, engine: Path) -> None:
    before = outcome_name()
    (engine / name).write_text("after")
    assert outcome_name() != before


def test_an_outcome_is_kept_while_what_it_was_made_of_is(engine: Path) -> None:
    before = outcome_name()
    (engine / "fixture/model/README.md").write_text("after")
    assert outcome_name() == before


def test_another_pytorch_is_asked_anew(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = outcome_name()
    monkeypatch.setattr("bench.quality.running.version", lambda name: f"{name} of tomorrow")
    assert outcome_name() != before
