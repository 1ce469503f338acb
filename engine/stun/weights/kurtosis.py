"""Kurtosis of a layer's weights: how heavy their tails are, the paper's measure of robustness.

A network whose weights have heavier tails loses less when small ones become zero, so the
report compares a layer before pruning, without the dropped experts, and with its zeros.
"""

import math
from dataclasses import dataclass, field

import torch

from stun.errors import NotFiniteError

# The float64 copy of a chunk stays in a core's cache; a GPU wants fewer, larger launches.
CPU_CHUNK = 1 << 16
GPU_CHUNK = 1 << 24


@dataclass
class Moments:
    """Count and sums of x, x^2, x^3, x^4 over the matrices added so far.

    A zero adds nothing to any sum, so leaving pruned weights out changes the count alone.
    Sums add up: what holds for a layer is the `+` of its experts, each read once.
    The powers are float64: in float32 the fourth power of a small weight is zero, and a
    dot product of float32 is off in the fifth digit.
    """

    entries: int = 0
    sums: torch.Tensor = field(default_factory=lambda: torch.zeros(5, dtype=torch.float64))

    def add(self, matrix: torch.Tensor) -> None:
        """Any shape and floating type; the matrix is read once and not changed."""
        self.entries += matrix.numel()
        # Moved off the GPU only when asked for: a copy per chunk would stall its queue.
        self.sums = self.sums.to(matrix.device)
        chunk = CPU_CHUNK if matrix.device.type == "cpu" else GPU_CHUNK
        for part in torch.split(matrix.reshape(-1), chunk):
            self.sums = self.sums + power_sums(part.double())

    def __add__(self, other: "Moments") -> "Moments":
        sums = self.sums + other.sums.to(self.sums.device)
        return Moments(self.entries + other.entries, sums)

    def kurtosis(self, nonzero: bool = True) -> float | None:
        """Fourth central moment over the squared variance: 3 for a normal distribution.

        Over the nonzero entries, or over all; None where they are all equal or there are
        none. Meant for weights that lie around zero: sums about zero lose digits where the
        mean is many standard deviations away from it.
        """
        nonzeros, *totals = (float(total) for total in self.sums)
        count = nonzeros if nonzero else self.entries
        if not count:
            return None
        mean, square, cube, fourth = (total / count for total in totals)
        variance = square - mean**2
        if not math.isfinite(variance):
            raise NotFiniteError("A matrix")
        # What is left of equal numbers is rounding, and a ratio of roundings says nothing.
        if variance <= 1e-12 * square:
            return None
        central = fourth - 4 * mean * cube + 6 * mean**2 * square - 3 * mean**4
        return central / variance**2


def power_sums(values: torch.Tensor) -> torch.Tensor:
    """[nonzero entries, sum of x, x^2, x^3, x^4] of a float64 vector."""
    squares = values * values
    return torch.stack(
        [
            values.count_nonzero().double(),
            values.sum(),
            squares.sum(),
            squares @ values,
            squares @ squares,
        ]
    )
