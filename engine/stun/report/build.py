"""Gathers the report: everything that a run measured, as one JSON object."""

import math
from typing import Any

from stun.experts.distance import router_distance
from stun.layout import Shard
from stun.passes.context import Context
from stun.plan import resolved_pruning
from stun.report.cautions import cautions
from stun.runkey import resolved_calibration
from stun.stream import StreamResult, count_passes

# Beyond it the matrices of all layers would be most of the report.
MOST_SIMILAR = 128


def describe_model(context: Context, shards: list[Shard]) -> dict[str, Any]:
    checkpoint = context.checkpoint
    after = sum(math.prod(spec.shape) for shard in shards for spec in shard.tensors)
    return {
        "uri": checkpoint.uri,
        "architecture": checkpoint.config.architecture,
        "layers": checkpoint.config.layers,
        "hiddenSize": checkpoint.config.hidden_size,
        "topK": checkpoint.config.top_k,
        "parametersBefore": sum(info.elements for info in checkpoint.tensors.values()),
        "parametersAfter": after,
    }


def describe_layers(context: Context, streamed: StreamResult) -> list[dict[str, Any]]:
    return [
        {
            **describe_load(layer),
            "similarity": similarity(context, layer),
            "groups": settle(layer.get("groups", []), layer["kept"], context.plan.reconstruct),
        }
        if layer["moe"]
        else layer
        for layer in streamed.layers
    ]


def settle(
    groups: list[dict[str, Any]], kept: list[int], reconstruct: bool
) -> list[dict[str, Any]]:
    """Groups with the member that each of them kept; none where its mean stands for it.

    Most methods leave the choice of the member to the weights, so only the layer knows it.
    """
    if reconstruct:
        return groups
    names = set(kept)
    return [{**group, "kept": min(names.intersection(group["members"]))} for group in groups]


def describe_load(layer: dict[str, Any]) -> dict[str, Any]:
    """Token counts as shares: 1 is all of the layer's choices."""
    found = dict(layer)
    tokens = found.pop("tokens", None)
    total = sum(tokens or [])
    return {**found, "load": [count / total for count in tokens] if total else None}


def count_routed(context: Context, streamed: StreamResult) -> int | None:
    """Calibration tokens by which the load was told: not all, where no choice depends on it."""
    choices = [sum(layer["tokens"]) for layer in streamed.layers if layer.get("tokens")]
    return choices[0] // context.checkpoint.config.top_k if choices else None


def similarity(context: Context, layer: dict[str, Any]) -> list[list[float]] | None:
    if context.plan.experts_before > MOST_SIMILAR:
        return None
    name = context.family.layer(layer["layer"]) + context.family.router
    distance = router_distance(context.checkpoint.read([name])[name])
    return [[round(value, 3) for value in row] for row in distance.tolist()]


def describe_outcome(
    context: Context, shards: list[Shard], streamed: StreamResult, run_key: str
) -> dict[str, Any]:
    """What the run key alone decides, as the manifest states it."""
    plan, zeros = context.plan, [layer["zeros"] for layer in streamed.layers]
    left = plan.prunable_after - sum(zeros)
    kept = {str(found["layer"]): found["kept"] for found in streamed.layers if found["moe"]}
    return {
        "runKey": run_key,
        "sparsity": round(1 - left / plan.prunable_before, 6),
        "expertsBefore": plan.experts_before,
        "expertsAfter": plan.experts_after,
        "expertsKept": kept,
        "bytesBefore": sum(info.nbytes for info in context.checkpoint.tensors.values()),
        "bytesAfter": sum(spec.nbytes for shard in shards for spec in shard.tensors),
        "zeros": zeros,
    }


def build_report(
    context: Context, shards: list[Shard], streamed: StreamResult, digest: str | None
) -> dict[str, Any]:
    """What the run key decides; `digest` is that of calibration data that weights depend on."""
    return {
        "model": describe_model(context, shards),
        "recipe": {
            "pruning": resolved_pruning(context.recipe),
            "calibration": resolved_calibration(context.recipe, digest),
        },
        "reads": count_passes(context),
        "warnings": cautions(context, streamed.layers),
        "routedTokens": count_routed(context, streamed),
        "layers": describe_layers(context, streamed),
    }
