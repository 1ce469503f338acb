"""Hidden states of all sequences on their way from layer to layer.

They are all that is kept of the layers below: the model itself is never whole in memory.
"""

import torch
from torch import nn
from torch.nn import functional

from stun.model.layer import SILENT, FilledLayer
from stun.model.observer import Observer
from stun.scoring import Scored

# Fixed, not tuned to the machine: the batch decides the last bits of a product.
TOKENS_PER_BATCH = 8192


class Flow:
    """Sequences [count, length] of token ids and where they are: states in float32."""

    def __init__(self, ids: torch.Tensor, embedding: torch.Tensor) -> None:
        self.batch = max(1, TOKENS_PER_BATCH // ids.shape[1])
        self.hidden = functional.embedding(ids.to(embedding.device), embedding).float()

    def observe(self, layer: FilledLayer, observer: Observer) -> None:
        """Shows the observer the inputs of the layer's Linears; the states stay where they are."""
        for states in torch.split(self.hidden, self.batch):
            layer.observe(states, observer)

    def advance(self, layer: FilledLayer, observer: Observer = SILENT) -> None:
        """Moves every sequence through the layer, in place."""
        for states in torch.split(self.hidden, self.batch):
            states.copy_(layer.forward(states, observer))


class Head:
    """The final norm and the output matrix, converted to float32 once for all sequences."""

    def __init__(self, norm: nn.Module, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        self.norm = norm
        self.weight = weight.float()
        self.bias = None if bias is None else bias.float()

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        return functional.linear(self.norm(states), self.weight, self.bias)

    def score(self, flow: Flow, scored: Scored) -> torch.Tensor:
        """The summed log-likelihood of each sequence's scored tokens, [count] float64.

        One sequence at a time: the logits of all of them would not fit.
        """
        rows = zip(flow.hidden, scored.ids, scored.start, scored.stop, strict=True)
        found = [
            self._sum(states[start - 1 : stop - 1], ids[start:stop].to(states.device))
            for states, ids, start, stop in rows
        ]
        return torch.stack(found).cpu()

    def _sum(self, states: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        losses = functional.cross_entropy(self.logits(states), ids, reduction="none")
        return -losses.double().sum()
