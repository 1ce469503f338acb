"""STUN on a whole model in memory, as plain as the definitions: what the engine must equal.

It imports nothing of the engine. Where the engine is clever (streams, selects by k-th value,
merges rows of a matrix), this is naive (loads all, sorts all, compares all pairs).
"""

import math
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional
from transformers import MixtralConfig, MixtralForCausalLM

State = dict[str, torch.Tensor]
MOE = "block_sparse_moe"
PARTS = ("w1", "w2", "w3")
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")


@dataclass
class OracleResult:
    state: State
    kept: list[list[int]]
    config: MixtralConfig


def load_state(path: Path) -> State:
    state: State = {}
    for file in sorted(path.glob("*.safetensors")):
        state |= load_file(file)
    return state


def base_distance(rows: torch.Tensor) -> list[list[float]]:
    wide = rows.double()
    count = len(rows)
    raw = [
        [float((wide[i] - wide[j]).pow(2).sum().sqrt()) for j in range(count)] for i in range(count)
    ]
    off = [raw[i][j] for i in range(count) for j in range(count) if i != j]
    mean = sum(off) / len(off)
    return [[value / mean for value in line] for line in raw]


def cluster(rows: torch.Tensor, wanted: int) -> list[list[int]]:
    """Complete linkage by comparing all members of all pairs of clusters at every step."""
    distance = base_distance(rows)
    clusters = [[index] for index in range(len(rows))]
    while len(clusters) > wanted:
        best = min(
            combinations(clusters, 2),
            key=lambda pair: (
                max(distance[x][y] for x in pair[0] for y in pair[1]),
                min(pair[0]),
                min(pair[1]),
            ),
        )
        clusters = [c for c in clusters if c not in best] + [sorted(best[0] + best[1])]
        clusters.sort(key=min)
    return clusters


def flat_expert(state: State, layer: int, expert: int) -> torch.Tensor:
    prefix = f"model.layers.{layer}.{MOE}.experts.{expert}"
    return torch.cat([state[f"{prefix}.{part}.weight"].flatten() for part in PARTS]).double()


def nearest_to_mean(state: State, layer: int, members: list[int]) -> int:
    if len(members) == 2:
        return members[0]  # both are equally far from the middle
    flat = torch.stack([flat_expert(state, layer, member) for member in members])
    far = (flat - flat.mean(dim=0)).pow(2).sum(dim=1).tolist()
    return members[far.index(min(far))]


def reduce_layer(
    state: State, config: MixtralConfig, layer: int, wanted: int, reconstruct: bool
) -> tuple[State, list[int]]:
    base = f"model.layers.{layer}.{MOE}"
    rows = state[f"{base}.gate.weight"]
    new = {name: tensor for name, tensor in state.items() if not name.startswith(base + ".")}
    groups = {}
    for members in cluster(rows, wanted):
        chosen = members[0] if reconstruct else nearest_to_mean(state, layer, members)
        groups[chosen] = members if reconstruct else [chosen]
    kept = sorted(groups)
    for position, expert in enumerate(kept):
        for part in PARTS:
            parts = [state[f"{base}.experts.{m}.{part}.weight"].double() for m in groups[expert]]
            average = sum(parts, torch.zeros_like(parts[0])) / len(parts)
            new[f"{base}.experts.{position}.{part}.weight"] = average.to(rows.dtype)
    router = [torch.stack([rows[m].double() for m in groups[e]]).mean(dim=0) for e in kept]
    new[f"{base}.gate.weight"] = torch.stack(router).to(rows.dtype)
    return new, kept


