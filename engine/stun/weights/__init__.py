"""Which single weights of the experts and of attention become zero."""

from stun.weights.prune import prune_weights
from stun.weights.statistics import InputStatistics

__all__ = ["InputStatistics", "prune_weights"]
