"""The engine against the plain whole-model oracle: same experts, same masks, same logits."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, MixtralForCausalLM

from stun.documents import Encoder, read_documents, shuffled_windows, take
from stun.opening import open_checkpoint
from tests.conftest import Stun
from tests.oracle import OracleResult, load_state, oracle_logits, oracle_prune
from tests.tiny import VOCABULARY, make_recipe, save_mixtral

CASES = [
    # ratio, target, method, reconstruct, kappa
    (0.25, 0.4, "Wanda", "Selective", 3),
    (0.5, 0.65, "Wanda", "Never", 3),
    (0.5, 0.65, "Wanda", "Selective", 4),
    (0.5, 0.65, "Wanda", "Selective", 5),
    (0.75, 0.8, "Wanda", "Always", 0),
    (0.25, 0.4, "Magnitude", "Selective", 3),
    (0.0, 0.4, "Wanda", "Selective", 3),
]


def calibration_ids(model: Path, path: Path) -> torch.Tensor:
    """The engine's own choice of samples: the oracle judges what is done with them."""
    documents = read_documents(str(path), "calibration")
    windows = shuffled_windows(documents, Encoder(open_checkpoint(str(model))), 32, seed=0)
    return take(windows, 12, 32, documents)


def check_equal(published: Path, expected: OracleResult, kept: dict[str, list[int]]) -> None:
    assert [kept[str(layer)] for layer in range(len(expected.kept))] == expected.kept
    state = load_state(published)
    assert state.keys() == expected.state.keys()
    different = [n for n, tensor in expected.state.items() if not torch.equal(state[n], tensor)]
    assert different == []


@pytest.mark.parametrize(("ratio", "target", "method", "reconstruct", "kappa"), CASES)
def test_engine_equals_oracle(
    model: Path,
    calibration: Path,
    tmp_path: Path,
    stun: Stun,
    ratio: float,
    target: float,
    method: str,
    reconstruct: str,
    kappa: int,
) -> None:
    experts = {
        "ratio": ratio,
        "reconstruct": reconstruct,
        "kappa": kappa,
        "maxDroppedLoad": 1,
    }
    recipe = make_recipe(
        calibration, None, targetSparsity=target, experts=experts, weights={"method": method}
    )
    outcome = stun("prune", recipe, model=model, output=tmp_path / "out")
    assert outcome.code == 0, outcome.termination
    means = reconstruct == "Always" or (reconstruct == "Selective" and 8 - 8 * ratio < kappa)
    ids = calibration_ids(model, calibration)
    expected = oracle_prune(model, ratio, target, method, ids, means)
    published = Path(outcome.answer["uri"])
    check_equal(published, expected, outcome.answer["expertsKept"])
    loaded = AutoModelForCausalLM.from_pretrained(published)
    with torch.no_grad():
        gap = loaded(ids).logits - oracle_logits(expected, ids)
    assert float(gap.abs().max()) <= 1e-5


@pytest.mark.parametrize("method", ["Wanda", "Magnitude"])
def test_bfloat16(calibration: Path, tmp_path: Path, stun: Stun, method: str) -> None:
    """Computed in float32, stored in bfloat16, whose few digits make equal magnitudes common."""
    source = save_mixtral(tmp_path / "half", dtype=torch.bfloat16)
    recipe = make_recipe(calibration, None, weights={"method": method})
    outcome = stun("prune", recipe, model=source, output=tmp_path / "out")
    ids = calibration_ids(source, calibration)
    expected = oracle_prune(source, 0.25, 0.4, method, ids, reconstruct=False)
    check_equal(Path(outcome.answer["uri"]), expected, outcome.answer["expertsKept"])
    assert {tensor.dtype for tensor in expected.state.values()} == {torch.bfloat16}


def test_loads_without_missing_or_unexpected_keys(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    outcome = stun("prune", recipe, model=model, output=tmp_path / "out")
    loaded: Any = MixtralForCausalLM.from_pretrained(
        outcome.answer["uri"], output_loading_info=True
    )
    assert {key: list(found) for key, found in loaded[1].items() if found} == {}
    config = json.loads((Path(outcome.answer["uri"]) / "config.json").read_text())
    source = json.loads((model / "config.json").read_text())
    assert config == {**source, "num_local_experts": 6}
    assert config["vocab_size"] == VOCABULARY
