"""Turns a recipe and a model into counts: experts kept, sparsity of the weights that stay."""

import math
from dataclasses import dataclass
from typing import Any

from stun.errors import StunError
from stun.families import ModelConfig
from stun.fields import invalid
from stun.model.skeleton import Skeleton
from stun.recipe import Recipe


@dataclass(frozen=True)
class Plan:
    experts_before: int
    experts_after: int
    prunable_before: int
    prunable_after: int
    weight_sparsity: float
    reconstruct: bool


@dataclass(frozen=True)
class Prunable:
    """Parameters of the decoder Linears without the router, of the whole model."""

    total: int
    # Of one expert in each layer that has experts.
    one_expert: int

    def after(self, removed: int) -> int:
        return self.total - removed * self.one_expert


def count_prunable(skeleton: Skeleton) -> Prunable:
    indices = range(len(skeleton.layers))
    total = sum(skeleton.prunable(index) for index in indices)
    return Prunable(total, sum(skeleton.expert_parameters(index) for index in indices))


def kept_experts(ratio: float, config: ModelConfig) -> int:
    """Pinned: E' = E - floor(E * ratio + 0.5)."""
    return config.experts - math.floor(config.experts * ratio + 0.5)


def make_plan(recipe: Recipe, ratio: float | None, skeleton: Skeleton, config: ModelConfig) -> Plan:
    """Refuses a share that leaves no model which can be routed and served as was asked."""
    if ratio is None:
        raise invalid(
            "pruning.experts.ratio is missing: targetGPUs alone says it only after the GPU plan; "
            "give the ratio."
        )
    check_count(ratio, kept_experts(ratio, config), recipe, config)
    return count_plan(recipe, ratio, skeleton, config)


def count_plan(recipe: Recipe, ratio: float, skeleton: Skeleton, config: ModelConfig) -> Plan:
    """Pinned: u = 1 - (1 - s) * P_before / P_after."""
    after = kept_experts(ratio, config)
    prunable = count_prunable(skeleton)
    left = prunable.after(config.experts - after)
    return Plan(
        experts_before=config.experts,
        experts_after=after,
        prunable_before=prunable.total,
        prunable_after=left,
        weight_sparsity=weight_sparsity(recipe, ratio, prunable.total, left),
        reconstruct=reconstructs(recipe, after),
    )


def usable_count(after: int, recipe: Recipe, config: ModelConfig) -> bool:
    """Whether a model with so many experts can be routed, and served as was asked."""
    groups = config.expert_groups
    reach = config.top_k_groups * after // groups if config.experts else 0
    enough = reach >= config.top_k and ranks_groups(after, config)
    return after % groups == 0 and enough and after % multiple(recipe) == 0


def ranks_groups(after: int, config: ModelConfig) -> bool:
    """Whether each routing group has as many experts as the router ranks it by."""
    return after >= config.expert_groups * config.ranking_experts


def multiple(recipe: Recipe) -> int:
    return recipe.experts.multiple_of


def check_count(ratio: float, after: int, recipe: Recipe, config: ModelConfig) -> None:
    if usable_count(after, recipe, config):
        return
    usable = [n for n in range(1, config.experts + 1) if usable_count(n, recipe, config)]
    asked = f"pruning.experts.ratio {ratio:g} leaves {after} of {config.experts} experts"
    if not usable:
        raise invalid(
            f"pruning.experts.multipleOf {multiple(recipe)} fits no count of up to "
            f"{config.experts} experts that this model can route; lower it."
        )
    if after < usable[0]:
        most = (config.experts - usable[0]) / config.experts
        remedy = f"give at most {most:g}" if most else "leave pruning.experts.ratio out"
        needed = f"each token uses {config.top_k}"
        if config.ranking_experts > 1 and not ranks_groups(after, config):
            needed = f"its router ranks each group by the {config.ranking_experts} best experts"
        raise StunError("TooFewExperts", f"{asked} where {needed}; {remedy}.")
    grouped = f" in {config.expert_groups} groups" if config.expert_groups > 1 else ""
    nearest = min(usable, key=lambda n: (abs(n - after), -n))
    raise invalid(
        f"{asked}{grouped}, no multiple of {math.lcm(config.expert_groups, multiple(recipe))}; "
        f"give {(config.experts - nearest) / config.experts:g} or change "
        "pruning.experts.multipleOf."
    )


def reconstructs(recipe: Recipe, after: int) -> bool:
    """Whether clusters become means; Selective is the official rule: fewer than kappa kept."""
    choice = recipe.experts.reconstruct
    return choice == "Always" or (choice == "Selective" and after < recipe.experts.kappa)


def weight_sparsity(recipe: Recipe, ratio: float, before: int, after: int) -> float:
    target = recipe.target_sparsity
    if target is None:
        return 0.0
    sparsity = 1 - (1 - target) * before / after
    if sparsity < -1e-9:
        removed = 1 - after / before
        raise StunError(
            "SparsityTooLow",
            f"pruning.experts.ratio {ratio:g} alone removes {removed:.4f} of the prunable "
            f"parameters, more than targetSparsity {target}; raise the target or lower the ratio.",
        )
    if recipe.weights.method == "None" and sparsity > 1e-9:
        raise invalid(
            f"pruning.weights.method None cannot reach targetSparsity {target}; "
            "write OWL, Wanda or Magnitude, or leave targetSparsity out."
        )
    return max(0.0, sparsity)


def resolved_pruning(recipe: Recipe) -> dict[str, Any]:
    """What of the pruning decides the published bytes, defaults filled in, thresholds left out."""
    owl = {"lambda": recipe.weights.owl_lambda, "m": recipe.weights.owl_m}
    return {
        "targetSparsity": recipe.target_sparsity,
        "split": recipe.split,
        "experts": {
            "ratio": recipe.ratio,
            "method": recipe.experts.method,
            "linkage": recipe.experts.linkage,
            "threshold": recipe.experts.threshold,
            "similarity": {
                "router": recipe.experts.router,
                "coactivation": recipe.experts.coactivation,
            },
            "reconstruct": recipe.experts.reconstruct,
            "kappa": recipe.experts.kappa,
            "multipleOf": recipe.experts.multiple_of,
        },
        "weights": {
            "method": recipe.weights.method,
            **({"owl": owl} if recipe.weights.method == "OWL" else {}),
        },
    }
