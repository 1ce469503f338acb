"""Snowflake Arctic whole and naive: what the engine's own Arctic must equal.

It imports nothing of the engine and none of transformers' modules. Its parts are called as the
oracle looks for them, and `from_pretrained` reads a checkpoint by the published names.
"""

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional


class Config(SimpleNamespace):
    def get_text_config(self) -> Self:
        return self

    def to_dict(self) -> dict[str, Any]:
        return vars(self)


class Norm(nn.Module):
    def __init__(self, config: Any) -> None:
        super().__init__()
        self.eps = config.rms_norm_eps
        self.weight = nn.Parameter(torch.ones(config.hidden_size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight * (x / torch.sqrt(x.pow(2).mean(dim=-1, keepdim=True) + self.eps))


def rotate(x: torch.Tensor, theta: float) -> torch.Tensor:
    """x [batch, heads, length, dim], by explicit 2 x 2 rotations of (i, i + dim / 2)."""
    length, dim = x.shape[-2:]
    rates = torch.tensor([theta ** (-2 * i / dim) for i in range(dim // 2)])
    angle = torch.arange(length).float()[:, None] * rates[None, :]
    first, second = x[..., : dim // 2], x[..., dim // 2 :]
    turned = [first * angle.cos() - second * angle.sin()]
    turned.append(second * angle.cos() + first * angle.sin())
    return torch.cat(turned, dim=-1)


class Attention(nn.Module):
    def __init__(self, config: Any) -> None:
        super().__init__()
        self.theta = config.rope_theta
        self.dim = config.hidden_size // config.num_attention_heads
        keys = config.num_key_value_heads * self.dim
        self.q_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.k_proj = nn.Linear(config.hidden_size, keys, bias=False)
        self.v_proj = nn.Linear(config.hidden_size, keys, bias=False)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)

    def heads(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(*x.shape[:2], -1, self.dim).transpose(1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q = rotate(self.heads(self.q_proj(x)), self.theta)
        k = rotate(self.heads(self.k_proj(x)), self.theta)
        v = self.heads(self.v_proj(x))
        copies = q.shape[1] // k.shape[1]
        k, v = k.repeat_interleave(copies, dim=1), v.repeat_interleave(copies, dim=1)
        scores = q @ k.transpose(2, 3) / math.sqrt(self.dim)
        future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        mixed = scores.masked_fill(future, float("-inf")).softmax(dim=-1) @ v
        found: torch.Tensor = self.o_proj(mixed.transpose(1, 2).reshape(x.shape))
        return found


class Mlp(nn.Module):
    def __init__(self, hidden: int, inner: int) -> None:
        super().__init__()
        self.w1 = nn.Linear(hidden, inner, bias=False)
        self.w2 = nn.Linear(inner, hidden, bias=False)
        self.w3 = nn.Linear(hidden, inner, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.w2(functional.silu(self.w1(x)) * self.w3(x))
        return found


class Experts(nn.Module):
    """All experts of a layer in two tensors, run token by token."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        hidden, inner = config.hidden_size, config.intermediate_size
        self.num_experts = config.num_local_experts
        self.gate_up_proj = nn.Parameter(torch.empty(self.num_experts, 2 * inner, hidden))
        self.down_proj = nn.Parameter(torch.empty(self.num_experts, hidden, inner))
        self.act_fn = functional.silu

    def forward(self, x: torch.Tensor, index: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        out = torch.zeros_like(x)
        for token, (chosen, shares) in enumerate(zip(index.tolist(), weights, strict=True)):
            for expert, share in zip(chosen, shares, strict=True):
                gate, up = (self.gate_up_proj[expert] @ x[token]).chunk(2)
                out[token] += share * (self.down_proj[expert] @ (self.act_fn(gate) * up))
        return out


class Gate(nn.Module):
    def __init__(self, config: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(config.num_local_experts, config.hidden_size))


class Moe(nn.Module):
    def __init__(self, config: Any) -> None:
        super().__init__()
        self.top_k = config.num_experts_per_tok
        self.gate = Gate(config)
        self.experts = Experts(config)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.reshape(-1, x.shape[-1])
        shares = (flat @ self.gate.weight.T).softmax(dim=-1)
        weights, index = shares.sort(dim=-1, descending=True)
        weights, index = weights[:, : self.top_k], index[:, : self.top_k]
        if self.top_k > 1:
            weights = weights / weights.sum(dim=-1, keepdim=True)
        found: torch.Tensor = self.experts(flat, index, weights)
        return found.view(x.shape)


class Dense(nn.Module):
    """What a layer without experts has in their place."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.mlp = Mlp(config.hidden_size, config.intermediate_size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.mlp(x)
        return found


class Layer(nn.Module):
    def __init__(self, config: Any, index: int) -> None:
        super().__init__()
        sparse = (index + 1) % config.moe_layer_frequency == 0
        self.self_attn = Attention(config)
        self.input_layernorm, self.post_attention_layernorm = Norm(config), Norm(config)
        self.block_sparse_moe = Moe(config) if sparse else Dense(config)
        self.beside = sparse and config.parallel_attn_mlp_res
        if self.beside:
            self.residual_layernorm = Norm(config)
            self.residual_mlp = Mlp(config.hidden_size, config.hidden_size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        after: torch.Tensor = x + self.self_attn(self.input_layernorm(x))
        source = x if self.beside else after
        found: torch.Tensor = after + self.block_sparse_moe(self.post_attention_layernorm(source))
        if self.beside:
            found = found + self.residual_mlp(self.residual_layernorm(after))
        return found


class Decoder(nn.Module):
    def __init__(self, config: Any) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config, i) for i in range(config.num_hidden_layers))
        self.norm = Norm(config)


class NaiveArctic(nn.Module):
    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.model = Decoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    def forward(self, ids: torch.Tensor) -> SimpleNamespace:
        x = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x)
        return SimpleNamespace(logits=self.lm_head(self.model.norm(x)))

    def published(self) -> dict[str, torch.Tensor]:
        """The tensors under the names of the published checkpoint, each expert on its own."""
        found: dict[str, torch.Tensor] = {}
        for name, tensor in self.state_dict().items():
            prefix, _, fused = name.partition("experts.")
            for expert in range(len(tensor) if fused else 0):
                own = f"{prefix}experts.{expert}."
                if fused == "gate_up_proj":
                    w1, w3 = tensor[expert].chunk(2)
                    found |= {own + "w1.weight": w1.clone(), own + "w3.weight": w3.clone()}
                else:
                    found[own + "w2.weight"] = tensor[expert].clone()
            if not fused:
                found[name] = tensor
        return found

    def save_pretrained(self, path: Path) -> None:
        path.mkdir(parents=True)
        raw = {"architectures": ["ArcticForCausalLM"], "model_type": "arctic", **vars(self.config)}
        (path / "config.json").write_text(json.dumps(raw, indent=2))
        save_file(self.published(), path / "model.safetensors", metadata={"format": "pt"})

    @classmethod
    def from_pretrained(
        cls, path: Path, dtype: torch.dtype, output_loading_info: bool = False
    ) -> Any:
        """With the names that were there and not needed, or needed and not there."""
        stored: dict[str, torch.Tensor] = {}
        for file in Path(path).glob("*.safetensors"):
            stored |= load_file(file)
        model = cls(Config(**json.loads((Path(path) / "config.json").read_text()))).eval()
        model.load_state_dict({n: fused(n, t, stored) for n, t in model.state_dict().items()})
        wanted = model.published().keys()
        info = {"missing": wanted - stored.keys(), "unexpected": stored.keys() - wanted}
        return (model.to(dtype), info) if output_loading_info else model.to(dtype)


def fused(name: str, like: torch.Tensor, stored: dict[str, torch.Tensor]) -> torch.Tensor:
    """A tensor of the model from those of the checkpoint."""
    prefix, _, kind = name.partition("experts.")
    if not kind:
        return stored[name]
    parts = ("w1", "w3") if kind == "gate_up_proj" else ("w2",)
    return torch.stack(
        [
            torch.cat([stored[f"{prefix}experts.{expert}.{part}.weight"] for part in parts])
            for expert in range(len(like))
        ]
    )
