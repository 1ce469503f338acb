"""Tiny random models, text and recipes that the tests share."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from transformers import MixtralConfig, MixtralForCausalLM

VOCABULARY = 96
Changes = Mapping[str, object]
NONE: Changes = MappingProxyType({})


def mixtral_config(changes: Changes = NONE) -> MixtralConfig:
    values: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 24,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "num_local_experts": 8,
        "num_experts_per_tok": 2,
        "max_position_embeddings": 64,
        "initializer_range": 0.4,
        "rope_theta": 10000.0,
    }
    return MixtralConfig(**{**values, **changes})


def save_mixtral(path: Path, changes: Changes = NONE, dtype: torch.dtype = torch.float32) -> Path:
    """A random model whose routers really choose."""
    torch.manual_seed(0)
    model = MixtralForCausalLM(mixtral_config(changes))
    torch.nn.Module.to(model, dtype)
    model.save_pretrained(path, max_shard_size="60KB")
    return path


def write_documents(path: Path, count: int, length: int, seed: int) -> Path:
    generator = random.Random(seed)
    lines = [
        json.dumps({"input_ids": [generator.randrange(VOCABULARY) for _ in range(length)]})
        for _ in range(count)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def make_recipe(
    calibration: Path | str | None, gate: Path | str | None, **pruning: object
) -> dict[str, Any]:
    recipe: dict[str, Any] = {
        "pruning": {
            "targetSparsity": 0.4,
            "experts": {
                "ratio": 0.25,
                "reconstruct": "Selective",
                "kappa": 3,
                "maxDroppedLoad": 1,
            },
            "weights": {"method": "Wanda"},
            **pruning,
        }
    }
    if calibration is not None:
        recipe["calibration"] = {
            "uri": str(calibration),
            "samples": 12,
            "sequenceLength": 32,
            "seed": 0,
        }
    if gate is not None:
        recipe["quality"] = {"perplexity": {"uri": str(gate), "samples": 8, "maxIncrease": 100.0}}
    return recipe
