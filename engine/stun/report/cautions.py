"""What a user should know before trusting a result: sentences for the report and the log."""

from typing import Any

from stun.layout import layer_indices
from stun.passes.context import Context

# Expert counts for which vLLM builds its fused router kernel (vllm pull request 50982).
USUAL_COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 320, 384, 448, 512, 576)

# How far the overall sparsity may lie from its target without a word: half a point.
NEAR = 0.005


def cautions(context: Context, layers: list[dict[str, Any]]) -> list[str]:
    """From what was asked, and from the report of each layer."""
    checks = (
        dense_model,
        coactivation,
        unusual_count,
        further_layers,
        unmeasured_load,
        averaged_load,
    )
    found = [check(context) for check in checks]
    found.append(missed_target(context, sum(layer["zeros"] for layer in layers)))
    found.append(moved_experts(context, [layer["kept"] for layer in layers if layer["moe"]]))
    return [sentence for sentence in found if sentence]


def missed_target(context: Context, zeros: int) -> str | None:
    """Each row loses a whole number of its entries, so short rows miss the target by more."""
    target, plan = context.recipe.target_sparsity, context.plan
    reached = 1 - (plan.prunable_after - zeros) / plan.prunable_before
    if target is None or abs(target - reached) <= NEAR:
        return None
    return (
        f"The overall sparsity is {reached:.4f} where targetSparsity asked for {target:g}: a row "
        "loses a whole number of its entries, and this model has short rows."
    )


def dense_model(context: Context) -> str | None:
    if context.plan.experts_before:
        return None
    return (
        "The model has no experts to remove. Its zeros save no GPU memory in today's runtimes, "
        "only bytes at rest where they are compressed."
    )


def coactivation(context: Context) -> str | None:
    if not context.recipe.experts.coactivation:
        return None
    return (
        "similarity.coactivation groups the experts that are used most; on small trained models "
        "it lost far more than router similarity alone. Compare before you rely on it."
    )


def unusual_count(context: Context) -> str | None:
    after = context.plan.experts_after
    if not context.removes_experts or after in USUAL_COUNTS:
        return None
    return (
        f"{after} experts a layer is a count that few models have; some kernels are built for "
        "usual counts only, so serve the result once before you rely on it."
    )


def further_layers(context: Context) -> str | None:
    own = context.checkpoint.config.layers
    count = len(layer_indices(context.checkpoint)) - own
    if not count:
        return None
    return (
        f"{count} layers behind the model's own predict further tokens; their experts were cut "
        "by router rows alone and their weights left whole."
    )


def unmeasured_load(context: Context) -> str | None:
    if not context.removes_experts or context.calibration is not None:
        return None
    return (
        "Without calibration data nobody knows how many tokens the removed experts served; "
        "maxDroppedLoad was not checked."
    )


def averaged_load(context: Context) -> str | None:
    if not (context.removes_experts and context.plan.reconstruct):
        return None
    return (
        "Each group of experts became the mean of its members, so no expert counts as dropped: "
        "droppedLoad is 0 by definition and maxDroppedLoad cannot refuse. Judge the result by "
        "its quality."
    )


def moved_experts(context: Context, kept: list[list[int]]) -> str | None:
    """Routers cut the list of experts into groups by position, and the list got shorter."""
    config = context.checkpoint.config
    if config.expert_groups == 1 or not context.removes_experts:
        return None
    share = moved_share(kept, config.experts, config.expert_groups)
    if not share:
        return None
    return (
        f"{share:.0%} of the kept experts are in another routing group than before: the router "
        "first chooses groups, which are made by the experts' new numbers, and so may leave out "
        "an expert that it chose before. Judge the result by its quality."
    )


def moved_share(kept: list[list[int]], experts: int, groups: int) -> float:
    """Of the experts that each layer keeps, by their old ids in ascending order."""
    moved = sum(
        expert * groups // experts != position * groups // len(some)
        for some in kept
        for position, expert in enumerate(some)
    )
    return moved / sum(len(some) for some in kept)
