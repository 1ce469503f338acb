"""The pass over the layers: each is read once, pruned, written, and left behind."""

from dataclasses import dataclass

import torch

from stun.checkpoint import Checkpoint
from stun.experts import cluster_routers, reduce_experts
from stun.families import Family
from stun.flow import Flow
from stun.layers import Weights, read_one, stream_layers
from stun.layout import rest_names
from stun.model.mixtral import MixtralDecoderLayer
from stun.plan import Plan
from stun.progress import Progress
from stun.shards import ShardWriter
from stun.weights import InputStatistics, prune_weights
from stun.weights.prune import count_zeros


@dataclass(frozen=True)
class LayerReport:
    """What became of one layer."""

    kept: list[int]
    clusters: list[list[int]]
    sparsity: float
    zeros: int


@dataclass(frozen=True)
class StreamResult:
    layers: list[LayerReport]
    losses_before: torch.Tensor | None
    losses_after: torch.Tensor | None


class PruneStream:
    """Holds what flows: calibration through the pruned layers, gate text through both kinds."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        family: Family,
        plan: Plan,
        device: torch.device,
        progress: Progress,
    ) -> None:
        self.checkpoint = checkpoint
        self.family = family
        self.plan = plan
        self.device = device
        self.progress = progress
        self.calibration: Flow | None = None
        self.dense: Flow | None = None
        self.pruned: Flow | None = None
        self.tied_head = torch.empty(0)

    def run(
        self, calibration: torch.Tensor | None, gate: torch.Tensor | None, out: ShardWriter
    ) -> StreamResult:
        self.progress.plan(self.checkpoint.config.layers)
        clusters = self._clusters()
        self._embed(calibration, gate, out)
        reports = []
        for index, weights in stream_layers(self.checkpoint, self.family, self.device):
            self.progress.layer = index + 1
            reports.append(self._layer(index, weights, clusters[index], out))
            self.progress.advance()
        return StreamResult(reports, *self._finish(out))

    def _clusters(self) -> list[list[list[int]]]:
        """Decided for all layers before any is streamed: it takes the router rows only."""
        self.progress.enter("Experts")
        names = [
            self.family.layer(index) + self.family.router
            for index in range(self.checkpoint.config.layers)
        ]
        routers = self.checkpoint.read(names)
        return [cluster_routers(routers[name], self.plan.experts_after) for name in names]

    def _embed(
        self, calibration: torch.Tensor | None, gate: torch.Tensor | None, out: ShardWriter
    ) -> None:
        embedding = read_one(self.checkpoint, self.family.embedding, self.device)
        if calibration is not None:
            self.calibration = Flow(calibration, embedding)
        if gate is not None:
            self.dense, self.pruned = Flow(gate, embedding), Flow(gate, embedding)
        if self.checkpoint.config.tied:
            self.tied_head = embedding
        out.submit({self.family.embedding: embedding})

    def _layer(
        self, index: int, weights: Weights, clusters: list[list[int]], out: ShardWriter
    ) -> LayerReport:
        if self.dense is not None:
            self.progress.enter("Quality")
            self.dense.advance(self._forward(weights))
        self.progress.enter("Experts")
        reduced = reduce_experts(weights, self.family, clusters, self.plan.reconstruct)
        weights.clear()  # lets go of the experts that were dropped
        zeros = self._prune(reduced.weights)
        if self.pruned is not None:
            self.progress.enter("Quality")
            self.pruned.advance(self._forward(reduced.weights))
        self._write(index, reduced.weights, out)
        return LayerReport(reduced.kept, clusters, self.plan.weight_sparsity, zeros)

    def _prune(self, weights: Weights) -> int:
        """Zeroes weights in place and leads calibration through the result; counts the zeros."""
        self.progress.enter("Weights")
        names = self.family.prunable_names(self.plan.experts_after)
        statistics = InputStatistics()
        if self.calibration is not None:
            self.calibration.observe(self._forward(weights), statistics.observe)
        method, sparsity = self.plan.weights_method, self.plan.weight_sparsity
        prune_weights(weights, names, statistics, method, sparsity)
        if self.calibration is not None:
            self.calibration.advance(self._forward(weights))
        return count_zeros(weights, names)

    def _write(self, index: int, weights: Weights, out: ShardWriter) -> None:
        """Leaves the layer to the writer, off the device: the next layer needs the room."""
        stage = self.progress.stage
        self.progress.enter("Publish")
        prefix = self.family.layer(index)
        out.submit({prefix + name: tensor.cpu() for name, tensor in weights.items()})
        self.progress.enter(stage)

    def _forward(self, weights: Weights) -> MixtralDecoderLayer:
        return MixtralDecoderLayer(self.checkpoint.config, self.family, weights)

    def _finish(self, out: ShardWriter) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Scores the gate text and writes what lies after the layers."""
        rest = self.checkpoint.read(rest_names(self.checkpoint, self.family))
        out.submit(rest)
        if self.dense is None or self.pruned is None:
            return None, None
        self.progress.enter("Quality")
        config = self.checkpoint.config
        norm = rest[self.family.final_norm].to(self.device)
        head = self.tied_head if config.tied else rest[self.family.head].to(self.device)
        return self.dense.losses(config, norm, head), self.pruned.losses(config, norm, head)
