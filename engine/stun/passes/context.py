"""What every pass over the layers works with."""

from dataclasses import dataclass
from functools import cached_property

import torch

from stun.checkpoint import Checkpoint
from stun.families import Family, Linear
from stun.model.skeleton import Skeleton
from stun.plan import Plan
from stun.progress import Progress
from stun.recipe import Recipe
from stun.scoring import Scored


@dataclass(frozen=True)
class Context:
    """`calibration` [samples, length] and `gate` are token ids; None and [] where not asked."""

    checkpoint: Checkpoint
    recipe: Recipe
    plan: Plan
    dense: Skeleton
    device: torch.device
    progress: Progress
    calibration: torch.Tensor | None
    gate: list[Scored]

    @property
    def family(self) -> Family:
        return self.dense.family

    @cached_property
    def pruned(self) -> Skeleton:
        """The skeleton of the result: the same model with fewer experts."""
        raw = self.family.with_experts(self.checkpoint.raw_config, self.plan.experts_after)
        return Skeleton(raw, self.family, self.checkpoint.uri)

    @property
    def removes_experts(self) -> bool:
        return self.plan.experts_after < self.plan.experts_before

    @property
    def weighs_inputs(self) -> bool:
        """Whether weights are judged by their inputs, so that calibration must pass through."""
        return self.recipe.weights.method in ("Wanda", "OWL") and self.plan.weight_sparsity > 0

    @property
    def twice(self) -> bool:
        """Whether the layers are read once more, before: OWL compares them all first."""
        return self.recipe.weights.method == "OWL" and self.plan.weight_sparsity > 0

    def prunable_linears(self, index: int) -> list[Linear]:
        return self.pruned.linears(index)
