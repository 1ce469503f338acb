"""The first of two passes: OWL's outlier ratios, on the model with its experts removed.

The weights are still whole, so this pass writes nothing. Its choice of experts is kept for the
second pass.
"""

from typing import Any

import torch

from stun.experts.reduce import reduce_experts
from stun.families import Weights
from stun.flow import Flow
from stun.passes.chooser import ExpertChooser, check_load
from stun.passes.layer_pass import LayerPass
from stun.weights.owl import outlier_ratio
from stun.weights.statistics import InputStatistics

FLOW = "reduced"


class MeasurePass(LayerPass):
    name = "Measure"

    def begin(self, embedding: torch.Tensor) -> None:
        assert self.context.calibration is not None
        self.chooser = ExpertChooser(self.context)
        self.chooser.begin(embedding, self.flows)
        self.flows[FLOW] = Flow(self.context.calibration, embedding)

    def layer(self, index: int, weights: Weights) -> Weights:
        context = self.context
        context.progress.enter("Experts")
        report: dict[str, Any] = {"choice": None}
        choice = self.chooser.choose(index, weights, self.flows)
        if choice is not None:
            reduced = reduce_experts(
                weights, context.family, choice.groups, context.plan.reconstruct
            )
            weights.clear()  # of a fused layer the whole source would stay beside its copy
            if choice.tokens is not None:
                check_load(context, index, choice.tokens, reduced.present)
            weights, report["choice"] = reduced.weights, choice.to_json()
        context.progress.enter("Weights")
        report["outlierRatio"] = self._outliers(index, weights)
        self.reports.append(report)
        return {}

    def _outliers(self, index: int, weights: Weights) -> float:
        statistics = InputStatistics()
        filled = self.context.pruned.fill(index, weights)
        self.flows[FLOW].advance(filled, statistics)
        m = self.context.recipe.weights.owl_m
        return outlier_ratio(weights, self.context.prunable_linears(index), statistics, m)
