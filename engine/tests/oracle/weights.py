"""How many weights of each layer go, and which."""

import math
from typing import Any

import torch
from torch import nn

from .parts import layers_of, matrices, parameters
from .question import Question
from .watch import Squares, observe


def sparsities(model: Any, question: Question, before: int, ids: torch.Tensor) -> list[float]:
    """How sparse the matrices of each layer become."""
    layers = layers_of(model)
    if question.target is None:
        return [0.0] * len(layers)
    after = parameters(model)
    mean_share = 1 - (1 - question.target) * before / after
    if question.method != "OWL":
        return [mean_share] * len(layers)
    squares, _ = observe(model, ids)
    ratios = [outliers(*pair, question.m) for pair in zip(layers, squares, strict=True)]
    sizes = [sum(m.numel() for m in matrices(layer).values()) for layer in layers]
    return owl(ratios, sizes, mean_share, question.spread)


def outliers(layer: nn.Module, squares: Squares, m: float) -> float:
    """Percent of all of a layer's |W| * ||x|| that exceed m times their mean."""
    found = []
    for name, matrix in matrices(layer).items():
        inputs = squares.get(name, torch.zeros(matrix.shape[1]).double())
        found.append((matrix.abs() * inputs.sqrt().float()).flatten())
    scores = torch.cat(found).double()
    return 100 * float((scores > m * scores.mean()).double().mean())


def owl(ratios: list[float], sizes: list[int], share: float, spread: float) -> list[float]:
    """More outliers, fewer zeros: share -/+ spread, its mean over all weights kept at share."""
    spread = min(spread, share, 1 - share)
    low, high = min(ratios), max(ratios)
    if low == high:
        return [share] * len(ratios)
    scaled = [(ratio - low) / (high - low) * 2 for ratio in ratios]
    middle = sum(s * size for s, size in zip(scaled, sizes, strict=True)) / sum(sizes)
    away = [s - middle for s in scaled]
    # Further apart, a layer would have fewer zeros than none or more than all.
    spread = min(spread, share / max(away), (1 - share) / -min(away))
    return [share - spread * a for a in away]


def zero_smallest(weight: torch.Tensor, squares: torch.Tensor | None, share: float) -> torch.Tensor:
    """Sorts every row stably: equal scores keep their order, so the lower index goes first."""
    scores = weight.abs()
    if squares is not None:
        scores = scores * squares.sqrt().float()
    order = scores.sort(dim=1, stable=True).indices
    out = weight.clone()
    out.scatter_(1, order[:, : math.floor(weight.shape[1] * share + 1e-9)], 0)
    return out
