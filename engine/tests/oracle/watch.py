"""Runs the whole model and notes what each matrix of each layer sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from .parts import block_of, expert_matrix, layers_of

Squares = dict[str, torch.Tensor]


class Watch:
    """What one layer sees: sums of squares of the inputs of each matrix, tokens of each expert."""

    def __init__(self, layer: nn.Module) -> None:
        self.squares: Squares = {}
        self.block = block_of(layer)
        self.tokens = [0] * (self.block.experts.num_experts if self.block is not None else 0)

    def saw(self, name: str, inputs: torch.Tensor) -> None:
        squares = inputs.double().pow(2).reshape(-1, inputs.shape[-1]).sum(dim=0)
        self.squares[name] = self.squares.get(name, torch.zeros(len(squares)).double()) + squares

    def hook(self, name: str) -> Any:
        return lambda module, inputs: self.saw(name, inputs[0])

    def run(self, expert: int, states: torch.Tensor) -> torch.Tensor:
        """One expert on the tokens that chose it."""
        experts = self.block.experts
        self.tokens[expert] += len(states)
        self.saw(f"gate_up_proj.{expert}", states)
        both = states @ expert_matrix(experts, "gate_up_proj", expert).T
        if hasattr(experts, "gate_up_proj_bias"):
            both = both + experts.gate_up_proj_bias[expert]
        inner = gated(experts, both)
        self.saw(f"down_proj.{expert}", inner)
        out = inner @ expert_matrix(experts, "down_proj", expert).T
        if hasattr(experts, "down_proj_bias"):
            out = out + experts.down_proj_bias[expert]
        return out

    def routed(
        self, states: torch.Tensor, index: torch.Tensor, weights: torch.Tensor
    ) -> torch.Tensor:
        """In place of the experts: [tokens, hidden], experts and gate weights [tokens, k]."""
        mixed = torch.zeros_like(states)
        for expert in range(self.block.experts.num_experts):
            chosen = (index == expert).any(dim=-1)
            if chosen.any():
                share = (weights * (index == expert)).sum(dim=-1)
                mixed[chosen] += share[chosen, None] * self.run(expert, states[chosen])
        return mixed

    def scaled(self, states: torch.Tensor) -> torch.Tensor:
        """Llama 4's: all tokens for each expert, times zero where it was not chosen."""
        count = self.block.experts.num_experts
        outputs = torch.zeros_like(states).view(count, -1, states.shape[-1])
        for expert, inputs in enumerate(states.view(count, -1, states.shape[-1])):
            chosen = inputs.ne(0).any(dim=-1)
            if chosen.any():
                outputs[expert, chosen] = self.run(expert, inputs[chosen])
        return outputs.view(-1, states.shape[-1])


def gated(experts: Any, both: torch.Tensor) -> torch.Tensor:
    if hasattr(experts, "_apply_gate"):
        found: torch.Tensor = experts._apply_gate(both)
        return found
    gate, up = both.chunk(2, dim=-1)
    activated: torch.Tensor = experts.act_fn(gate)
    return activated * up


@contextmanager
def watched(layer: nn.Module) -> Iterator[Watch]:
    watch = Watch(layer)
    hooks = [
        part.register_forward_pre_hook(watch.hook(name))
        for name, part in layer.named_modules()
        if type(part) is nn.Linear
    ]
    if watch.block is not None:
        scales = type(watch.block.experts).__name__ == "Llama4TextExperts"
        watch.block.experts.forward = watch.scaled if scales else watch.routed
    yield watch
    for hook in hooks:
        hook.remove()
    if watch.block is not None:
        del watch.block.experts.forward


def observe(model: Any, ids: torch.Tensor) -> tuple[list[Squares], list[list[int]]]:
    """One run of the whole model: of each layer the squares, and the tokens of each expert."""
    found: list[Watch] = []

    def enter(rest: list[nn.Module]) -> None:
        if not rest:
            model(ids)
            return
        with watched(rest[0]) as watch:
            found.append(watch)
            enter(rest[1:])

    enter(layers_of(model))
    return [watch.squares for watch in found], [watch.tokens for watch in found]
