"""What is compared, as data: a plan is what a user would write under `pruning`.

Every plan is run at every target, so its rows differ in nothing but the target. To compare
something else, add a row here.
"""

from dataclasses import dataclass, replace
from typing import Any

# 80 % is where weights alone break down; up to 65 % they mostly do not.
TARGETS = (0.0, 0.2, 0.4, 0.5, 0.65, 0.8)
CALIBRATION_SEEDS = (0, 1, 2)
# Of 4, 8, 16 and 32 experts a quarter is a whole number, so the axis compares equal shares.
AXIS_TARGET, AXIS_SHARE = 0.65, 0.25


@dataclass(frozen=True)
class Plan:
    """`experts` is None for weights alone; `share` is None where the engine chooses it."""

    experts: str | None
    weights: str
    share: float | None = 0.2

    @property
    def name(self) -> str:
        if self.experts is None:
            return self.weights
        share = "Auto" if self.share is None else f"{self.share:.0%}".replace("%", " %")
        return f"{self.experts} {share} + {self.weights}"

    @property
    def calibrated(self) -> bool:
        """Whether another calibration seed can change the result."""
        return self.experts is not None or self.weights != "Magnitude"

    def pruning(self, target: float) -> dict[str, Any]:
        pruning: dict[str, Any] = {"targetSparsity": target, "weights": {"method": self.weights}}
        if self.experts is None:
            return pruning
        # The gate on the load that the removed experts carried is off: a plan that drops too
        # much is to show by its loss.
        experts: dict[str, Any] = {"method": self.experts, "maxDroppedLoad": 1}
        if self.share is None:
            return {**pruning, "split": "Auto", "experts": experts}
        return {**pruning, "experts": {**experts, "ratio": self.share}}


UNSTRUCTURED = Plan(None, "OWL")
PAPER = Plan("STUN", "OWL")
METHODS = (
    Plan("STUN", "Wanda"),
    PAPER,
    Plan(None, "Wanda"),
    UNSTRUCTURED,
    Plan(None, "Magnitude"),
    Plan("Random", "OWL"),
    Plan("REAP", "OWL"),
    Plan("Medoids", "Wanda"),
    Plan("Medoids", "OWL"),
)
SPLITS = (
    *(Plan("Medoids", "Wanda", share) for share in (0.1, 0.2, 0.3, 0.4, None)),
    Plan("Medoids", "OWL", None),
)
PLANS = tuple(dict.fromkeys((*METHODS, *SPLITS)))
AXIS_PLANS = tuple(replace(plan, share=AXIS_SHARE) if plan.experts else plan for plan in METHODS)
