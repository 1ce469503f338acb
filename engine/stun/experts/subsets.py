"""Measures what a layer's block would lose with each set of experts, for Combinatorial.

Every expert runs on every token here, which only few experts afford.
"""

import copy

import torch
from torch import nn

from stun.experts.combinatorial import kept_sets, output_error
from stun.experts.evidence import Evidence
from stun.experts.observe import ExpertObserver
from stun.families import Weights
from stun.fields import invalid
from stun.model.experts import RoutedExperts
from stun.model.skeleton import Skeleton

# Tokens whose outputs of all experts are in memory at once.
CHUNK = 1024


class SubsetObserver(ExpertObserver):
    """`pruned` is the skeleton that keeps so many experts: its router routes each set."""

    def __init__(
        self, experts: RoutedExperts, pruned: Skeleton, index: int, weights: Weights
    ) -> None:
        if experts.scales_input:
            raise invalid(
                "pruning.experts.method Combinatorial weighs outputs of experts, and this family "
                "weighs their inputs; choose Medoids or REAP."
            )
        family = pruned.family
        self.count = len(weights[family.router])
        super().__init__(self.count, weights[family.router].device)
        self.experts = experts
        path = family.module_name(family.router).rpartition(".")[0]
        empty = pruned.layers[index].get_submodule(path)
        rows = {name: weights[name].float() for name in family.row_tensors}
        names = {name: family.module_name(name).removeprefix(path + ".") for name in rows}
        sets = kept_sets(self.count, pruned.layer_experts(index))
        self.losses = dict.fromkeys(sets, 0.0)
        self.routers = {
            kept: fill_router(empty, {names[n]: rows[n][list(kept)] for n in rows}) for kept in sets
        }
        self.states = torch.empty(0)

    def block(self, states: torch.Tensor) -> None:
        self.states = states

    def routed(self, index: torch.Tensor, weights: torch.Tensor) -> None:
        super().routed(index, weights)
        full = spread(index, weights, self.count)
        for start in range(0, len(full), CHUNK):
            self._add(self.states[start : start + CHUNK], full[start : start + CHUNK])

    def _add(self, states: torch.Tensor, full: torch.Tensor) -> None:
        outputs = [self.experts.run(expert, states) for expert in range(self.count)]
        stacked = torch.stack(outputs, dim=1).double()
        gram = stacked @ stacked.transpose(1, 2)
        for kept, router in self.routers.items():
            _, weights, index = router(states)
            # The set's router numbers its experts from 0.
            ids = torch.tensor(kept, device=index.device)[index]
            self.losses[kept] += output_error(gram, full, spread(ids, weights, self.count))

    def evidence(
        self, layer: int, rows: torch.Tensor, losses: dict[tuple[int, ...], float] | None = None
    ) -> Evidence:
        return super().evidence(layer, rows, self.losses)


def fill_router(empty: nn.Module, state: Weights) -> nn.Module:
    router = copy.deepcopy(empty)
    router.load_state_dict(state, assign=True)
    return router


def spread(index: torch.Tensor, weights: torch.Tensor, experts: int) -> torch.Tensor:
    """Gate weights [tokens, k] at their experts' places, [tokens, experts]."""
    return weights.new_zeros(len(index), experts).scatter_(1, index, weights)
