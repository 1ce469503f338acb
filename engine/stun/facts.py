"""The model's facts, from its headers alone: what the GPU plan is computed from."""

from collections import Counter
from typing import Any

from stun.checkpoint import Checkpoint
from stun.families import classify
from stun.plan import count_prunable
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
    """Prunable parameters in all, and those of experts; 0 for a model without a family."""
    if checkpoint.skeleton is None:
        return 0, 0
    found = count_prunable(checkpoint.skeleton)
    return found.total, checkpoint.config.experts * found.one_expert


def moe_layers(checkpoint: Checkpoint) -> int:
    skeleton = checkpoint.skeleton
    return 0 if skeleton is None else sum(map(skeleton.is_moe, range(len(skeleton.layers))))


def sliding_window(checkpoint: Checkpoint) -> tuple[int, int]:
    """Layers that look back over a window (Llama 4: a chunk) only, and its tokens; (0, 0) for none.

    Behind the window their cache is freed. A model without a family counts as having none.
    """
    if checkpoint.skeleton is None:
        return 0, 0
    config = checkpoint.skeleton.config
    tokens: dict[str, int] = {
        "sliding_attention": getattr(config, "sliding_window", None) or 0,
        "chunked_attention": getattr(config, "attention_chunk_size", None) or 0,
    }
    # Families whose layers are all alike name no types.
    types = getattr(config, "layer_types", None) or ["sliding_attention"] * config.num_hidden_layers
    found = [tokens[kind] for kind in types if tokens.get(kind, 0) > 0]
    return len(found), max(found, default=0)


def model_facts(checkpoint: Checkpoint) -> dict[str, Any]:
    config = checkpoint.config
    dtype = main_dtype(checkpoint)
    cache = config.layers * config.kv_values_per_token * DTYPES[dtype].itemsize
    total, of_experts = prunable(checkpoint)
    sliding_layers, window = sliding_window(checkpoint)
    return {
        "kind": "Facts",
        "family": checkpoint.raw_config.get("model_type", ""),
        "architecture": config.architecture,
        "dtype": NAMES.get(dtype, dtype),
        "bytes": bytes_by_kind(checkpoint),
        "layers": config.layers,
        "moeLayers": moe_layers(checkpoint),
        "experts": config.experts,
        "topK": config.top_k,
        "expertGroups": config.expert_groups,
        "topKGroups": config.top_k_groups,
        "rankingExperts": config.ranking_experts,
        "attentionHeads": config.heads,
        "kvHeads": config.kv_heads,
        "headDim": config.head_dim,
        "kvBytesPerToken": cache,
        "slidingLayers": sliding_layers,
        "slidingWindow": window,
        "hiddenSize": config.hidden_size,
        "vocabSize": config.vocab_size,
        "maxPositionEmbeddings": config.max_positions,
        "prunableParameters": total,
        "prunableExpertParameters": of_experts,
        "objects": len(checkpoint.objects()),
    }
