"""What each Linear saw on the calibration data: the sum of squares of every input."""

import torch


class InputStatistics:
    """Plain sums over the tokens that reached a Linear.

    In float64: the sum must not depend on how the tokens were split into batches.
    """

    def __init__(self) -> None:
        self.squares: dict[str, torch.Tensor] = {}

    def observe(self, names: tuple[str, ...], inputs: torch.Tensor) -> None:
        """Called by the forward pass; `names` are the Linears that share these inputs."""
        total = inputs.reshape(-1, inputs.shape[-1]).double().square().sum(dim=0)
        for name in names:
            self.squares[name] = self.squares[name] + total if name in self.squares else total
