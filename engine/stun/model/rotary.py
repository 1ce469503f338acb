"""Rotary position embedding, as transformers' Mixtral computes it."""

import torch


def rotary_embedding(
    length: int, head_dim: int, theta: float, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines [length, head_dim] for positions from 0."""
    steps = torch.arange(0, head_dim, 2, dtype=torch.float, device=device)
    inv_freq = 1.0 / (theta ** (steps / head_dim))
    positions = torch.arange(length, dtype=torch.float, device=device)
    freqs = positions[:, None] * inv_freq[None, :]
    emb = torch.cat((freqs, freqs), dim=-1)
    return emb.cos(), emb.sin()


def rotate_half(x: torch.Tensor) -> torch.Tensor:
    half = x.shape[-1] // 2
    return torch.cat((-x[..., half:], x[..., :half]), dim=-1)


def apply_rotary(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    return x * cos + rotate_half(x) * sin
