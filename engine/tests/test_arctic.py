"""The engine's own Arctic against a naive one, and against the published shapes."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from bench.shapes import layouts
from bench.shapes.checkpoint import write_sparse
from bench.shapes.table import MODELS
from tests.arctic import Config, NaiveArctic
from tests.comparison import Pair
from tests.conftest import Stun
from tests.families import COMMON, randomise
from tests.oracle import Question

VALUES: dict[str, Any] = {
    **{key: value for key, value in COMMON.items() if key not in ("head_dim", "rms_norm_eps")},
    "num_local_experts": 8,
    "moe_layer_frequency": 1,
    "parallel_attn_mlp_res": True,
    "use_residual": True,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "as published": {},
    "every second layer dense": {"moe_layer_frequency": 2, "num_hidden_layers": 4},
    "one expert a token, nothing beside": {
        "num_experts_per_tok": 1,
        "parallel_attn_mlp_res": False,
        "use_residual": False,
    },
}


def save(path: Path, variant: str) -> NaiveArctic:
    model = NaiveArctic(Config(**{**VALUES, **VARIANTS[variant]}))
    randomise(model, seed=0)
    model.save_pretrained(path)
    return model.eval()


@pytest.mark.parametrize("method", ["Wanda", "OWL"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_engine_equals_oracle(
    calibration: Path, tmp_path: Path, stun: Stun, variant: str, method: str
) -> None:
    save(tmp_path / "arctic", variant)
    pair = Pair(stun, tmp_path / "arctic", calibration, tmp_path / "out", auto=NaiveArctic)
    pair.compare(Question(0.25, 0.6, method, m=3.0))


@pytest.mark.parametrize("variant", VARIANTS)
def test_evaluate_equals_the_naive_model(
    gate: Path, tmp_path: Path, stun: Stun, variant: str
) -> None:
    model = save(tmp_path / "arctic", variant)
    answer = stun("evaluate", model=tmp_path / "arctic", data=gate, samples=4, length=32).answer
    lines = gate.read_text().splitlines()[:4]
    ids = torch.tensor([json.loads(line)["input_ids"][:32] for line in lines])
    with torch.no_grad():
        logits = model(ids).logits[:, :-1]
    loss = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).item()
    assert answer["perplexity"] == pytest.approx(math.exp(loss), rel=1e-5)


def test_names_and_shapes_are_the_published_ones(tmp_path: Path) -> None:
    model = save(tmp_path / "arctic", "as published")
    shapes = {name: tuple(tensor.shape) for name, tensor in model.published().items()}
    assert shapes == layouts.arctic(VALUES)


def test_inspect_reads_480_billion_parameters(tmp_path: Path, stun: Stun) -> None:
    write_sparse(MODELS["arctic-480b"], tmp_path)
    outcome = stun("inspect", model=tmp_path)
    assert outcome.code == 0, outcome.termination
    facts = outcome.answer
    assert (facts["layers"], facts["experts"], facts["topK"]) == (35, 128, 2)
    assert facts["prunableExpertParameters"] == 35 * 128 * 3 * 7168 * 4864
