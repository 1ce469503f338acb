"""What all passes have in common: states that flow from layer to layer, and a report of each."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import torch

from stun.families import Weights
from stun.flow import Flow
from stun.passes.context import Context


class LayerPass(ABC):
    """One reading of all layers. `flows` and `reports` are all that it remembers of them."""

    name: ClassVar[str]
    # Whether the states behind the last layer are needed when the pass is over.
    leaves_states: ClassVar[bool] = False

    def __init__(self, context: Context) -> None:
        self.context = context
        self.flows: dict[str, Flow] = {}
        # One JSON object a layer.
        self.reports: list[dict[str, Any]] = []

    @abstractmethod
    def begin(self, embedding: torch.Tensor) -> None:
        """Makes the flows; the embedding matrix is on the device."""

    @abstractmethod
    def layer(self, index: int, weights: Weights) -> Weights:
        """Works on one layer and reports it; returns what is to be written of it."""

    def end(self) -> None:
        """Reports what the states behind the last layer tell; they are not kept for it."""
        return

    def hand_over(self, index: int, result: Weights, done: Callable[[], None]) -> None:
        """Gives the result away, and calls `done` when nothing of it can be lost any more."""
        done()

    def wait(self) -> None:
        """Until nothing that was handed over can be lost."""
        return
