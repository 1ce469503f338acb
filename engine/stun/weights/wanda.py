"""Wanda: a weight matters as much as its size times the norm of its input."""

import torch


def wanda_scores(weight: torch.Tensor, squares: torch.Tensor | None) -> torch.Tensor:
    """|W| * sqrt(s2); an expert that no token reached is judged by |W| alone."""
    size = weight.float().abs()
    if squares is None:
        return size
    return size * squares.sqrt().float()
