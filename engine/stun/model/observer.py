"""What a forward pass tells those who gather statistics from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class Observer:
    """Every method does nothing; an observer overrides what it needs.

    The tensors are those of the pass itself: an observer must not change them.
    """

    def inputs(self, names: tuple[str, ...], states: torch.Tensor) -> None:
        """The states [tokens, in] that all these Linears multiply."""

    def block(self, states: torch.Tensor) -> None:
        """What enters the mixture of experts, [tokens, hidden]."""

    def routed(self, index: torch.Tensor, weights: torch.Tensor) -> None:
        """The experts [tokens, k] chosen for each token and their gate weights."""

    def expert(self, expert: int, weights: torch.Tensor, outputs: torch.Tensor) -> None:
        """Gate weights [n] and outputs [n, hidden], not yet weighted, of an expert's tokens."""
