"""Turns a recipe and a model into counts: experts kept, sparsity of the weights that stay."""

import math
from dataclasses import dataclass
from typing import Any

from stun.errors import StunError
from stun.families import Family, ModelConfig
from stun.fields import invalid
from stun.recipe import Recipe


@dataclass(frozen=True)
class Plan:
    experts_before: int
    experts_after: int
    prunable_before: int
    prunable_after: int
    weight_sparsity: float
    weights_method: str
    reconstruct: bool


def prunable_parameters(family: Family, config: ModelConfig, experts: int) -> int:
    """Parameters of the decoder Linears without the router."""
    shapes = family.layer_shapes(config, experts)
    names = family.prunable_names(experts)
    return config.layers * sum(math.prod(shapes[name]) for name in names)


def kept_experts(ratio: float, config: ModelConfig) -> int:
    return config.experts - math.floor(config.experts * ratio + 0.5)


def make_plan(recipe: Recipe, family: Family, config: ModelConfig) -> Plan:
    """Pinned: E' = E - floor(E * ratio + 0.5), u = 1 - (1 - s) * P_before / P_after."""
    if recipe.ratio is None:
        raise invalid(
            "pruning.experts.ratio is missing: targetGPUs alone says it only after the GPU plan; "
            "give the ratio."
        )
    after = kept_experts(recipe.ratio, config)
    check_count(recipe, after, config)
    before_parameters = prunable_parameters(family, config, config.experts)
    after_parameters = prunable_parameters(family, config, after)
    return Plan(
        experts_before=config.experts,
        experts_after=after,
        prunable_before=before_parameters,
        prunable_after=after_parameters,
        weight_sparsity=weight_sparsity(recipe, before_parameters, after_parameters),
        weights_method=recipe.weights_method,
        reconstruct=reconstructs(recipe, after),
    )


def check_count(recipe: Recipe, after: int, config: ModelConfig) -> None:
    if after < config.top_k:
        most = (config.experts - config.top_k) / config.experts
        raise StunError(
            "TooFewExperts",
            f"pruning.experts.ratio {recipe.ratio} leaves {after} of {config.experts} experts "
            f"where each token uses {config.top_k}; give at most {most:g}.",
        )
    multiple = recipe.experts.multiple_of
    if after % multiple:
        raise invalid(
            f"pruning.experts.ratio {recipe.ratio} leaves {after} experts, no multiple of "
            f"{multiple}; change the ratio or pruning.experts.multipleOf."
        )


def reconstructs(recipe: Recipe, after: int) -> bool:
    """Whether clusters become means; Selective is the official rule: fewer than kappa kept."""
    choice = recipe.experts.reconstruct
    return choice == "Always" or (choice == "Selective" and after < recipe.experts.kappa)


def weight_sparsity(recipe: Recipe, before: int, after: int) -> float:
    target = recipe.target_sparsity
    if target is None:
        return 0.0
    sparsity = 1 - (1 - target) * before / after
    if sparsity < -1e-9:
        removed = 1 - after / before
        raise StunError(
            "SparsityTooLow",
            f"pruning.experts.ratio {recipe.ratio} alone removes {removed:.4f} of the prunable "
            f"parameters, more than targetSparsity {target}; raise the target or lower the ratio.",
        )
    if recipe.weights_method == "None" and sparsity > 1e-9:
        raise invalid(
            f"pruning.weights.method None cannot reach targetSparsity {target}; "
            "write Wanda or Magnitude, or leave targetSparsity out."
        )
    return max(0.0, sparsity)


def resolved_pruning(recipe: Recipe) -> dict[str, Any]:
    """What of the pruning decides the published bytes, defaults filled in, thresholds left out."""
    return {
        "targetSparsity": recipe.target_sparsity,
        "split": "Manual",
        "experts": {
            "ratio": recipe.ratio,
            "method": "STUN",
            "linkage": "Complete",
            "threshold": "PerLayer",
            "similarity": {"router": 1.0, "coactivation": 0.0},
            "reconstruct": recipe.experts.reconstruct,
            "kappa": recipe.experts.kappa,
        },
        "weights": {"method": recipe.weights_method},
    }
