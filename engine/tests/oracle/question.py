"""What the oracle is asked."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """What is asked of the pruning; `target` None prunes no weight."""

    ratio: float
    target: float | None
    method: str = "Wanda"
    reconstruct: bool = False
    spread: float = 0.08
    m: float = 5.0
