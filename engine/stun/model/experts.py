"""The experts of a layer on weights as they lie on disk.

transformers fuses all experts of a layer into two tensors, which would double the layer in
memory. Here each expert's matrices are used where they are, converted one at a time.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from stun.families.layouts import ExpertLayout, Linear, Weights
from stun.model.observer import Observer

Gate = Callable[[torch.Tensor], torch.Tensor]


def multiply(states: torch.Tensor, linear: Linear, weights: Weights) -> torch.Tensor:
    bias = None if linear.bias is None else linear.bias.view(weights).to(states.dtype)
    return functional.linear(states, linear.view(weights).to(states.dtype), bias)


class RoutedExperts(nn.Module):
    """Takes the place of transformers' experts module, whose activation it keeps.

    Experts run in ascending order and add to rows that no other token of theirs shares, so
    the order of every sum is fixed on any device.
    """

    def __init__(self, layout: ExpertLayout, gate: Gate, scales_input: bool = False) -> None:
        super().__init__()
        self.layout = layout
        self.gate = gate
        self.scales_input = scales_input
        self.weights: Weights = {}
        self.observer = Observer()
        # Whether only inputs are of interest: then nothing is computed from the last of them.
        self.inputs_only = False

    def forward(
        self, hidden_states: torch.Tensor, top_k_index: torch.Tensor, top_k_weights: torch.Tensor
    ) -> torch.Tensor:
        """[tokens, hidden], with experts and gate weights [tokens, k] of each token.

        Zeros where only inputs are of interest.
        """
        self.observer.block(hidden_states)
        self.observer.routed(top_k_index, top_k_weights)
        mixed = torch.zeros_like(hidden_states)
        chosen = top_k_index.flatten()
        # Sorted once: to ask for each expert's tokens would stop the GPU as often.
        places = torch.split(chosen.argsort(stable=True), torch.bincount(chosen).tolist())
        for expert, place in enumerate(places):
            if not len(place):
                continue
            token = place // top_k_index.shape[1]
            weights = top_k_weights.flatten()[place]
            states = hidden_states[token]
            if self.scales_input:
                # The gate weight is in the output already.
                states, weights = states * weights[:, None], torch.ones_like(weights)
            if self.inputs_only:
                self.hidden(expert, states)
                continue
            outputs = self.run(expert, states)
            self.observer.expert(expert, weights, outputs)
            mixed.index_add_(0, token, outputs * weights[:, None])
        return mixed

    def hidden(self, expert: int, states: torch.Tensor) -> torch.Tensor:
        """What the expert's down projection multiplies, [tokens, inner]."""
        inner = self.layout.inner(expert)
        self.observer.inputs(tuple(linear.name for linear in inner), states)
        parts = [multiply(states, linear, self.weights) for linear in inner]
        hidden = self.gate(torch.cat(parts, dim=-1))
        self.observer.inputs((self.layout.down(expert).name,), hidden)
        return hidden

    def run(self, expert: int, states: torch.Tensor) -> torch.Tensor:
        return multiply(self.hidden(expert, states), self.layout.down(expert), self.weights)


class InputScaledMoe(nn.Module):
    """Llama 4's block: the gate weight multiplies what enters the expert.

    transformers sends every token through every expert, most of them times zero; this runs
    the chosen ones only.
    """

    def __init__(self, block: nn.Module, experts: RoutedExperts, top_k: int) -> None:
        super().__init__()
        self.router = block.get_submodule("router")
        self.shared_expert = block.get_submodule("shared_expert")
        self.experts = experts
        self.top_k = top_k

    def forward(self, hidden_states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        flat = hidden_states.reshape(-1, hidden_states.shape[-1])
        scores, logits = self.router(flat)
        index = torch.topk(logits, self.top_k, dim=1).indices
        routed = self.experts(flat, index, scores.gather(1, index))
        return self.shared_expert(flat) + routed, logits
