"""The whole run over a model: the passes it takes, in order, and what comes of them."""

from dataclasses import dataclass
from typing import Any

import torch

from stun.errors import naming
from stun.families import Weights
from stun.layers import head_names, make_head
from stun.layout import layer_indices, rest_names
from stun.passes.chooser import Choice
from stun.passes.context import Context
from stun.passes.driving import Journal, drive
from stun.passes.further import reduce_further_layer
from stun.passes.measure import MeasurePass
from stun.passes.prune import Directions, PrunePass, gate_flow
from stun.passes.split import SplitPass
from stun.plan import Plan
from stun.shards import ShardWriter
from stun.weights.finite import check_copied
from stun.weights.owl import layer_sparsities


@dataclass(frozen=True)
class StreamResult:
    """A report of each layer; summed log-likelihoods of the gate's sequences, in its order."""

    layers: list[dict[str, Any]]
    before: list[torch.Tensor]
    after: list[torch.Tensor]


def count_passes(context: Context) -> int:
    return 1 + context.twice + (context.recipe.split == "Auto")


def choose_split(context: Context, journal: Journal) -> tuple[Plan, list[dict[str, Any]]]:
    """The plan with the best share of experts, and what was found for each share tried."""
    splitting = SplitPass(context)
    drive(splitting, journal)
    outcomes = splitting.outcomes()
    return splitting.choose(outcomes), outcomes


def run_passes(context: Context, journal: Journal, out: ShardWriter) -> StreamResult:
    pruning = PrunePass(context, find_directions(context, journal), out)
    layers = drive(pruning, journal)
    rest = write_rest(context, out)
    return StreamResult(layers, *score(pruning, rest))


def find_directions(context: Context, journal: Journal) -> Directions:
    layers = range(context.checkpoint.config.layers)
    if not context.twice:
        return Directions([context.plan.weight_sparsity for _ in layers], None, None)
    measured = drive(MeasurePass(context), journal)
    ratios = [report["outlierRatio"] for report in measured]
    sizes = [context.pruned.prunable(index) for index in layers]
    sparsity, spread = context.plan.weight_sparsity, context.recipe.weights.owl_lambda
    choices = [report["choice"] for report in measured]
    return Directions(
        layer_sparsities(ratios, sizes, sparsity, spread),
        [None if found is None else Choice.from_json(found) for found in choices],
        ratios,
    )


def write_rest(context: Context, out: ShardWriter) -> Weights:
    """Everything behind the model's own layers; what scoring needs of it comes back."""
    checkpoint, family = context.checkpoint, context.family
    for index in layer_indices(checkpoint)[checkpoint.config.layers :]:
        found = reduce_further_layer(context, index)
        out.submit({family.layer(index) + name: tensor for name, tensor in found.items()})
    names = rest_names(checkpoint, family)
    rest = checkpoint.read(names)
    with naming(checkpoint.uri):
        check_copied(rest)
    if rest:
        out.submit(rest)
    return rest


def score(pruning: PrunePass, rest: Weights) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The gate's text as the dense and as the pruned model see it."""
    context = pruning.context
    if not context.gate:
        return [], []
    context.progress.enter("Quality")
    names = head_names(context.checkpoint, context.family)
    known = rest | pruning.tied
    tensors = {name: known[name].to(context.device) for name in names}
    head = make_head(context.checkpoint, context.dense, tensors)
    before, after = (
        [
            head.score(pruning.flows[gate_flow(kind, position)], scored)
            for position, scored in enumerate(context.gate)
        ]
        for kind in ("dense", "pruned")
    )
    return before, after
