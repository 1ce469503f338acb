"""Hidden states of all sequences on their way from layer to layer.

They are all that is kept of the layers below: the model itself is never whole in memory.
"""

import torch
from torch.nn import functional

from stun.families import ModelConfig
from stun.model.mixtral import MixtralDecoderLayer, Observe, linear, rms_norm

# Fixed, not tuned to the machine: the batch decides the last bits of a product.
TOKENS_PER_BATCH = 8192


class Flow:
    def __init__(self, ids: torch.Tensor, embedding: torch.Tensor) -> None:
        self.ids = ids
        self.batch = max(1, TOKENS_PER_BATCH // ids.shape[1])
        self.hidden = functional.embedding(ids.to(embedding.device), embedding).float()

    def observe(self, layer: MixtralDecoderLayer, observe: Observe) -> None:
        """Shows the observer what the layer's Linears see; the states stay where they are."""
        for states in torch.split(self.hidden, self.batch):
            layer.forward(states, observe)

    def advance(self, layer: MixtralDecoderLayer) -> None:
        """Moves every sequence through the layer, in place."""
        for states in torch.split(self.hidden, self.batch):
            states.copy_(layer.forward(states))

    def losses(self, config: ModelConfig, norm: torch.Tensor, head: torch.Tensor) -> torch.Tensor:
        """Summed negative log-likelihood of each sequence's tokens after its first, float64."""
        ids = self.ids.to(self.hidden.device)
        found = [
            functional.cross_entropy(
                linear(rms_norm(states, norm, config.norm_eps), head), tokens, reduction="none"
            )
            .double()
            .sum()
            for states, tokens in zip(self.hidden[:, :-1], ids[:, 1:], strict=True)
        ]
        return torch.stack(found).cpu()
