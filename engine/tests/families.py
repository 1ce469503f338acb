"""A tiny random model of every family: one row each, with what is special about the family.

transformers builds and saves them, so names and shapes on disk are its own, not the engine's.
Sequences of LENGTH tokens are longer than every sliding window and chunk here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file
from torch import nn

LENGTH = 32
WINDOW = 7
Values = Mapping[str, Any]
COMMON: Values = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 24,
    "moe_intermediate_size": 20,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "num_experts_per_tok": 2,
    "max_position_embeddings": 64,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
LATENT: Values = {
    "num_key_value_heads": 4,
    "kv_lora_rank": 12,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 6,
    "n_routed_experts": 8,
    "first_k_dense_replace": 1,
    "n_group": 2,
    "topk_group": 1,
    # transformers takes it for the rotary part only.
    "head_dim": 4,
}
LLAMA4: Values = {
    "num_hidden_layers": 4,
    "intermediate_size_mlp": 28,
    "num_local_experts": 8,
    "num_experts_per_tok": 1,
    "interleave_moe_layer_step": 2,
    "attention_chunk_size": WINDOW,
    # Positions from which attention is cooled, so that it shows in a short text.
    "floor_scale": 8,
}
VISION: Values = {
    "hidden_size": 16, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
    "image_size": 8, "patch_size": 4, "vision_output_dim": 16, "projector_input_dim": 16,
    "projector_output_dim": 16, "pixel_shuffle_ratio": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """`values` go into the config; a multimodal model's language part is under text_config."""

    architecture: str
    config: str
    values: Values = field(default_factory=dict)
    experts: int = 8
    nested: bool = False
    # Layers behind the model's own, as DeepSeek-V3 stores them.
    further: int = 0

    @property
    def auto(self) -> Any:
        """What loads the published model."""
        return (
            transformers.AutoModelForImageTextToText
            if self.nested
            else transformers.AutoModelForCausalLM
        )


def moe(name: str, **values: object) -> Case:
    return Case(f"{name}ForCausalLM", f"{name}Config", values)


def dense(name: str, **values: object) -> Case:
    return Case(f"{name}ForCausalLM", f"{name}Config", values, experts=0)


CASES: dict[str, Case] = {
    "Mixtral": moe("Mixtral", num_local_experts=8, sliding_window=WINDOW),
    "OLMoE": moe("Olmoe", num_experts=8, clip_qkv=1.5),
    "OLMoE, normed top-k": moe("Olmoe", num_experts=8, norm_topk_prob=True),
    "Qwen2-MoE": moe("Qwen2Moe", num_experts=8, shared_expert_intermediate_size=28),
    "Qwen2-MoE, dense layers among them": moe(
        "Qwen2Moe",
        num_experts=8,
        shared_expert_intermediate_size=28,
        num_hidden_layers=4,
        decoder_sparse_step=2,
        mlp_only_layers=[3],
        norm_topk_prob=True,
    ),
    "Qwen3-MoE": moe("Qwen3Moe", num_experts=8, mlp_only_layers=[1], norm_topk_prob=True),
    "DeepSeek-V2": moe(
        "DeepseekV2",
        **{**LATENT, "q_lora_rank": 10},
        topk_method="group_limited_greedy",
        routed_scaling_factor=2.0,
    ),
    "DeepSeek-V2, whole queries": moe(
        "DeepseekV2", **{**LATENT, "q_lora_rank": None}, topk_method="greedy"
    ),
    "DeepSeek-V3": Case(
        "DeepseekV3ForCausalLM", "DeepseekV3Config", {**LATENT, "q_lora_rank": 10}, further=1
    ),
    "PhiMoE": moe("Phimoe", num_local_experts=8, attention_bias=True, lm_head_bias=True),
    "GPT-OSS": moe("GptOss", num_local_experts=8, sliding_window=WINDOW),
    "Llama 4": Case("Llama4ForCausalLM", "Llama4TextConfig", LLAMA4),
    "Llama 4, multimodal": Case(
        "Llama4ForConditionalGeneration", "Llama4Config", LLAMA4, nested=True
    ),
    "Llama": dense("Llama", attention_bias=True, mlp_bias=True),
    "Mistral": dense("Mistral", sliding_window=WINDOW),
    "Qwen2": dense("Qwen2", use_sliding_window=True, sliding_window=WINDOW, max_window_layers=1),
    "Qwen3": dense("Qwen3", tie_word_embeddings=True),
}


def make_config(case: Case) -> Any:
    values = {**COMMON, **case.values}
    build = getattr(transformers, case.config)
    if not case.nested:
        return build(**values)
    return build(text_config=values, vision_config=dict(VISION), pad_token_id=0)


def randomise(model: nn.Module, seed: int) -> None:
    """Every weight, so that no bias, sink or correction is at the value that does nothing."""
    generator = torch.Generator().manual_seed(seed)
    named = [*model.named_parameters(), *persistent_buffers(model)]
    for name, tensor in named:
        noise = torch.randn(tensor.shape, generator=generator)
        scaled = 0.3 * noise if tensor.dim() > 1 else 0.2 * noise + (1 if "norm" in name else 0)
        tensor.data.copy_(scaled)


def persistent_buffers(model: nn.Module) -> list[tuple[str, torch.Tensor]]:
    stored = model.state_dict()
    return [(name, buffer) for name, buffer in model.named_buffers() if name in stored]


def save_family(case: Case, path: Path, dtype: torch.dtype = torch.float32) -> Path:
    model = getattr(transformers, case.architecture)(make_config(case))
    randomise(model, seed=0)
    model.to(dtype).save_pretrained(path)
    for number in range(case.further):
        add_further_layer(path, case.values.get("num_hidden_layers", 3) + number)
    return path


def add_further_layer(path: Path, index: int) -> None:
    """A copy of the last layer with what predicts one more token (DeepSeek-V3, section 2.2)."""
    file = path / "model.safetensors"
    tensors = transformers.modeling_utils.load_state_dict(str(file))
    prefix = f"model.layers.{index}."
    last = f"model.layers.{index - 1}."
    copied = {n.replace(last, prefix): t.clone() for n, t in tensors.items() if n.startswith(last)}
    hidden = tensors["model.norm.weight"].shape[0]
    copied[prefix + "eh_proj.weight"] = torch.randn(hidden, 2 * hidden)
    copied |= {f"{prefix}{name}.weight": torch.ones(hidden) for name in ("enorm", "hnorm")}
    save_file({**tensors, **copied}, file, metadata={"format": "pt"})


def read_json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found
