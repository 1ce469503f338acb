"""The model's facts, from its headers alone: what the GPU plan is computed from."""

from collections import Counter
from typing import Any

from stun.checkpoint import Checkpoint
from stun.families import classify
from stun.plan import prunable_parameters
from stun.safetensors_io import DTYPES

KINDS = ("experts", "routers", "attention", "embeddings", "other")
NAMES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def main_dtype(checkpoint: Checkpoint) -> str:
    """The dtype that most bytes have."""
    sizes: Counter[str] = Counter()
    for info in checkpoint.tensors.values():
        sizes[info.dtype] += info.nbytes
    return sizes.most_common(1)[0][0]


def bytes_by_kind(checkpoint: Checkpoint) -> dict[str, int]:
    sizes = dict.fromkeys(KINDS, 0)
    for info in checkpoint.tensors.values():
        sizes[classify(info.name, checkpoint.family)] += info.nbytes
    return {**sizes, "total": sum(sizes.values())}


def prunable(checkpoint: Checkpoint) -> tuple[int, int]:
    """Prunable parameters in all, and those of experts; 0 for a dense model."""
    family, config = checkpoint.family, checkpoint.config
    if family is None:
        return 0, 0
    total = prunable_parameters(family, config, config.experts)
    return total, total - prunable_parameters(family, config, 0)


def model_facts(checkpoint: Checkpoint) -> dict[str, Any]:
    config = checkpoint.config
    dtype = main_dtype(checkpoint)
    cache = 2 * config.layers * config.kv_heads * config.head_dim * DTYPES[dtype].itemsize
    total, of_experts = prunable(checkpoint)
    return {
        "kind": "Facts",
        "family": checkpoint.raw_config.get("model_type", ""),
        "architecture": config.architecture,
        "dtype": NAMES.get(dtype, dtype),
        "bytes": bytes_by_kind(checkpoint),
        "layers": config.layers,
        "moeLayers": config.layers if config.experts else 0,
        "experts": config.experts,
        "topK": config.top_k,
        "expertGroups": 1,
        "topKGroups": 1,
        "attentionHeads": config.heads,
        "kvHeads": config.kv_heads,
        "headDim": config.head_dim,
        "kvBytesPerToken": cache,
        "hiddenSize": config.hidden_size,
        "vocabSize": config.vocab_size,
        "maxPositionEmbeddings": config.max_positions,
        "prunableParameters": total,
        "prunableExpertParameters": of_experts,
        "objects": len(checkpoint.objects()),
    }
