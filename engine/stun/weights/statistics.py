"""What each Linear saw on the calibration data: the sum of squares of every input."""

import torch

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

    def _total(self, states: torch.Tensor) -> torch.Tensor:
        """Query, key and value projection are given one and the same tensor in a row."""
        if self.last[0] is not states:
            flat = states.reshape(-1, states.shape[-1])
            self.last = (states, flat.double().square().sum(dim=0))
        return self.last[1]
