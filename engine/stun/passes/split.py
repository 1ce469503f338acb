"""`split: Auto`: how much of the target is met by experts and how much by single weights.

Nothing in a model's headers tells: the best share differs from model to model. So the pass
before the others prunes every candidate on a part of the calibration data, each in its own
flow, and the loss on the other part decides. Weights are judged by Wanda here under OWL too,
whose comparison of layers would take a reading of its own.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch

from stun.errors import StunError
from stun.experts.evidence import Evidence
from stun.experts.observe import dropped_load
from stun.experts.reduce import reduce_experts
from stun.families import Weights
from stun.figures import percent
from stun.flow import Flow, Head
from stun.layers import head_names, make_head
from stun.passes.candidates import candidate_plans
from stun.passes.chooser import FLOW, ExpertChooser
from stun.passes.context import Context
from stun.passes.layer_pass import LayerPass
from stun.plan import Plan
from stun.scoring import whole
from stun.weights.prune import prune_weights
from stun.weights.statistics import InputStatistics

# Sequences that each candidate gathers statistics from, and as many that judge it.
SEQUENCES = 16


@dataclass(frozen=True)
class Candidate:
    context: Context
    chooser: ExpertChooser

    @property
    def plan(self) -> Plan:
        return self.context.plan

    @property
    def seen(self) -> str:
        return f"seen-{self.plan.experts_after}"

    @property
    def unseen(self) -> str:
        return f"unseen-{self.plan.experts_after}"


def with_own(weights: Weights, names: set[str]) -> Weights:
    """The same layer with copies of these tensors; the others are shared."""
    return {name: found.clone() if name in names else found for name, found in weights.items()}


class SplitPass(LayerPass):
    name = "Split"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        plans = candidate_plans(context.recipe, context.dense, context.checkpoint.config)
        contexts = [replace(context, plan=plan) for plan in plans]
        self.candidates = [Candidate(found, ExpertChooser(found)) for found in contexts]

    def begin(self, embedding: torch.Tensor) -> None:
        ids = self.context.calibration
        assert ids is not None  # no recipe with split Auto is without
        half = min(SEQUENCES, len(ids) // 2)
        self.judging = whole(ids[half : 2 * half])
        self.embedding = {self.context.family.embedding: embedding}
        self.flows[FLOW] = Flow(ids[:half], embedding)
        for candidate in self.candidates:
            self.flows[candidate.seen] = Flow(ids[:half], embedding)
            self.flows[candidate.unseen] = Flow(self.judging.ids, embedding)

    def layer(self, index: int, weights: Weights) -> Weights:
        self.context.progress.enter("Split")
        evidence = self.candidates[0].chooser.gather(index, weights, self.flows[FLOW])
        loads = {
            str(candidate.plan.experts_after): self._try(candidate, index, weights, evidence)
            for candidate in self.candidates
        }
        self.reports.append({"droppedLoads": loads})
        return {}

    def _try(
        self, candidate: Candidate, index: int, weights: Weights, evidence: Evidence | None
    ) -> float:
        """Prunes a copy of the layer and leads the candidate's flows through it."""
        context, load = candidate.context, 0.0
        if evidence is not None and evidence.tokens is not None and context.removes_experts:
            groups = candidate.chooser.decide(evidence)
            reduced = reduce_experts(weights, context.family, groups, context.plan.reconstruct)
            weights, load = reduced.weights, dropped_load(evidence.tokens, reduced.present)
        linears, statistics = context.prunable_linears(index), InputStatistics()
        weights = with_own(weights, {linear.slot.tensor for linear in linears})
        if context.weighs_inputs:
            self.flows[candidate.seen].observe(context.pruned.fill(index, weights), statistics)
        sparsity, method = context.plan.weight_sparsity, context.recipe.weights.method
        prune_weights(weights, linears, statistics, method, sparsity)
        filled = context.pruned.fill(index, weights)
        self.flows[candidate.seen].advance(filled)
        self.flows[candidate.unseen].advance(filled)
        return load

    def end(self) -> None:
        """Reports each candidate's loss per token with the last layer."""
        head, tokens = self._head(), self.judging.ids[:, 1:].numel()
        losses = {
            str(candidate.plan.experts_after): -float(
                head.score(self.flows[candidate.unseen], self.judging).sum()
            )
            / tokens
            for candidate in self.candidates
        }
        self.reports[-1]["losses"] = losses

    def _head(self) -> Head:
        context, checkpoint = self.context, self.context.checkpoint
        names = head_names(checkpoint, context.family)
        tensors = checkpoint.read([name for name in names if name not in self.embedding])
        known = {name: found.to(context.device) for name, found in tensors.items()}
        return make_head(checkpoint, context.dense, known | self.embedding)

    def outcomes(self) -> list[dict[str, Any]]:
        """For each candidate its loss per token, and the largest dropped load of its layers."""
        return [
            {
                "experts": candidate.plan.experts_after,
                "weightSparsity": candidate.plan.weight_sparsity,
                "loss": self.reports[-1]["losses"][str(candidate.plan.experts_after)],
                "droppedLoad": max(
                    report["droppedLoads"][str(candidate.plan.experts_after)]
                    for report in self.reports
                ),
            }
            for candidate in self.candidates
        ]

    def choose(self, outcomes: list[dict[str, Any]]) -> Plan:
        """The lowest loss among those that drop no more load than allowed."""
        most = self.context.recipe.experts.max_dropped_load
        allowed = [found for found in outcomes if found["droppedLoad"] <= most]
        if not allowed:
            least = min(outcomes, key=lambda found: float(found["droppedLoad"]))
            load = percent(least["droppedLoad"], most)
            raise StunError(
                "DroppedLoadExceeded",
                f"Already {least['experts']} kept experts leave out {load} of some layer's tokens, "
                f"more than maxDroppedLoad {most:g}; raise it, or lower experts.ratio.",
            )
        best = min(allowed, key=lambda found: float(found["loss"]))
        plans = {candidate.plan.experts_after: candidate.plan for candidate in self.candidates}
        return plans[best["experts"]]
