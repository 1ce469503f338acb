"""The families that can be pruned: a row each, and a row each in the tests."""

from stun.families.base import Family
from stun.families.layouts import FusedExperts, SeparateExperts

MIXTRAL_EXPERTS = SeparateExperts("block_sparse_moe.experts.", "w1", "w3", "w2")
QWEN_EXPERTS = SeparateExperts("mlp.experts.")
QWEN_ROUTER = "mlp.gate.weight"
LLAMA4_EXPERTS = FusedExperts("feed_forward.experts.")

ROWS = (
    Family(
        "MixtralForCausalLM",
        MIXTRAL_EXPERTS,
        "block_sparse_moe.gate.weight",
        modules=(("block_sparse_moe.", "mlp."),),
    ),
    Family(
        "PhimoeForCausalLM",
        MIXTRAL_EXPERTS,
        "block_sparse_moe.gate.weight",
        modules=(("block_sparse_moe.gate.", "mlp.router."), ("block_sparse_moe.", "mlp.")),
    ),
    Family(
        "ArcticForCausalLM",
        MIXTRAL_EXPERTS,
        "block_sparse_moe.gate.weight",
        block="block_sparse_moe",
    ),
    Family("OlmoeForCausalLM", QWEN_EXPERTS, QWEN_ROUTER),
    Family("Qwen2MoeForCausalLM", QWEN_EXPERTS, QWEN_ROUTER),
    Family("Qwen3MoeForCausalLM", QWEN_EXPERTS, QWEN_ROUTER),
    Family("DeepseekV2ForCausalLM", QWEN_EXPERTS, QWEN_ROUTER),
    Family(
        "DeepseekV3ForCausalLM",
        QWEN_EXPERTS,
        QWEN_ROUTER,
        router_vectors=("mlp.gate.e_score_correction_bias",),
        ranking_experts=2,
        further_layers=True,
    ),
    Family(
        "GptOssForCausalLM",
        FusedExperts("mlp.experts.", biases=True),
        "mlp.router.weight",
        router_vectors=("mlp.router.bias",),
    ),
    Family("Llama4ForCausalLM", LLAMA4_EXPERTS, "feed_forward.router.weight", block="feed_forward"),
    Family(
        "Llama4ForConditionalGeneration",
        LLAMA4_EXPERTS,
        "feed_forward.router.weight",
        block="feed_forward",
        base="language_model.model.",
        head="language_model.lm_head.",
        text_key="text_config",
    ),
    Family("LlamaForCausalLM"),
    Family("MistralForCausalLM"),
    Family("Qwen2ForCausalLM"),
    Family("Qwen3ForCausalLM"),
)
FAMILIES: dict[str, Family] = {row.architecture: row for row in ROWS}
