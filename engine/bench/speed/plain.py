"""STUN and Wanda on a whole Mixtral in memory, as one would write them first.

The yardstick for the engine's cost: the model is loaded whole by transformers, hooks gather
Wanda's sums as its authors' code does, every row is fully sorted. It imports nothing of the
engine, and its result must be the engine's.
Usage: plain.py RATIO TARGET MODEL CALIBRATION OUTPUT
"""

import json
import math
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import AutoModelForCausalLM

BATCH = 8
Call = tuple[Tensor, dict[str, Any]]


class Expert(nn.Module):
    """One expert as three Linears, so that a hook sees the inputs of each."""

    def __init__(self, gate: Tensor, down: Tensor, up: Tensor) -> None:
        super().__init__()
        self.w1, self.w2, self.w3 = (
            nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
            for weight in (gate, down, up)
        )
        for linear, weight in ((self.w1, gate), (self.w2, down), (self.w3, up)):
            linear.weight = nn.Parameter(weight.clone(), requires_grad=False)

    def forward(self, states: Tensor) -> Tensor:
        found: Tensor = self.w2(nn.functional.silu(self.w1(states)) * self.w3(states))
        return found

    def flat(self) -> Tensor:
        return torch.cat([part.weight.flatten() for part in (self.w1, self.w3, self.w2)]).double()


class Experts(nn.Module):
    """Stands in for transformers' fused experts: a loop."""

    def __init__(self, experts: list[Expert]) -> None:
        super().__init__()
        self.experts = nn.ModuleList(experts)

    def forward(self, states: Tensor, index: Tensor, weights: Tensor) -> Tensor:
        out = torch.zeros_like(states)
        for number, expert in enumerate(self.experts):
            token, slot = torch.where(index == number)
            if len(token):
                out[token] += expert(states[token]) * weights[token, slot, None]
        return out


def separate(fused: Any) -> list[Expert]:
    """The experts of transformers' [E, 2 I, d] and [E, d, I]."""
    pairs = zip(fused.gate_up_proj.detach(), fused.down_proj.detach(), strict=True)
    return [Expert(both.chunk(2)[0], down, both.chunk(2)[1]) for both, down in pairs]


def clusters(rows: Tensor, wanted: int) -> list[list[int]]:
    """Complete linkage: the two clusters whose farthest members are nearest become one."""
    apart = torch.cdist(rows.double(), rows.double(), compute_mode="donot_use_mm_for_euclid_dist")
    distance = apart.tolist()
    found = [[index] for index in range(len(rows))]

    def linkage(pair: tuple[list[int], list[int]]) -> float:
        return float(max(distance[x][y] for x in pair[0] for y in pair[1]))

    while len(found) > wanted:
        first, second = min(combinations(found, 2), key=linkage)
        found.remove(second)
        first.extend(second)
    return found


def nearest_to_mean(experts: list[Expert], members: list[int]) -> int:
    if len(members) == 2:
        return min(members)  # both are equally far from the middle
    flat = torch.stack([experts[member].flat() for member in members])
    return members[int((flat - flat.mean(dim=0)).norm(dim=1).argmin())]


def drop_experts(block: Any, keep: int) -> None:
    experts = separate(block.experts)
    rows = block.gate.weight.detach()
    kept = sorted(nearest_to_mean(experts, group) for group in clusters(rows, keep))
    block.experts = Experts([experts[index] for index in kept])
    block.gate.weight = nn.Parameter(rows[kept].clone(), requires_grad=False)


def prunable(layer: nn.Module) -> list[nn.Linear]:
    return [module for module in layer.modules() if isinstance(module, nn.Linear)]


def first_inputs(model: Any, ids: Tensor) -> list[Call]:
    """What the first layer is called with, batch by batch."""
    calls: list[Call] = []

    def remember(module: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Any]) -> None:
        calls.append((args[0], kwargs))

    first = model.model.layers[0]
    handle = first.register_forward_pre_hook(remember, with_kwargs=True)
    for start in range(0, len(ids), BATCH):
        model.model.layers = nn.ModuleList([first])
        model.model(input_ids=ids[start : start + BATCH], use_cache=False)
    handle.remove()
    return calls


def run(layer: nn.Module, calls: list[Call]) -> list[Call]:
    return [(layer(states, **kwargs), kwargs) for states, kwargs in calls]


def sums_of_squares(layer: nn.Module, calls: list[Call]) -> dict[nn.Linear, Tensor]:
    sums = {linear: torch.zeros(linear.in_features) for linear in prunable(layer)}

    def add(linear: nn.Linear) -> Callable[..., None]:
        def hook(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            sums[linear] += args[0].reshape(-1, linear.in_features).pow(2).sum(dim=0)

        return hook

    handles = [linear.register_forward_hook(add(linear)) for linear in sums]
    run(layer, calls)
    for handle in handles:
        handle.remove()
    return sums


def zero_smallest(linear: nn.Linear, squares: Tensor, share: float) -> None:
    scores = linear.weight.abs()
    if squares.any():
        scores = scores * squares.sqrt()
    order = scores.sort(dim=1, stable=True).indices
    linear.weight.scatter_(1, order[:, : math.floor(linear.in_features * share + 1e-9)], 0)


def count(layers: nn.ModuleList) -> int:
    return sum(linear.weight.numel() for layer in layers for linear in prunable(layer))


def prune(model: Any, ids: Tensor, ratio: float, target: float) -> None:
    layers, config = model.model.layers, model.config
    calls = first_inputs(model, ids)
    model.model.layers = layers
    expert = config.hidden_size * config.intermediate_size * 3
    before = count(layers) + expert * config.num_local_experts * len(layers)
    config.num_local_experts -= math.floor(config.num_local_experts * ratio + 0.5)
    for layer in layers:
        drop_experts(layer.mlp, config.num_local_experts)
    share = 1 - (1 - target) * before / count(layers)
    for layer in layers:
        for linear, squares in sums_of_squares(layer, calls).items():
            zero_smallest(linear, squares, share)
        calls = run(layer, calls)


def save(model: Any, output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    state = {
        name.replace(".mlp.experts.experts.", ".block_sparse_moe.experts.").replace(
            ".mlp.", ".block_sparse_moe."
        ): tensor.bfloat16()
        for name, tensor in model.state_dict().items()
    }
    save_file(state, output / "model.safetensors", metadata={"format": "pt"})
    model.config.save_pretrained(output)


def main(ratio: str, target: str, folder: str, calibration: str, output: str) -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    lines = Path(calibration).read_text().splitlines()
    ids = torch.tensor([json.loads(line)["input_ids"] for line in lines])
    with torch.inference_mode():
        prune(model, ids, float(ratio), float(target))
        save(model, Path(output))


if __name__ == "__main__":
    main(*sys.argv[1:])
