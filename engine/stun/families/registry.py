"""Finds the family of a config.json and reads it; refuses what cannot be pruned rightly."""

from typing import Any

from stun.errors import StunError
from stun.families.base import EXPERT_KEYS, Family, Kind, ModelConfig
from stun.families.table import FAMILIES


def is_moe(raw: dict[str, Any]) -> bool:
    family = FAMILIES.get(architecture(raw))
    text = family.text_config(raw) if family else raw
    return any(isinstance(text.get(key), int) and text[key] > 1 for key in EXPERT_KEYS)


def architecture(raw: dict[str, Any]) -> str:
    names = raw.get("architectures")
    return str(names[0]) if isinstance(names, list) and names else ""


def family_of(raw: dict[str, Any], uri: str) -> Family | None:
    """The family of the model; None for a dense model that has no row."""
    family = FAMILIES.get(architecture(raw))
    if family is None and is_moe(raw):
        raise StunError(
            "UnsupportedFamily",
            f"{uri} is a {architecture(raw) or 'model without architectures'}, which is not "
            f"supported; supported are {', '.join(FAMILIES)}.",
        )
    return family


def classify(name: str, family: Family | None) -> Kind:
    """What a tensor's bytes count as in the GPU plan."""
    if ".experts." in name:
        return "experts"
    if family is not None and name.endswith(tuple("." + row for row in family.row_tensors)):
        return "routers"
    if ".self_attn." in name or ".attn." in name or ".attention." in name:
        return "attention"
    if "embed" in name or "lm_head." in name:
        return "embeddings"
    return "other"


def read_config(raw: dict[str, Any], uri: str, family: Family | None) -> ModelConfig:
    """config.json under the engine's names; a key that is missing is a sentence, not a crash."""
    if raw.get("quantization_config"):
        method = dict(raw["quantization_config"]).get("quant_method", "unknown")
        raise StunError(
            "QuantizedModel",
            f"{uri} is quantised ({method}); prune the bf16 original and quantise the result.",
        )
    try:
        found = _config(family.text_config(raw) if family else raw, architecture(raw), family)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise wrong(uri, f"lacks or misstates {error}") from error
    check_config(found, family, uri)
    return found


def wrong(uri: str, problem: str) -> StunError:
    return StunError(
        "ModelCorrupt", f"config.json of {uri} {problem}; copy it again from its source."
    )


def check_config(config: ModelConfig, family: Family | None, uri: str) -> None:
    """Numbers that no model can have: transformers would fail on them somewhere inside."""
    sizes = ("hidden_size", "layers", "heads", "kv_heads", "head_dim", "vocab_size")
    for name in (*sizes, "max_positions", "expert_groups", "top_k_groups"):
        if getattr(config, name) < 1:
            raise wrong(uri, f"says {getattr(config, name)} for {name.replace('_', ' ')}")
    if family is not None and family.experts is not None and config.experts < 2:
        raise wrong(uri, f"says no number of experts, though it is a {family.architecture}")
    if config.experts and not 1 <= config.top_k <= config.experts:
        raise wrong(uri, f"sends each token to {config.top_k} of {config.experts} experts")
    grouped = config.expert_groups > 1
    if grouped and (
        config.experts % config.expert_groups or config.top_k_groups > config.expert_groups
    ):
        raise wrong(
            uri,
            f"says {config.expert_groups} groups, {config.top_k_groups} of them for each token, "
            f"for {config.experts} experts",
        )


def _config(raw: dict[str, Any], name: str, family: Family | None) -> ModelConfig:
    hidden, heads = int(raw["hidden_size"]), int(raw["num_attention_heads"])
    moe = any(isinstance(raw.get(key), int) and raw[key] > 1 for key in EXPERT_KEYS)
    # Latent attention keeps one cache for all heads, which GPUs cannot divide among them.
    kv_heads = 1 if raw.get("kv_lora_rank") else int(raw.get("num_key_value_heads") or heads)
    head_dim = int(raw.get("head_dim") or hidden // heads)
    return ModelConfig(
        architecture=name,
        hidden_size=hidden,
        layers=int(raw["num_hidden_layers"]),
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        kv_values_per_token=kv_values(raw, kv_heads, head_dim),
        vocab_size=int(raw["vocab_size"]),
        max_positions=int(raw["max_position_embeddings"]),
        experts=next(int(raw[key]) for key in EXPERT_KEYS if key in raw) if moe else 0,
        top_k=int(raw["num_experts_per_tok"]) if moe else 0,
        expert_groups=optional(raw, "n_group"),
        top_k_groups=optional(raw, "topk_group"),
        ranking_experts=family.ranking_experts if family and moe else 0,
        tied=bool(raw.get("tie_word_embeddings", False)),
    )


def optional(raw: dict[str, Any], key: str) -> int:
    """1 where the key is absent or null."""
    found = raw.get(key)
    return 1 if found is None else int(found)


def kv_values(raw: dict[str, Any], kv_heads: int, head_dim: int) -> int:
    """Values that one token leaves in one layer's cache.

    Latent attention (DeepSeek-V2, section 2.1) keeps its compressed vector and the rotary key
    once for all heads; every other family a key and a value for each head.
    """
    latent = raw.get("kv_lora_rank")
    if latent:
        return int(latent) + int(raw["qk_rope_head_dim"])
    return 2 * kv_heads * head_dim
