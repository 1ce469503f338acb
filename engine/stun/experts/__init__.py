"""Which experts of a layer stay, and what each of them becomes."""

from stun.experts.clustering import cluster_routers
from stun.experts.reduce import ReducedLayer, reduce_experts

__all__ = ["ReducedLayer", "cluster_routers", "reduce_experts"]
