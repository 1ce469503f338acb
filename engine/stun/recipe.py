"""The recipe: a PruneJob's pruning, calibration and quality, as the operator passes them."""

from dataclasses import dataclass
from typing import Any

from stun.experts.settings import Linkage, Threshold


@dataclass(frozen=True)
class ExpertsRecipe:
    ratio: float | None
    method: str
    linkage: Linkage
    threshold: Threshold
    router: float
    coactivation: float
    reconstruct: str
    kappa: int
    multiple_of: int
    max_dropped_load: float


@dataclass(frozen=True)
class WeightsRecipe:
    method: str
    owl_lambda: float
    owl_m: float


@dataclass(frozen=True)
class CalibrationRecipe:
    uri: str
    samples: int
    sequence_length: int
    seed: int


@dataclass(frozen=True)
class PerplexityRecipe:
    uri: str
    samples: int
    sequence_length: int | None
    max_increase: float | None


@dataclass(frozen=True)
class TaskRecipe:
    name: str
    uri: str
    min_retained: float | None


@dataclass(frozen=True)
class Recipe:
    target_sparsity: float | None
    target_gpus: int | None
    split: str
    experts: ExpertsRecipe
    weights: WeightsRecipe
    calibration: CalibrationRecipe | None
    perplexity: PerplexityRecipe | None
    tasks: tuple[TaskRecipe, ...]
    # Asked of the served model, by `stun evaluate` alone.
    endpoint_tasks: tuple[TaskRecipe, ...]

    @property
    def ratio(self) -> float | None:
        """The share of experts to remove; None while only the plan or calibration can know it."""
        if self.experts.ratio is None and self.target_gpus is None and self.split == "Manual":
            return 0.0
        return self.experts.ratio

    @property
    def limits(self) -> dict[str, Any]:
        """What a result is held to, by the names that the recipe gives it."""
        increase = self.perplexity.max_increase if self.perplexity else None
        return {
            "maxDroppedLoad": self.experts.max_dropped_load,
            **({"maxIncrease": increase} if increase is not None else {}),
            **({"minRetained": least} if (least := self._least_retained()) else {}),
        }

    def _least_retained(self) -> dict[str, float]:
        return {
            task.name: task.min_retained for task in self.tasks if task.min_retained is not None
        }

    @property
    def settled(self) -> bool:
        """Whether the recipe alone decides the result: targetGPUs waits for the GPU plan."""
        return self.experts.ratio is not None or self.target_gpus is None
