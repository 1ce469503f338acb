"""Decides, layer by layer, which experts stay: from the router rows, or from the dense model.

The dense model's calibration pass also tells what share of the tokens the dropped experts
carried, so it runs wherever there is calibration data.
"""

from dataclasses import dataclass
from typing import Any

import torch

from stun.errors import NotFiniteError, StunError
from stun.experts.evidence import Evidence
from stun.experts.grouping import Group
from stun.experts.observe import ExpertObserver, dropped_load
from stun.experts.registry import group_layers, needed
from stun.experts.settings import Settings
from stun.experts.subsets import SubsetObserver
from stun.families import Weights
from stun.figures import percent
from stun.flow import Flow
from stun.model.layer import FilledLayer
from stun.passes.context import Context

FLOW = "dense"
# Sequences that tell the dropped load where no choice depends on it: a share of thousands of
# tokens is known to a percent, and all of calibration would cost a third forward pass.
LOAD_SEQUENCES = 16


@dataclass(frozen=True)
class Choice:
    """The groups of one layer; the tokens that each expert served, where they were counted."""

    groups: list[Group]
    tokens: list[int] | None

    def to_json(self) -> dict[str, Any]:
        groups = [{"members": list(g.members), "kept": g.kept} for g in self.groups]
        return {"groups": groups, "tokens": self.tokens}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Choice":
        groups = [Group(tuple(g["members"]), g["kept"]) for g in found["groups"]]
        return cls(groups, found["tokens"])


class ExpertChooser:
    def __init__(self, context: Context) -> None:
        recipe = context.recipe.experts
        seed = context.recipe.calibration.seed if context.recipe.calibration else 0
        self.context = context
        self.settings = Settings(
            linkage=recipe.linkage,
            threshold=recipe.threshold,
            router=recipe.router,
            coactivation=recipe.coactivation,
            seed=seed,
        )
        self.needs = needed(recipe.method, self.settings)
        self.early = self._early() if context.removes_experts and not self.needs else {}

    def _early(self) -> dict[int, list[Group]]:
        """All layers at once and before any is streamed: it takes the router rows only."""
        family, checkpoint = self.context.family, self.context.checkpoint
        layers = [i for i in range(checkpoint.config.layers) if self.context.dense.is_moe(i)]
        names = {index: family.layer(index) + family.router for index in layers}
        rows = checkpoint.read(list(names.values()))
        for index, name in names.items():
            if not bool(rows[name].isfinite().all()):
                raise NotFiniteError(f"The router of layer {index} of {checkpoint.uri}")
        evidences = [Evidence(index, rows[name]) for index, name in names.items()]
        return dict(zip(layers, self._group(evidences), strict=True))

    def _group(self, evidences: list[Evidence]) -> list[list[Group]]:
        keep, method = self.context.plan.experts_after, self.context.recipe.experts.method
        return group_layers(evidences, keep, self.settings, method)

    def begin(self, embedding: torch.Tensor, flows: dict[str, Flow]) -> None:
        ids = self.context.calibration
        if ids is not None and self.context.removes_experts:
            flows[FLOW] = Flow(ids if self.needs else ids[:LOAD_SEQUENCES], embedding)

    def choose(self, index: int, weights: Weights, flows: dict[str, Flow]) -> Choice | None:
        """None where nothing is to choose: such a layer is only passed through."""
        if FLOW not in flows:
            return Choice(self.early[index], None) if index in self.early else None
        evidence = self.gather(index, weights, flows[FLOW])
        if evidence is None or evidence.tokens is None:
            return None
        return Choice(self.decide(evidence), evidence.tokens.tolist())

    def gather(self, index: int, weights: Weights, flow: Flow) -> Evidence | None:
        """Leads calibration through the dense layer; what it shows of the layer's experts."""
        filled = self.context.dense.fill(index, weights)
        if not self.context.dense.is_moe(index):
            flow.advance(filled)
            return None
        observer = self._observer(index, filled, weights)
        flow.advance(filled, observer)
        try:
            return observer.evidence(index, weights[self.context.family.router].cpu())
        except NotFiniteError as error:
            raise blame(weights, error) from error

    def decide(self, evidence: Evidence) -> list[Group]:
        return self.early.get(evidence.layer) or self._group([evidence])[0]

    def _observer(self, index: int, filled: FilledLayer, weights: Weights) -> ExpertObserver:
        if "losses" in self.needs:
            return SubsetObserver(filled.experts[0], self.context.pruned, index, weights)
        return ExpertObserver(self.context.plan.experts_before, self.context.device)


def blame(weights: Weights, error: NotFiniteError) -> NotFiniteError:
    """One bad tensor spoils the outputs of all experts, so the sentence is to name that one."""
    bad = [name for name, tensor in weights.items() if not bool(tensor.isfinite().all())]
    return NotFiniteError(bad[0]) if bad else error


def check_load(context: Context, index: int, tokens: list[int], present: list[int]) -> float:
    """Refuses a layer whose dropped experts served too many tokens; otherwise their share."""
    load = dropped_load(torch.tensor(tokens), present)
    most = context.recipe.experts.max_dropped_load
    if load > most:
        raise StunError(
            "DroppedLoadExceeded",
            f"The experts removed from layer {index} served {percent(load, most)} of its tokens, "
            f"more than maxDroppedLoad {most:g}; remove fewer experts, choose another "
            "experts.method or raise experts.maxDroppedLoad.",
        )
    return load
