"""The part of a recipe's `experts` that pruning methods read."""

from dataclasses import dataclass
from typing import Literal

Linkage = Literal["Complete", "Official"]
Threshold = Literal["PerLayer", "Global"]


@dataclass(frozen=True)
class Settings:
    """`router` and `coactivation` are the weights of the two terms of the distance (λ1, λ2)."""

    linkage: Linkage = "Complete"
    threshold: Threshold = "PerLayer"
    router: float = 1.0
    coactivation: float = 0.0
    seed: int = 0  # calibration's; Random alone reads it
