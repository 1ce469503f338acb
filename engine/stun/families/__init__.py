"""What the engine knows of each model family: names on disk and keys of config.json."""

from stun.families.base import Family, ModelConfig
from stun.families.registry import check_computable, classify, family_of, is_moe, read_config

__all__ = [
    "Family",
    "ModelConfig",
    "check_computable",
    "classify",
    "family_of",
    "is_moe",
    "read_config",
]
