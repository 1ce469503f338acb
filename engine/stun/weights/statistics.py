"""What each Linear saw on the calibration data: the sum of squares of every input."""

import torch

from stun.families import Linear
from stun.model.observer import Observer


class InputStatistics(Observer):
    """Plain sums over the tokens that reached a Linear.

    In float64: the sum must not depend on how the tokens were split into batches.
    """

    def __init__(self) -> None:
        self.squares: dict[str, torch.Tensor] = {}
        self.last = (torch.empty(0), torch.empty(0))

    def inputs(self, names: tuple[str, ...], states: torch.Tensor) -> None:
        total = self._total(states)
        for name in names:
            self.squares[name] = self.squares[name] + total if name in self.squares else total

    def of(self, linear: Linear) -> torch.Tensor | None:
        """[in] float64; None only for an expert that no token reached.

        To take |W| for any other matrix would prune by another method than was asked for.
        """
        found = self.squares.get(linear.name)
        if found is None and not linear.routed:
            raise AssertionError(f"{linear.name} is pruned by its inputs, which nobody looked at")
        return found

    def _total(self, states: torch.Tensor) -> torch.Tensor:
        """Query, key and value projection are given one and the same tensor in a row."""
        if self.last[0] is not states:
            flat = states.reshape(-1, states.shape[-1])
            self.last = (states, flat.double().square().sum(dim=0))
        return self.last[1]
