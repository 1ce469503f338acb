"""What the engine knows of each model family: names on disk and keys of config.json."""

from stun.families.base import Family, ModelConfig
from stun.families.layouts import Linear, Slot, Weights
from stun.families.registry import classify, family_of, is_moe, read_config

__all__ = [
    "Family",
    "Linear",
    "ModelConfig",
    "Slot",
    "Weights",
    "classify",
    "family_of",
    "is_moe",
    "read_config",
]
