"""Gathers, in a dense layer's forward pass, what pruning methods decide from."""

from collections.abc import Sequence

import torch

from stun.errors import NotFiniteError
from stun.experts.evidence import Evidence
from stun.model.observer import Observer


class ExpertObserver(Observer):
    """Sums over all tokens it is shown, in as many batches as there are.

    The sums are on the device: to move each expert's would stop the GPU as often.
    """

    def __init__(self, experts: int, device: torch.device) -> None:
        self.tokens = torch.zeros(experts, dtype=torch.int64, device=device)
        self.contribution = torch.zeros(experts, dtype=torch.float64, device=device)
        self.coactivation = torch.zeros(experts, experts, dtype=torch.int64, device=device)

    def routed(self, index: torch.Tensor, weights: torch.Tensor) -> None:
        """Counts, not a product of one-hot rows: exact however many tokens there are."""
        count = len(self.tokens)
        self.tokens += torch.bincount(index.flatten(), minlength=count)
        pairs = index[:, :, None] * count + index[:, None, :]
        both = torch.bincount(pairs.flatten(), minlength=count**2).view(count, count)
        self.coactivation += both.fill_diagonal_(0)

    def expert(self, expert: int, weights: torch.Tensor, outputs: torch.Tensor) -> None:
        norms = torch.linalg.vector_norm(outputs, dim=1, dtype=torch.float64)
        self.contribution[expert] += (weights.double() * norms).sum()

    def evidence(
        self, layer: int, rows: torch.Tensor, losses: dict[tuple[int, ...], float] | None = None
    ) -> Evidence:
        contribution = self.contribution.cpu()
        if not bool(contribution.isfinite().all()):
            raise NotFiniteError("An expert")
        return Evidence(
            layer,
            rows,
            self.tokens.cpu(),
            contribution,
            self.coactivation.cpu().double(),
            losses,
        )


def dropped_load(tokens: torch.Tensor, kept: Sequence[int]) -> float:
    """The share of routed token choices that the experts outside `kept` carried; 0 if none were.

    tokens [E]: choices of each expert. Where a group becomes the mean of its members, nothing of
    it is dropped: give all its members.
    """
    total = int(tokens.sum())
    return (total - int(tokens[list(kept)].sum())) / total if total else 0.0
