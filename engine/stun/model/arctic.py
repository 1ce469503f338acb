"""Snowflake Arctic, which transformers does not have and whose own code is never run.

Each layer is Mixtral's with a dense MLP beside the experts ("dense-MoE hybrid"). Written from
the facts of vLLM's Arctic model, public under Apache-2.0: names of tensors, and what is added
to what. The trap is the parallel layer: its experts see the input of the attention, normed,
not its output.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import MixtralConfig, MixtralModel
from transformers.activations import ACT2FN
from transformers.models.mixtral.modeling_mixtral import (
    MixtralAttention,
    MixtralExperts,
    MixtralRMSNorm,
)

MODEL_TYPE = "arctic"
# Where Arctic's own defaults are not Mixtral's.
DEFAULTS = {"num_experts_per_tok": 1, "moe_layer_frequency": 2, "parallel_attn_mlp_res": False}


def read_config(raw: dict[str, Any]) -> Any:
    """Arctic's config.json as Mixtral's, which keeps the fields that it does not know."""
    return MixtralConfig.from_dict({**DEFAULTS, **raw, "model_type": MixtralConfig.model_type})


def has_experts(config: Any, layer: int) -> bool:
    """The last of every so many layers has experts, the others one MLP."""
    return bool((layer + 1) % config.moe_layer_frequency == 0)


class ArcticMlp(nn.Module):
    def __init__(self, config: Any, inner: int) -> None:
        super().__init__()
        hidden = config.hidden_size
        self.act_fn = ACT2FN[config.hidden_act]
        self.w1 = nn.Linear(hidden, inner, bias=False)
        self.w3 = nn.Linear(hidden, inner, bias=False)
        self.w2 = nn.Linear(inner, hidden, bias=False)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.w2(self.act_fn(self.w1(states)) * self.w3(states))
        return found


class ArcticRouter(nn.Module):
    """Chooses experts; several share the token by their probabilities, one alone is scaled."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.top_k = config.num_experts_per_tok
        self.weight = nn.Parameter(torch.empty(config.num_local_experts, config.hidden_size))

    def forward(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """[tokens, hidden] to scores [tokens, E], gate weights and experts, [tokens, k] each.

        As transformers' routers answer, so that a search over experts may ask any of them.
        """
        scores = functional.linear(states, self.weight)
        shares = scores.float().softmax(dim=-1)
        weights, index = shares.topk(self.top_k, dim=-1)
        if self.top_k > 1:
            weights = weights / weights.sum(dim=-1, keepdim=True)
        return scores, weights, index


class ArcticBlock(nn.Module):
    """The experts of a layer, or the one MLP in their place."""

    def __init__(self, config: Any, layer: int) -> None:
        super().__init__()
        if has_experts(config, layer):
            self.gate = ArcticRouter(config)
            self.experts = MixtralExperts(config)
        else:
            self.mlp = ArcticMlp(config, config.intermediate_size)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        if not hasattr(self, "experts"):
            dense: torch.Tensor = self.mlp(states)
            return dense
        flat = states.reshape(-1, states.shape[-1])
        _, weights, index = self.gate(flat)
        mixed: torch.Tensor = self.experts(flat, index, weights)
        return mixed.view(states.shape)


class ArcticDecoderLayer(nn.Module):
    def __init__(self, config: Any, layer: int) -> None:
        super().__init__()
        hidden, eps = config.hidden_size, config.rms_norm_eps
        self.parallel = config.parallel_attn_mlp_res and has_experts(config, layer)
        self.self_attn = MixtralAttention(config, layer)
        self.block_sparse_moe = ArcticBlock(config, layer)
        self.input_layernorm = MixtralRMSNorm(hidden, eps=eps)
        self.post_attention_layernorm = MixtralRMSNorm(hidden, eps=eps)
        if self.parallel:
            self.residual_layernorm = MixtralRMSNorm(hidden, eps=eps)
            self.residual_mlp = ArcticMlp(config, hidden)

    def forward(self, hidden_states: torch.Tensor, **arguments: Any) -> torch.Tensor:
        """[batch, length, hidden] to the same shape."""
        attended, _ = self.self_attn(self.input_layernorm(hidden_states), **arguments)
        after: torch.Tensor = hidden_states + attended
        if not self.parallel:
            mixed: torch.Tensor = self.block_sparse_moe(self.post_attention_layernorm(after))
            return after + mixed
        mixed = self.block_sparse_moe(self.post_attention_layernorm(hidden_states))
        dense: torch.Tensor = self.residual_mlp(self.residual_layernorm(after))
        return after + dense + mixed


def build(config: Any) -> MixtralModel:
    """Mixtral's model with Arctic's layers: positions and masks are the same."""
    model = MixtralModel(config)
    layers = (ArcticDecoderLayer(config, layer) for layer in range(config.num_hidden_layers))
    model.layers = nn.ModuleList(layers)
    return model
