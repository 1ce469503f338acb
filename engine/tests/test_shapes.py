"""The shapes that benches use are the published ones, on disk as their publishers lay them out."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM

from bench.shapes import checkpoint
from bench.shapes.checkpoint import INDEX, write_random, write_sparse
from bench.shapes.table import MODELS, Model
from stun.safetensors_io import to_bytes
from tests.conftest import Stun

# Parameters as the publishers' files count them (DeepSeek-V3 with its layer of multi-token
# prediction and without block scales, GPT-OSS before its quantisation to MXFP4). Arctic: 480 B,
# of which the model card says 10 B are dense and 128 x 3.66 B in experts.
PUBLISHED = {
    "arctic-480b": 478_584_608_768,
    "olmoe-1b-7b": 6_919_161_856,
    "mixtral-8x7b": 46_702_792_704,
    "mixtral-8x22b": 140_620_634_112,
    "qwen3-30b-a3b": 30_532_122_624,
    "qwen3-235b-a22b": 235_093_634_560,
    "deepseek-v3": 684_489_845_504,
    "gpt-oss-120b": 116_829_156_672,
}
# A size for each name in config.json that makes a model tiny and keeps its kind.
TINY = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 24,
    "moe_intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_nextn_predict_layers": 0,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "q_lora_rank": 12,
    "kv_lora_rank": 8,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 8,
    "v_head_dim": 8,
    "n_routed_experts": 8,
    "num_experts": 8,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "n_group": 4,
    "topk_group": 2,
    "first_k_dense_replace": 1,
    "layer_types": ["sliding_attention", "full_attention"],
}
KNOWN_TO_TRANSFORMERS = sorted(MODELS.keys() - {"arctic-480b"})


def tiny(name: str) -> Model:
    model = MODELS[name]
    sizes = {key: value for key, value in TINY.items() if key in model.config}
    if name == "deepseek-v3":
        sizes["num_key_value_heads"] = TINY["num_attention_heads"]
    return replace(model, config={**model.config, **sizes})


@pytest.mark.parametrize("name", MODELS)
def test_counts_are_the_published_ones(name: str) -> None:
    shapes = MODELS[name].shapes()
    assert sum(math.prod(shape) for shape in shapes.values()) == PUBLISHED[name]


@pytest.mark.parametrize("name", KNOWN_TO_TRANSFORMERS)
def test_transformers_reads_every_tensor_by_its_name(name: str, tmp_path: Path) -> None:
    write_random(tiny(name), tmp_path, seed=0)
    loaded: Any = AutoModelForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(loaded[1].values()), loaded[1]


@pytest.mark.parametrize("name", KNOWN_TO_TRANSFORMERS)
def test_transformers_builds_as_many_parameters(name: str, tmp_path: Path) -> None:
    """At the true size, without memory; the layer of multi-token prediction is not built."""
    model = MODELS[name]
    write_sparse(model, tmp_path)
    build: Callable[..., torch.nn.Module] = AutoModelForCausalLM.from_config
    with torch.device("meta"):
        built = build(AutoConfig.from_pretrained(tmp_path))
    last = f"model.layers.{model.config['num_hidden_layers']}."
    shapes = {n: s for n, s in model.shapes().items() if not n.startswith(last)}
    correction = [s for n, s in shapes.items() if n.endswith("e_score_correction_bias")]
    buffers = sum(math.prod(shape) for shape in correction)  # transformers holds these apart
    expected = sum(math.prod(shape) for shape in shapes.values()) - buffers
    assert sum(parameter.numel() for parameter in built.parameters()) == expected


def test_arctic_is_957_gigabytes_in_a_few_megabytes_of_disk(tmp_path: Path) -> None:
    assert write_sparse(MODELS["arctic-480b"], tmp_path) == 957_169_217_536
    files = sorted(tmp_path.glob("*.safetensors"))
    assert sum(file.stat().st_size for file in files) > 957_169_217_536
    assert sum(file.stat().st_blocks * 512 for file in files) < 20_000_000
    index = json.loads((tmp_path / INDEX).read_text())
    for name in ("model.layers.34.block_sparse_moe.experts.127.w2.weight", "lm_head.weight"):
        with safe_open(tmp_path / index["weight_map"][name], "pt") as file:
            shape = tuple(file.get_slice(name).get_shape())
        assert shape == MODELS["arctic-480b"].shapes()[name]


# What the operator's planner is tested with; scripts/shape-facts writes them.
STORED = Path(__file__).parents[2] / "src/prunejob/testing/shapes"
# Layers with experts, experts, experts of a token, and the bytes of one expert's matrices.
FACTS = {
    "arctic-480b": (35, 128, 2, 3 * 7168 * 4864 * 2),
    "olmoe-1b-7b": (16, 64, 8, 3 * 2048 * 1024 * 2),
    "mixtral-8x7b": (32, 8, 2, 3 * 4096 * 14336 * 2),
    "mixtral-8x22b": (56, 8, 2, 3 * 6144 * 16384 * 2),
    "qwen3-30b-a3b": (48, 128, 8, 3 * 2048 * 768 * 2),
    "qwen3-235b-a22b": (94, 128, 8, 3 * 4096 * 1536 * 2),
    "deepseek-v3": (58, 256, 8, 3 * 7168 * 2048 * 2),
    "gpt-oss-120b": (36, 128, 4, (3 * 2880 * 2880 + 3 * 2880) * 2),
}


@pytest.mark.parametrize("name", FACTS)
def test_inspect_reads_the_facts_of_models_that_no_disk_here_could_hold(
    name: str, tmp_path: Path, stun: Stun
) -> None:
    size = write_sparse(MODELS[name], tmp_path)
    facts = stun("inspect", model=tmp_path).answer
    layers, experts, top_k, expert_bytes = FACTS[name]
    assert (facts["moeLayers"], facts["experts"], facts["topK"]) == (layers, experts, top_k)
    # The layer of multi-token prediction has as many experts as any other.
    stored = layers + MODELS[name].config.get("num_nextn_predict_layers", 0)
    assert facts["bytes"]["experts"] == stored * experts * expert_bytes
    assert facts["bytes"]["total"] == size
    stored = json.loads((STORED / f"{name}.json").read_text())
    assert facts == stored, "the operator's copy is out of date: run scripts/shape-facts"


def test_random_weights_depend_on_the_seed_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weights(folder: str, seed: int) -> dict[str, bytes]:
        write_random(tiny("olmoe-1b-7b"), tmp_path / folder, seed)
        found: dict[str, torch.Tensor] = {}
        for path in (tmp_path / folder).glob("*.safetensors"):
            found |= load_file(path)
        return {name: bytes(to_bytes(tensor)) for name, tensor in found.items()}

    first = weights("first", 0)
    monkeypatch.setattr(checkpoint, "SHARD_BYTES", 5000)
    assert weights("resharded", 0) == first
    assert len(list((tmp_path / "resharded").glob("*.safetensors"))) > 5
    assert weights("other", 1) != first
