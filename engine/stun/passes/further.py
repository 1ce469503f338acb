"""Layers behind the model's own, which predict further tokens (DeepSeek-V3, section 2.2).

Runtimes build them with the model's number of experts, so theirs are cut to the same. No
calibration passes through them: their experts are chosen by router rows and their weights stay.
"""

from stun.errors import naming
from stun.experts.evidence import Evidence
from stun.experts.reduce import reduce_experts
from stun.experts.registry import group_layers
from stun.experts.settings import Settings
from stun.families import Weights
from stun.layers import read_layer
from stun.passes.context import Context
from stun.weights.finite import check_copied


def reduce_further_layer(context: Context, index: int) -> Weights:
    family, plan = context.family, context.plan
    weights = read_layer(context.checkpoint, family, index)
    with naming(f"layer {index} of {context.checkpoint.uri}"):
        check_copied(weights)
    if family.router not in weights or not context.removes_experts:
        return weights
    evidence = Evidence(index, weights[family.router])
    groups = group_layers([evidence], plan.experts_after, Settings(), "STUN")[0]
    return reduce_experts(weights, family, groups, plan.reconstruct).weights
