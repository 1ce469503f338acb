"""The engine against the plain whole-model oracle, over what a recipe can ask."""

import ast
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import MixtralForCausalLM

from stun.figures import percent
from tests import oracle
from tests.comparison import Pair, calibration_ids, recipe_of
from tests.conftest import Stun
from tests.oracle import Question, answer
from tests.tiny import VOCABULARY, save_mixtral

CASES = {
    # the question, experts.reconstruct, experts.kappa
    "Wanda": (Question(0.25, 0.4), "Selective", 3),
    "half of the experts": (Question(0.5, 0.65), "Never", 3),
    "as many kept as kappa": (Question(0.5, 0.65), "Selective", 4),
    "fewer kept than kappa": (Question(0.5, 0.65, reconstruct=True), "Selective", 5),
    "means": (Question(0.75, 0.8, reconstruct=True), "Always", 0),
    "Magnitude": (Question(0.25, 0.4, "Magnitude"), "Selective", 3),
    "no experts": (Question(0.0, 0.4), "Selective", 3),
    "experts only": (Question(0.25, None, "None"), "Selective", 3),
    "OWL": (Question(0.25, 0.6, "OWL"), "Selective", 3),
    "OWL, no experts": (Question(0.0, 0.5, "OWL", spread=0.2), "Selective", 3),
    "OWL, as far apart as zeros allow": (Question(0.25, 0.3, "OWL", spread=0.9), "Never", 3),
}


@pytest.fixture
def pair(model: Path, calibration: Path, tmp_path: Path, stun: Stun) -> Pair:
    return Pair(stun, model, calibration, tmp_path / "out")


@pytest.mark.parametrize(("question", "reconstruct", "kappa"), CASES.values(), ids=CASES.keys())
def test_engine_equals_oracle(pair: Pair, question: Question, reconstruct: str, kappa: int) -> None:
    pair.compare(question, reconstruct=reconstruct, kappa=kappa)


def test_owl_gives_layers_different_sparsities(pair: Pair) -> None:
    """Else its comparison would be Wanda's."""
    _, expected = pair.compare(Question(0.25, 0.6, "OWL"))
    assert max(expected.sparsities) - min(expected.sparsities) > 0.05


@pytest.mark.parametrize("method", ["Wanda", "Magnitude"])
def test_bfloat16(pair: Pair, tmp_path: Path, method: str) -> None:
    """Computed in float32, stored in bfloat16, whose few digits make equal magnitudes common."""
    source = save_mixtral(tmp_path / "half", dtype=torch.bfloat16)
    half = replace(pair, model=source, dtype=torch.bfloat16)
    outcome, _ = half.compare(Question(0.25, 0.4, method))
    half.compare(Question(0.75, 0.8, method, reconstruct=True))
    stored = MixtralForCausalLM.from_pretrained(outcome.answer["uri"])
    assert {tensor.dtype for tensor in stored.state_dict().values()} == {torch.bfloat16}


def test_only_the_number_of_experts_changes_in_the_config(pair: Pair) -> None:
    outcome, _ = pair.compare(Question(0.25, 0.4))
    config = json.loads((Path(outcome.answer["uri"]) / "config.json").read_text())
    source = json.loads((pair.model / "config.json").read_text())
    assert config == {**source, "num_local_experts": 6}
    assert config["vocab_size"] == VOCABULARY


def imported(path: Path) -> list[str]:
    """The modules that a file imports; those of its own package are relative."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append(node.module or "")
    return found


def test_the_oracle_imports_nothing_of_the_engine() -> None:
    names = [name for path in Path(oracle.__file__).parent.glob("*.py") for name in imported(path)]
    assert "torch" in names
    assert [name for name in names if name.split(".")[0] in ("stun", "tests")] == []


@pytest.mark.parametrize("method", ["Wanda", "OWL"])
def test_too_much_dropped_load_is_refused(pair: Pair, method: str) -> None:
    """The first layer above the limit is named, and nothing is published."""
    question = Question(0.5, 0.65, method)
    ids = calibration_ids(pair.model, pair.calibration)
    dense = MixtralForCausalLM.from_pretrained(pair.model)
    loads = [load or 0.0 for load in answer(dense, question, ids, torch.float32).dropped]
    limit = (min(loads) + max(loads)) / 2
    layer = next(index for index, load in enumerate(loads) if load > limit)
    recipe = recipe_of(question, pair.calibration, maxDroppedLoad=limit)
    outcome = pair.stun("prune", recipe, model=pair.model, output=pair.output)
    assert (outcome.code, outcome.termination["reason"]) == (4, "DroppedLoadExceeded")
    assert f"layer {layer} served {percent(loads[layer], limit)}" in outcome.termination["message"]
    assert [path for path in pair.output.rglob("*") if path.is_file()] == []
    recipe["pruning"]["experts"]["maxDroppedLoad"] = max(loads)
    assert pair.stun("prune", recipe, model=pair.model, output=pair.output).code == 0
