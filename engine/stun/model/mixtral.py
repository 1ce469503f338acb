"""One Mixtral decoder layer over weights as they lie on disk.

Written like transformers' modeling_mixtral.py, with two differences: every Linear reports
its inputs to an observer, and weights stay in the checkpoint's dtype while all arithmetic is
float32, so that masks do not depend on how a device rounds bfloat16.
"""

from collections.abc import Callable

import torch
from torch.nn import functional

from stun.families import Family, ModelConfig
from stun.model.rotary import apply_rotary, rotary_embedding

Observe = Callable[[tuple[str, ...], torch.Tensor], None]


def ignore(names: tuple[str, ...], inputs: torch.Tensor) -> None:
    """The observer of a pass that gathers nothing."""


def linear(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return functional.linear(x, weight.to(x.dtype))


def rms_norm(hidden_states: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    variance = hidden_states.pow(2).mean(-1, keepdim=True)
    return weight.to(hidden_states.dtype) * (hidden_states * torch.rsqrt(variance + eps))


class MixtralDecoderLayer:
    def __init__(
        self, config: ModelConfig, family: Family, weights: dict[str, torch.Tensor]
    ) -> None:
        self.config = config
        self.family = family
        self.weights = weights
        self.num_experts = len(weights[family.router])

    def forward(self, hidden_states: torch.Tensor, observe: Observe = ignore) -> torch.Tensor:
        """[batch, length, hidden] to the same shape."""
        eps = self.config.norm_eps
        normed = rms_norm(hidden_states, self.weights["input_layernorm.weight"], eps)
        hidden_states = hidden_states + self.self_attn(normed, observe)
        normed = rms_norm(hidden_states, self.weights["post_attention_layernorm.weight"], eps)
        flat = normed.view(-1, normed.shape[-1])
        return hidden_states + self.sparse_moe(flat, observe).view_as(hidden_states)

    def self_attn(self, hidden_states: torch.Tensor, observe: Observe) -> torch.Tensor:
        q_name, k_name, v_name, o_name = self.family.attention_matrices
        observe((q_name, k_name, v_name), hidden_states)
        length = hidden_states.shape[1]
        cos, sin = rotary_embedding(
            length, self.config.head_dim, self.config.rope_theta, hidden_states.device
        )
        query = apply_rotary(self._heads(hidden_states, q_name), cos, sin)
        key = apply_rotary(self._heads(hidden_states, k_name), cos, sin)
        value = self._heads(hidden_states, v_name)
        mask = self._window(length, hidden_states.device)
        output = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=mask is None, enable_gqa=True
        )
        output = output.transpose(1, 2).flatten(2)
        observe((o_name,), output)
        return linear(output, self.weights[o_name])

    def _heads(self, hidden_states: torch.Tensor, name: str) -> torch.Tensor:
        states = linear(hidden_states, self.weights[name])
        return states.view(*states.shape[:-1], -1, self.config.head_dim).transpose(1, 2)

    def _window(self, length: int, device: torch.device) -> torch.Tensor | None:
        """The causal mask of sliding attention; None where the window covers everything."""
        window = self.config.sliding_window
        if window is None or window >= length:
            return None
        positions = torch.arange(length, device=device)
        distance = positions[:, None] - positions[None, :]
        return (distance >= 0) & (distance < window)

    def route(self, hidden_states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights and indices [tokens, top_k] of the experts that serve each token."""
        router_logits = linear(hidden_states, self.weights[self.family.router])
        router_probs = functional.softmax(router_logits, dim=-1)
        top_k_weights, top_k_index = torch.topk(router_probs, self.config.top_k, dim=-1)
        return top_k_weights / top_k_weights.sum(dim=-1, keepdim=True), top_k_index

    def sparse_moe(self, hidden_states: torch.Tensor, observe: Observe) -> torch.Tensor:
        top_k_weights, top_k_index = self.route(hidden_states)
        # Each (token, choice) has its own row: adding into shared rows would leave the order
        # of the sum, and so its last bits, to the device.
        outputs = hidden_states.new_zeros(*top_k_index.shape, hidden_states.shape[-1])
        for expert in range(self.num_experts):
            token, choice = torch.where(top_k_index == expert)
            if len(token):
                states = self.expert(expert, hidden_states[token], observe)
                outputs[token, choice] = states * top_k_weights[token, choice, None]
        return outputs.sum(dim=1)

    def expert(self, index: int, states: torch.Tensor, observe: Observe) -> torch.Tensor:
        gate_name, down_name, up_name = self.family.expert_names(index)
        observe((gate_name, up_name), states)
        gate = functional.silu(linear(states, self.weights[gate_name]))
        states = gate * linear(states, self.weights[up_name])
        observe((down_name,), states)
        return linear(states, self.weights[down_name])
