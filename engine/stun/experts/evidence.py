"""What is known about one layer's experts before any of them is removed.

Every pruning method decides from this alone, so that a method is a pure function: it needs no
model, no device, and its tests are worked out by hand.
"""

from dataclasses import dataclass
from typing import Literal

import torch

from stun.errors import StunError

Need = Literal["tokens", "contribution", "coactivation", "losses"]


@dataclass(frozen=True)
class Evidence:
    """One layer of the dense model: E experts, statistics over all calibration tokens, on the CPU.

    Whatever a calibration pass gathers is None where there was none; `losses` is there for
    Combinatorial only.
    """

    layer: int
    rows: torch.Tensor  # router rows [E, hidden]
    tokens: torch.Tensor | None = None  # [E] int64, tokens routed to each
    contribution: torch.Tensor | None = None  # [E] float64, sum of gate * ||expert output||
    coactivation: torch.Tensor | None = None  # [E, E] float64, tokens served by both; diagonal 0
    losses: dict[tuple[int, ...], float] | None = None  # kept ids -> summed squared error

    @property
    def experts(self) -> int:
        return len(self.rows)

    def gathered(self, name: Literal["tokens", "contribution", "coactivation"]) -> torch.Tensor:
        """A statistic that the method cannot do without."""
        value: torch.Tensor | None = getattr(self, name)
        if value is None:
            raise StunError(
                "RecipeInvalid",
                f"The expert method needs the {name} of layer {self.layer}, which only a "
                "calibration pass gathers; give calibration.uri.",
            )
        return value
