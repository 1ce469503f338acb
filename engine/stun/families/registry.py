"""Finds the family of a config.json and reads it; refuses what cannot be pruned rightly."""

from typing import Any

from stun.errors import StunError
from stun.families.base import Family, Kind, ModelConfig
from stun.families.mixtral import MIXTRAL

FAMILIES: dict[str, Family] = {MIXTRAL.architecture: MIXTRAL}
# Keys under which model families write the number of their experts.
EXPERT_KEYS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")


def is_moe(raw: dict[str, Any]) -> bool:
    return any(isinstance(raw.get(key), int) and raw[key] > 1 for key in EXPERT_KEYS)


def architecture(raw: dict[str, Any]) -> str:
    names = raw.get("architectures")
    return str(names[0]) if isinstance(names, list) and names else ""


def family_of(raw: dict[str, Any], uri: str) -> Family | None:
    """The family of a MoE model, None for a dense one."""
    family = FAMILIES.get(architecture(raw))
    if family is None and is_moe(raw):
        raise StunError(
            "UnsupportedFamily",
            f"{uri} is a {architecture(raw) or 'model without architectures'}, which is not "
            f"supported yet; supported are {', '.join(FAMILIES)}.",
        )
    return family


def classify(name: str, family: Family | None) -> Kind:
    """What a tensor's bytes count as in the GPU plan."""
    if ".experts." in name:
        return "experts"
    if family is not None and name.endswith("." + family.router):
        return "routers"
    if ".self_attn." in name or ".attn." in name or ".attention." in name:
        return "attention"
    if "embed" in name or name.startswith("lm_head."):
        return "embeddings"
    return "other"


def read_config(raw: dict[str, Any], uri: str) -> ModelConfig:
    """config.json under the engine's names; a key that is missing is a sentence, not a crash."""
    if raw.get("quantization_config"):
        method = dict(raw["quantization_config"]).get("quant_method", "unknown")
        raise StunError(
            "QuantizedModel",
            f"{uri} is quantised ({method}); prune the bf16 original and quantise the result.",
        )
    try:
        return _config(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise StunError(
            "ModelCorrupt",
            f"config.json of {uri} lacks or misstates {error}; copy it again from its source.",
        ) from error


def _config(raw: dict[str, Any]) -> ModelConfig:
    hidden, heads = int(raw["hidden_size"]), int(raw["num_attention_heads"])
    rope = raw.get("rope_parameters") or {}
    moe = is_moe(raw)
    return ModelConfig(
        architecture=architecture(raw),
        hidden_size=hidden,
        intermediate_size=int(raw["intermediate_size"]),
        layers=int(raw["num_hidden_layers"]),
        heads=heads,
        kv_heads=int(raw.get("num_key_value_heads") or heads),
        head_dim=int(raw.get("head_dim") or hidden // heads),
        vocab_size=int(raw["vocab_size"]),
        max_positions=int(raw["max_position_embeddings"]),
        experts=next(int(raw[key]) for key in EXPERT_KEYS if key in raw) if moe else 0,
        top_k=int(raw["num_experts_per_tok"]) if moe else 0,
        tied=bool(raw.get("tie_word_embeddings", False)),
        norm_eps=float(raw.get("rms_norm_eps", 1e-5)),
        rope_theta=float(rope.get("rope_theta") or raw.get("rope_theta") or 1e6),
        sliding_window=raw.get("sliding_window"),
    )


def check_computable(raw: dict[str, Any], uri: str) -> None:
    """Refuses variants of a known family whose forward pass would silently be another one."""
    rope = raw.get("rope_parameters") or {}
    for key, value, usual in (
        ("rope_scaling", raw.get("rope_scaling"), None),
        ("rope_type", rope.get("rope_type", "default"), "default"),
        ("hidden_act", raw.get("hidden_act", "silu"), "silu"),
        ("attention_bias", bool(raw.get("attention_bias")), False),
    ):
        if value != usual:
            raise StunError(
                "UnsupportedFamily",
                f"config.json of {uri} sets {key} to {value}, which is not supported yet.",
            )
