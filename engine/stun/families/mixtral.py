"""Mixtral on disk: one tensor for each expert matrix, a router without bias."""

from stun.families.base import Family, ModelConfig

NORMS = ("input_layernorm.weight", "post_attention_layernorm.weight")


class MixtralFamily(Family):
    def layer_shapes(self, config: ModelConfig, experts: int) -> dict[str, tuple[int, ...]]:
        hidden, inner = config.hidden_size, config.intermediate_size
        query, key = config.heads * config.head_dim, config.kv_heads * config.head_dim
        projections = [(query, hidden), (key, hidden), (key, hidden), (hidden, query)]
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(NORMS, (hidden,))
        shapes |= dict(zip(self.attention_matrices, projections, strict=True))
        shapes[self.router] = (experts, hidden)
        for expert in range(experts):
            matrices = [(inner, hidden), (hidden, inner), (inner, hidden)]
            shapes |= dict(zip(self.expert_names(expert), matrices, strict=True))
        return shapes


MIXTRAL = MixtralFamily(
    name="mixtral",
    architecture="MixtralForCausalLM",
    experts_key="num_local_experts",
    layer_prefix="model.layers.{layer}.",
    router="block_sparse_moe.gate.weight",
    expert_prefix="block_sparse_moe.experts.{expert}.",
    expert_matrices=("w1.weight", "w2.weight", "w3.weight"),
    attention_matrices=(
        "self_attn.q_proj.weight",
        "self_attn.k_proj.weight",
        "self_attn.v_proj.weight",
        "self_attn.o_proj.weight",
    ),
    embedding="model.embed_tokens.weight",
    final_norm="model.norm.weight",
    head="lm_head.weight",
)
