"""The models whose shapes the benches use: one row each, config.json as its publisher wrote it."""

from dataclasses import dataclass

from bench.shapes import layouts
from bench.shapes.layouts import Config, Layout, Shapes


@dataclass(frozen=True)
class Model:
    """A published model: where its config.json is from, and how its tensors lie on disk."""

    source: str
    layout: Layout
    config: Config

    def shapes(self) -> Shapes:
        return self.layout(self.config)


def common(architecture: str, kind: str, **values: object) -> dict[str, object]:
    return {
        "architectures": [architecture],
        "model_type": kind,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        **values,
    }


def mixtral(**values: object) -> dict[str, object]:
    return common(
        "MixtralForCausalLM",
        "mixtral",
        vocab_size=32000,
        num_key_value_heads=8,
        num_local_experts=8,
        num_experts_per_tok=2,
        rms_norm_eps=1e-5,
        rope_theta=1000000.0,
        sliding_window=None,
        **values,
    )


def qwen3_moe(**values: object) -> dict[str, object]:
    return common(
        "Qwen3MoeForCausalLM",
        "qwen3_moe",
        vocab_size=151936,
        num_key_value_heads=4,
        head_dim=128,
        num_experts=128,
        num_experts_per_tok=8,
        norm_topk_prob=True,
        decoder_sparse_step=1,
        mlp_only_layers=[],
        max_position_embeddings=40960,
        rms_norm_eps=1e-6,
        rope_theta=1000000.0,
        sliding_window=None,
        **values,
    )


ARCTIC = common(
    "ArcticForCausalLM",
    "arctic",
    vocab_size=32000,
    hidden_size=7168,
    intermediate_size=4864,
    num_hidden_layers=35,
    num_attention_heads=56,
    num_key_value_heads=8,
    num_local_experts=128,
    num_experts_per_tok=2,
    moe_layer_frequency=1,
    parallel_attn_mlp_res=True,
    use_residual=True,
    max_position_embeddings=4096,
    rms_norm_eps=1e-5,
    rope_theta=10000.0,
)
OLMOE = common(
    "OlmoeForCausalLM",
    "olmoe",
    vocab_size=50304,
    hidden_size=2048,
    intermediate_size=1024,
    num_hidden_layers=16,
    num_attention_heads=16,
    num_key_value_heads=16,
    num_experts=64,
    num_experts_per_tok=8,
    norm_topk_prob=False,
    clip_qkv=None,
    max_position_embeddings=4096,
    rms_norm_eps=1e-5,
    rope_theta=10000.0,
    eos_token_id=50279,
    pad_token_id=1,
)
DEEPSEEK_V3 = common(
    "DeepseekV3ForCausalLM",
    "deepseek_v3",
    vocab_size=129280,
    hidden_size=7168,
    intermediate_size=18432,
    moe_intermediate_size=2048,
    num_hidden_layers=61,
    num_nextn_predict_layers=1,
    num_attention_heads=128,
    num_key_value_heads=128,
    q_lora_rank=1536,
    kv_lora_rank=512,
    qk_nope_head_dim=128,
    qk_rope_head_dim=64,
    v_head_dim=128,
    n_routed_experts=256,
    n_shared_experts=1,
    num_experts_per_tok=8,
    n_group=8,
    topk_group=4,
    topk_method="noaux_tc",
    scoring_func="sigmoid",
    norm_topk_prob=True,
    routed_scaling_factor=2.5,
    first_k_dense_replace=3,
    moe_layer_freq=1,
    max_position_embeddings=163840,
    rms_norm_eps=1e-6,
    rope_theta=10000,
    rope_scaling={
        "type": "yarn",
        "factor": 40,
        "beta_fast": 32,
        "beta_slow": 1,
        "mscale": 1.0,
        "mscale_all_dim": 1.0,
        "original_max_position_embeddings": 4096,
    },
)
GPT_OSS_120B = common(
    "GptOssForCausalLM",
    "gpt_oss",
    vocab_size=201088,
    hidden_size=2880,
    intermediate_size=2880,
    num_hidden_layers=36,
    num_attention_heads=64,
    num_key_value_heads=8,
    head_dim=64,
    num_local_experts=128,
    num_experts_per_tok=4,
    attention_bias=True,
    sliding_window=128,
    layer_types=["sliding_attention", "full_attention"] * 18,
    swiglu_limit=7.0,
    max_position_embeddings=131072,
    rms_norm_eps=1e-5,
    rope_theta=150000,
    rope_scaling={
        "rope_type": "yarn",
        "factor": 32.0,
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "truncate": False,
        "original_max_position_embeddings": 4096,
    },
)
MIXTRAL_8X7B = mixtral(
    hidden_size=4096,
    intermediate_size=14336,
    num_hidden_layers=32,
    num_attention_heads=32,
    max_position_embeddings=32768,
)
MIXTRAL_8X22B = mixtral(
    hidden_size=6144,
    intermediate_size=16384,
    num_hidden_layers=56,
    num_attention_heads=48,
    max_position_embeddings=65536,
)
QWEN3_30B = qwen3_moe(
    hidden_size=2048,
    intermediate_size=6144,
    moe_intermediate_size=768,
    num_hidden_layers=48,
    num_attention_heads=32,
)
QWEN3_235B = qwen3_moe(
    hidden_size=4096,
    intermediate_size=12288,
    moe_intermediate_size=1536,
    num_hidden_layers=94,
    num_attention_heads=64,
)

MODELS: dict[str, Model] = {
    "arctic-480b": Model("Snowflake/snowflake-arctic-base", layouts.arctic, ARCTIC),
    "olmoe-1b-7b": Model("allenai/OLMoE-1B-7B-0924", layouts.olmoe, OLMOE),
    "mixtral-8x7b": Model("mistralai/Mixtral-8x7B-v0.1", layouts.mixtral, MIXTRAL_8X7B),
    "mixtral-8x22b": Model("mistralai/Mixtral-8x22B-v0.1", layouts.mixtral, MIXTRAL_8X22B),
    "qwen3-30b-a3b": Model("Qwen/Qwen3-30B-A3B", layouts.qwen3_moe, QWEN3_30B),
    "qwen3-235b-a22b": Model("Qwen/Qwen3-235B-A22B", layouts.qwen3_moe, QWEN3_235B),
    "deepseek-v3": Model("deepseek-ai/DeepSeek-V3", layouts.deepseek_v3, DEEPSEEK_V3),
    "gpt-oss-120b": Model("openai/gpt-oss-120b", layouts.gpt_oss, GPT_OSS_120B),
}
