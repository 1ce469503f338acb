"""The recipe: a PruneJob's pruning, calibration and quality, as the operator passes them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExpertsRecipe:
    ratio: float | None
    reconstruct: str
    kappa: int
    multiple_of: int


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
class Recipe:
    target_sparsity: float | None
    target_gpus: int | None
    experts: ExpertsRecipe
    weights_method: str
    calibration: CalibrationRecipe | None
    perplexity: PerplexityRecipe | None

    @property
    def ratio(self) -> float | None:
        """The share of experts to remove; None while only the GPU plan can know it."""
        if self.experts.ratio is None and self.target_gpus is None:
            return 0.0
        return self.experts.ratio
