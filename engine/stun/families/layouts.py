"""How a layer's experts lie on disk: a tensor for each matrix, or one tensor for all experts.

The algorithms see matrices [out, in] and numbered slots; which layout is under them shows here
only.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch

Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Slot:
    """A piece of one expert: a whole tensor, or the entry of a fused one."""

    tensor: str
    entry: int | None = None

    def view(self, weights: Weights) -> torch.Tensor:
        found = weights[self.tensor]
        return found if self.entry is None else found[self.entry]


@dataclass(frozen=True)
class Linear:
    """A matrix [out, in] of a layer, whatever its orientation on disk."""

    slot: Slot
    transposed: bool = False
    bias: Slot | None = None
    # An expert's: it may be that no token of the calibration data reaches it.
    routed: bool = False

    @property
    def name(self) -> str:
        entry = self.slot.entry
        return self.slot.tensor if entry is None else f"{self.slot.tensor}[{entry}]"

    def view(self, weights: Weights) -> torch.Tensor:
        """[out, in]; writing to it writes to the layer's weights."""
        found = self.slot.view(weights)
        return found.T if self.transposed else found


class ExpertLayout(ABC):
    """Where an expert's matrices are. `inner` makes its hidden values, `down` its output."""

    prefix: str

    @abstractmethod
    def inner(self, expert: int) -> tuple[Linear, ...]:
        """Gate and up projection, one after the other or as one matrix, in that order."""

    @abstractmethod
    def down(self, expert: int) -> Linear: ...

    @abstractmethod
    def shapes(self, experts: int, hidden: int, inner: int) -> dict[str, tuple[int, ...]]:
        """The tensors of all experts of a layer."""

    def linears(self, expert: int) -> list[Linear]:
        return [*self.inner(expert), self.down(expert)]

    def slots(self, expert: int) -> list[Slot]:
        """All pieces of an expert, in the same order for each."""
        found = self.linears(expert)
        return [linear.slot for linear in found] + [linear.bias for linear in found if linear.bias]


@dataclass(frozen=True)
class SeparateExperts(ExpertLayout):
    """A tensor for each matrix of each expert."""

    prefix: str
    gate: str = "gate_proj"
    up: str = "up_proj"
    out: str = "down_proj"

    def _linear(self, expert: int, matrix: str) -> Linear:
        return Linear(Slot(f"{self.prefix}{expert}.{matrix}.weight"), routed=True)

    def inner(self, expert: int) -> tuple[Linear, ...]:
        return self._linear(expert, self.gate), self._linear(expert, self.up)

    def down(self, expert: int) -> Linear:
        return self._linear(expert, self.out)

    def shapes(self, experts: int, hidden: int, inner: int) -> dict[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {}
        for expert in range(experts):
            for linear in self.inner(expert):
                found[linear.slot.tensor] = (inner, hidden)
            found[self.down(expert).slot.tensor] = (hidden, inner)
        return found


@dataclass(frozen=True)
class FusedExperts(ExpertLayout):
    """One tensor for all experts, each matrix stored as [in, out]."""

    prefix: str
    biases: bool = False

    def _linear(self, expert: int, matrix: str) -> Linear:
        name = self.prefix + matrix
        bias = Slot(name + "_bias", expert) if self.biases else None
        return Linear(Slot(name, expert), transposed=True, bias=bias, routed=True)

    def inner(self, expert: int) -> tuple[Linear, ...]:
        return (self._linear(expert, "gate_up_proj"),)

    def down(self, expert: int) -> Linear:
        return self._linear(expert, "down_proj")

    def shapes(self, experts: int, hidden: int, inner: int) -> dict[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {
            self.prefix + "gate_up_proj": (experts, hidden, 2 * inner),
            self.prefix + "down_proj": (experts, inner, hidden),
        }
        if self.biases:
            found[self.prefix + "gate_up_proj_bias"] = (experts, 2 * inner)
            found[self.prefix + "down_proj_bias"] = (experts, hidden)
        return found
