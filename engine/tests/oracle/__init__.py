"""STUN on a whole transformers model in memory, as plain as the definitions.

It imports nothing of the engine. Where the engine is clever (streams layers, selects by k-th
value, uses experts as they lie on disk), this is naive: it loads all, sorts all, compares all
pairs, and runs the whole model once for every layer that it prunes.
"""

from dataclasses import dataclass
from typing import Any

import torch

from .experts import remove_experts
from .parts import layers_of, matrices, parameters
from .question import Question
from .watch import observe
from .weights import sparsities, zero_smallest

__all__ = ["Answer", "Question", "answer"]


@dataclass
class Answer:
    """The pruned model; of each layer the kept experts, its dropped load and its sparsity."""

    model: Any
    kept: list[list[int]]
    dropped: list[float | None]
    sparsities: list[float]


def answer(model: Any, question: Question, ids: torch.Tensor, dtype: torch.dtype) -> Answer:
    """`dtype` is that of the checkpoint: means are rounded to it, and to nothing else."""
    with torch.no_grad():
        before = parameters(model)
        _, tokens = observe(model, ids)
        small, kept = remove_experts(model, question, dtype)
        shares = sparsities(small, question, before, ids)
        for index, share in enumerate(shares):
            squares = observe(small, ids)[0][index] if question.method != "Magnitude" else {}
            for name, matrix in matrices(layers_of(small)[index]).items():
                matrix.copy_(zero_smallest(matrix, squares.get(name), share))
    pairs = zip(tokens, kept, strict=True)
    dropped = [lost(count, keep, question) if keep else None for count, keep in pairs]
    return Answer(small, kept, dropped, shares)


def lost(tokens: list[int], kept: list[int], question: Question) -> float:
    """The share of the routed tokens whose expert is gone; a mean keeps all its members."""
    return 0.0 if question.reconstruct else 1 - sum(tokens[e] for e in kept) / sum(tokens)
