"""How the families lay their tensors out on disk: name and shape of every tensor.

Written from the published checkpoints and model code, apart from the engine's own table of
families, so that each can prove the other wrong.
"""

from collections.abc import Callable, Mapping
from typing import Any

Config = Mapping[str, Any]
Shapes = dict[str, tuple[int, ...]]
Layout = Callable[[Config], Shapes]


def whole(config: Config, layers: Mapping[int, Shapes]) -> Shapes:
    """Embedding, layers under their prefix, final norm and head, in the usual order."""
    vocabulary, hidden = config["vocab_size"], config["hidden_size"]
    found: Shapes = {"model.embed_tokens.weight": (vocabulary, hidden)}
    for index, shapes in layers.items():
        found |= {f"model.layers.{index}.{name}": shape for name, shape in shapes.items()}
    return found | {"model.norm.weight": (hidden,), "lm_head.weight": (vocabulary, hidden)}


def norms(config: Config) -> Shapes:
    hidden = (config["hidden_size"],)
    return {"input_layernorm.weight": hidden, "post_attention_layernorm.weight": hidden}


def attention(config: Config) -> Shapes:
    """Grouped-query attention."""
    hidden, heads, kv = (
        config[key] for key in ("hidden_size", "num_attention_heads", "num_key_value_heads")
    )
    dim = config.get("head_dim") or hidden // heads
    return {
        "self_attn.q_proj.weight": (heads * dim, hidden),
        "self_attn.k_proj.weight": (kv * dim, hidden),
        "self_attn.v_proj.weight": (kv * dim, hidden),
        "self_attn.o_proj.weight": (hidden, heads * dim),
    }


def mlp(prefix: str, names: tuple[str, str, str], hidden: int, width: int) -> Shapes:
    gate, down, up = (f"{prefix}{name}.weight" for name in names)
    return {gate: (width, hidden), down: (hidden, width), up: (width, hidden)}


W123 = ("w1", "w2", "w3")
PROJ = ("gate_proj", "down_proj", "up_proj")


def mixtral_experts(config: Config) -> Shapes:
    hidden, width, count = (
        config[key] for key in ("hidden_size", "intermediate_size", "num_local_experts")
    )
    found: Shapes = {"block_sparse_moe.gate.weight": (count, hidden)}
    for expert in range(count):
        found |= mlp(f"block_sparse_moe.experts.{expert}.", W123, hidden, width)
    return found


def mixtral(config: Config) -> Shapes:
    layer = attention(config) | mixtral_experts(config) | norms(config)
    return whole(config, dict.fromkeys(range(config["num_hidden_layers"]), layer))


def arctic(config: Config) -> Shapes:
    """Every layer also has a dense residual MLP, as wide as the hidden state."""
    hidden = config["hidden_size"]
    residual = mlp("residual_mlp.", W123, hidden, hidden)
    residual["residual_layernorm.weight"] = (hidden,)
    layer = attention(config) | mixtral_experts(config) | residual | norms(config)
    return whole(config, dict.fromkeys(range(config["num_hidden_layers"]), layer))


def routed(config: Config, count: int, width: int) -> Shapes:
    hidden = config["hidden_size"]
    found: Shapes = {"mlp.gate.weight": (count, hidden)}
    for expert in range(count):
        found |= mlp(f"mlp.experts.{expert}.", PROJ, hidden, width)
    return found


def olmoe(config: Config) -> Shapes:
    """Queries and keys are normed across all heads."""
    shapes = attention(config)
    for name in ("q", "k"):
        shapes[f"self_attn.{name}_norm.weight"] = shapes[f"self_attn.{name}_proj.weight"][:1]
    shapes |= routed(config, config["num_experts"], config["intermediate_size"]) | norms(config)
    return whole(config, dict.fromkeys(range(config["num_hidden_layers"]), shapes))


def qwen3_moe(config: Config) -> Shapes:
    """Queries and keys are normed head by head."""
    shapes = attention(config)
    for name in ("q", "k"):
        shapes[f"self_attn.{name}_norm.weight"] = (config["head_dim"],)
    shapes |= routed(config, config["num_experts"], config["moe_intermediate_size"])
    layer = shapes | norms(config)
    return whole(config, dict.fromkeys(range(config["num_hidden_layers"]), layer))


def latent_attention(config: Config) -> Shapes:
    """Multi-head latent attention: queries, keys and values through a low rank."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    query_rank, rank = config["q_lora_rank"], config["kv_lora_rank"]
    plain, rope, value = (
        config[key] for key in ("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim")
    )
    return {
        "self_attn.q_a_proj.weight": (query_rank, hidden),
        "self_attn.q_a_layernorm.weight": (query_rank,),
        "self_attn.q_b_proj.weight": (heads * (plain + rope), query_rank),
        "self_attn.kv_a_proj_with_mqa.weight": (rank + rope, hidden),
        "self_attn.kv_a_layernorm.weight": (rank,),
        "self_attn.kv_b_proj.weight": (heads * (plain + value), rank),
        "self_attn.o_proj.weight": (hidden, heads * value),
    }


def deepseek_v3(config: Config) -> Shapes:
    """Leading dense layers, then experts; after the last layer one that predicts a token more."""
    hidden, count, width = (
        config[key] for key in ("hidden_size", "n_routed_experts", "moe_intermediate_size")
    )
    common = latent_attention(config) | norms(config)
    dense = common | mlp("mlp.", PROJ, hidden, config["intermediate_size"])
    sparse = common | routed(config, count, width)
    sparse |= mlp("mlp.shared_experts.", PROJ, hidden, width * config["n_shared_experts"])
    sparse["mlp.gate.e_score_correction_bias"] = (count,)
    leading, last = config["first_k_dense_replace"], config["num_hidden_layers"]
    layers = dict.fromkeys(range(leading), dense) | dict.fromkeys(range(leading, last), sparse)
    for index in range(last, last + config["num_nextn_predict_layers"]):
        layers[index] = sparse | next_token_parts(config)
    return whole(config, layers)


def next_token_parts(config: Config) -> Shapes:
    vocabulary, hidden = config["vocab_size"], config["hidden_size"]
    return {
        "embed_tokens.weight": (vocabulary, hidden),
        "enorm.weight": (hidden,),
        "hnorm.weight": (hidden,),
        "eh_proj.weight": (hidden, 2 * hidden),
        "shared_head.norm.weight": (hidden,),
        "shared_head.head.weight": (vocabulary, hidden),
    }


def gpt_oss(config: Config) -> Shapes:
    """Fused experts, stored transposed; biases everywhere; a sink for each head."""
    hidden, width, count = (
        config[key] for key in ("hidden_size", "intermediate_size", "num_local_experts")
    )
    layer = attention(config)
    layer |= {name.replace(".weight", ".bias"): shape[:1] for name, shape in layer.items()}
    layer |= {
        "self_attn.sinks": (config["num_attention_heads"],),
        "mlp.router.weight": (count, hidden),
        "mlp.router.bias": (count,),
        "mlp.experts.gate_up_proj": (count, hidden, 2 * width),
        "mlp.experts.gate_up_proj_bias": (count, 2 * width),
        "mlp.experts.down_proj": (count, width, hidden),
        "mlp.experts.down_proj_bias": (count, hidden),
    }
    layer |= norms(config)
    return whole(config, dict.fromkeys(range(config["num_hidden_layers"]), layer))
