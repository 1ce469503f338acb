"""The pass that makes the result: experts out, weights to zero, scores before and after."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from stun.errors import naming
from stun.experts.reduce import reduce_experts
from stun.families import Weights
from stun.flow import Flow
from stun.model.skeleton import Skeleton
from stun.passes.chooser import Choice, ExpertChooser, check_load
from stun.passes.context import Context
from stun.passes.layer_pass import LayerPass
from stun.shards import ShardWriter
from stun.weights.finite import check_copied
from stun.weights.prune import prune_weights
from stun.weights.statistics import InputStatistics
from stun.weights.tails import (
    MatrixMoments,
    kurtosis_of,
    matrix_moments,
    moments_of_kept,
    zeros_of,
)

CALIBRATION = "pruned"


@dataclass(frozen=True)
class Directions:
    """What an earlier pass has settled: each layer's sparsity, and its experts if chosen."""

    sparsities: list[float]
    choices: list[Choice | None] | None
    outlier_ratios: list[float] | None


def gate_flow(kind: str, position: int) -> str:
    return f"gate-{kind}-{position}"


class PrunePass(LayerPass):
    name = "Prune"
    leaves_states = True  # the gate's are scored

    def __init__(self, context: Context, directions: Directions, out: ShardWriter) -> None:
        super().__init__(context)
        self.directions = directions
        self.out = out
        # The embedding, where it is the output matrix too.
        self.tied: Weights = {}
        self.chooser = None if directions.choices is not None else ExpertChooser(context)

    def begin(self, embedding: torch.Tensor) -> None:
        named = {self.context.family.embedding: embedding.cpu()}
        with naming(self.context.checkpoint.uri):
            check_copied(named)
        if not self.out.records:
            self.out.submit(named)
        if self.context.checkpoint.config.tied:
            self.tied = named
        if self.chooser is not None:
            self.chooser.begin(embedding, self.flows)
        if self.context.weighs_inputs and self.context.calibration is not None:
            self.flows[CALIBRATION] = Flow(self.context.calibration, embedding)
        for position, scored in enumerate(self.context.gate):
            for kind in ("dense", "pruned"):
                self.flows[gate_flow(kind, position)] = Flow(scored.ids, embedding)

    def layer(self, index: int, weights: Weights) -> Weights:
        self._advance_gate("dense", self.context.dense, index, weights)
        self.context.progress.enter("Experts")
        report: dict[str, Any] = {"layer": index, "moe": self.context.dense.is_moe(index)}
        before = matrix_moments(weights, self.context.dense.linears(index))
        reduced = self._reduce(index, weights, report)
        middle = self._moments_of_kept(index, before, reduced, report)
        self.context.progress.enter("Weights")
        self._prune(index, reduced, report)
        after = matrix_moments(reduced, self.context.prunable_linears(index))
        report["zeros"] = zeros_of(after)
        check_copied(
            reduced, {linear.slot.tensor for linear in self.context.prunable_linears(index)}
        )
        steps = {"before": before, "afterExperts": middle, "after": after}
        report["kurtosis"] = {step: kurtosis_of(found) for step, found in steps.items()}
        self._advance_gate("pruned", self.context.pruned, index, reduced)
        self.reports.append(report)
        self.context.progress.enter("Publish")
        # Off the device: the next layer needs the room.
        return {name: tensor.cpu() for name, tensor in reduced.items()}

    def hand_over(self, index: int, result: Weights, done: Callable[[], None]) -> None:
        prefix = self.context.family.layer(index)
        self.out.submit({prefix + name: tensor for name, tensor in result.items()}, done)

    def wait(self) -> None:
        self.out.wait()

    def _reduce(self, index: int, weights: Weights, report: dict[str, Any]) -> Weights:
        """Fewer experts; lets go of those that were dropped."""
        context, choice = self.context, self._choice(index, weights)
        if choice is None:
            report["kept"] = list(range(context.dense.layer_experts(index)))
            return weights
        reduced = reduce_experts(weights, context.family, choice.groups, context.plan.reconstruct)
        weights.clear()
        load = None
        if choice.tokens is not None:
            load = check_load(context, index, choice.tokens, reduced.present)
        report |= {**choice.to_json(), "kept": reduced.kept, "droppedLoad": load}
        return reduced.weights

    def _moments_of_kept(
        self, index: int, before: MatrixMoments, reduced: Weights, report: dict[str, Any]
    ) -> MatrixMoments:
        """Averaged experts are new weights, which have to be looked at."""
        if self.context.plan.reconstruct:
            return matrix_moments(reduced, self.context.prunable_linears(index))
        return moments_of_kept(before, self.context.family, report["kept"])

    def _choice(self, index: int, weights: Weights) -> Choice | None:
        if self.chooser is not None:
            return self.chooser.choose(index, weights, self.flows)
        assert self.directions.choices is not None
        return self.directions.choices[index]

    def _prune(self, index: int, weights: Weights, report: dict[str, Any]) -> None:
        """Zeroes weights in place and leads calibration through the result."""
        linears, flow = self.context.prunable_linears(index), self.flows.get(CALIBRATION)
        sparsity, statistics = self.directions.sparsities[index], InputStatistics()
        if flow is not None:
            flow.observe(self.context.pruned.fill(index, weights), statistics)
        prune_weights(weights, linears, statistics, self.context.recipe.weights.method, sparsity)
        if flow is not None:
            flow.advance(self.context.pruned.fill(index, weights))
        ratios = self.directions.outlier_ratios
        report |= {
            "weightSparsity": sparsity,
            "outlierRatio": None if ratios is None else ratios[index],
            "prunable": self.context.pruned.prunable(index),
        }

    def _advance_gate(self, kind: str, skeleton: Skeleton, index: int, weights: Weights) -> None:
        if not self.context.gate:
            return
        self.context.progress.enter("Quality")
        filled = skeleton.fill(index, weights)
        for position in range(len(self.context.gate)):
            self.flows[gate_flow(kind, position)].advance(filled)