def rms(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    return weight.float() * (x / torch.sqrt(x.pow(2).mean(dim=-1, keepdim=True) + eps))


def rotate(x: torch.Tensor, theta: float) -> torch.Tensor:
    """x [heads, length, dim], by explicit 2 x 2 rotations of (i, i + dim / 2)."""
    _, length, dim = x.shape
    half = dim // 2
    rates = torch.tensor([theta ** (-2 * i / dim) for i in range(half)])
    angle = torch.arange(length).float()[:, None] * rates[None, :]
    first, second = x[..., :half], x[..., half:]
    return torch.cat(
        [first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()],
        dim=-1,
    )


def attention(
    x: torch.Tensor, state: State, prefix: str, config: MixtralConfig, seen: State
) -> torch.Tensor:
    """One sequence [length, hidden]."""
    weight = {name: state[f"{prefix}.self_attn.{name}.weight"].float() for name in ATTENTION}
    for name in ("q_proj", "k_proj", "v_proj"):
        remember(seen, f"{prefix}.self_attn.{name}.weight", x)
    dim = config.hidden_size // config.num_attention_heads
    theta = 10000.0
    length = len(x)
    q = rotate((x @ weight["q_proj"].T).view(length, -1, dim).transpose(0, 1), theta)
    k = rotate((x @ weight["k_proj"].T).view(length, -1, dim).transpose(0, 1), theta)
    v = (x @ weight["v_proj"].T).view(length, -1, dim).transpose(0, 1)
    copies = len(q) // len(k)
    k, v = k.repeat_interleave(copies, dim=0), v.repeat_interleave(copies, dim=0)
    scores = q @ k.transpose(1, 2) / math.sqrt(dim)
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    mixed = scores.masked_fill(future, float("-inf")).softmax(dim=-1) @ v
    joined = mixed.transpose(0, 1).reshape(length, -1)
    remember(seen, f"{prefix}.self_attn.o_proj.weight", joined)
    return joined @ weight["o_proj"].T


def remember(seen: State, name: str, inputs: torch.Tensor) -> None:
    seen[name] = seen.get(name, torch.zeros(inputs.shape[1]).double()) + inputs.double().pow(2).sum(
        0
    )


def moe(
    x: torch.Tensor, state: State, prefix: str, config: MixtralConfig, seen: State
) -> torch.Tensor:
    probabilities = (x @ state[f"{prefix}.{MOE}.gate.weight"].float().T).softmax(dim=-1)
    top, index = probabilities.topk(config.num_experts_per_tok, dim=-1)
    top = top / top.sum(dim=-1, keepdim=True)
    out = torch.zeros_like(x)
    for expert in range(probabilities.shape[1]):
        share = (top * (index == expert)).sum(dim=-1)
        tokens = (index == expert).any(dim=-1)
        if not tokens.any():
            continue
        w1, w2, w3 = (f"{prefix}.{MOE}.experts.{expert}.{part}.weight" for part in PARTS)
        chosen = x[tokens]
        remember(seen, w1, chosen)
        remember(seen, w3, chosen)
        inner = functional.silu(chosen @ state[w1].float().T) * (chosen @ state[w3].float().T)
        remember(seen, w2, inner)
        out[tokens] += share[tokens, None] * (inner @ state[w2].float().T)
    return out


def decoder_layer(
    x: torch.Tensor, state: State, layer: int, config: MixtralConfig, seen: State
) -> torch.Tensor:
    prefix = f"model.layers.{layer}"
    eps = config.rms_norm_eps
    normed = rms(x, state[f"{prefix}.input_layernorm.weight"], eps)
    x = x + attention(normed, state, prefix, config, seen)
    normed = rms(x, state[f"{prefix}.post_attention_layernorm.weight"], eps)
    return x + moe(normed, state, prefix, config, seen)


def zero_smallest(weight: torch.Tensor, squares: torch.Tensor | None, share: float) -> torch.Tensor:
    """Sorts every row stably: equal scores keep their order, so the lower index goes first."""
    scores = weight.float().abs()
    if squares is not None:
        scores = scores * squares.sqrt().float()
    order = scores.sort(dim=1, stable=True).indices
    out = weight.clone()
    out.scatter_(1, order[:, : math.floor(weight.shape[1] * share + 1e-9)], 0)
    return out


def parameters(state: State) -> int:
    inside = [n for n in state if ".self_attn." in n or ".experts." in n]
    return sum(state[name].numel() for name in inside)


def oracle_prune(
    path: Path, ratio: float, target: float, method: str, ids: torch.Tensor, reconstruct: bool
) -> OracleResult:
    state = load_state(path)
    config = MixtralConfig.from_pretrained(path)
    before = parameters(state)
    wanted = config.num_local_experts - math.floor(config.num_local_experts * ratio + 0.5)
    kept = []
    for layer in range(config.num_hidden_layers):
        state, ids_kept = reduce_layer(state, config, layer, wanted, reconstruct)
        kept.append(ids_kept)
    share = 1 - (1 - target) * before / parameters(state)
    hidden = [state["model.embed_tokens.weight"][row].float() for row in ids]
    for layer in range(config.num_hidden_layers):
        hidden = prune_layer(state, config, layer, hidden, share, method)
    config.num_local_experts = wanted
    return OracleResult(state, kept, config)


def prune_layer(
    state: State,
    config: MixtralConfig,
    layer: int,
    hidden: list[torch.Tensor],
    share: float,
    method: str,
) -> list[torch.Tensor]:
    seen: State = {}
    for x in hidden:
        decoder_layer(x, state, layer, config, seen)
    prefix = f"model.layers.{layer}."
    for name in list(state):
        if name.startswith(prefix) and (".self_attn." in name or ".experts." in name):
            squares = seen.get(name) if method == "Wanda" else None
            state[name] = zero_smallest(state[name], squares, share)
    return [decoder_layer(x, state, layer, config, {}) for x in hidden]


def oracle_logits(result: OracleResult, ids: torch.Tensor) -> torch.Tensor:
    """Through transformers' own model, filled from the oracle's weights by its loader."""
    model = MixtralForCausalLM.from_pretrained(
        None, config=result.config, state_dict=result.state, dtype=torch.float32
    )
    with torch.no_grad():
        logits: torch.Tensor = model(ids).logits
    return logits
