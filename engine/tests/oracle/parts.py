"""The parts of a transformers model that the definitions speak of."""

from typing import Any

import torch
from torch import nn

# Stored as [in, out]; in every other family a matrix is [out, in].
TRANSPOSED = ("GptOssExperts", "Llama4TextExperts")


def layers_of(model: Any) -> list[nn.Module]:
    """The decoder layers, wherever a multimodal model keeps its language model."""
    return next(
        list(part.layers)
        for part in model.modules()
        if hasattr(part, "layers") and hasattr(part, "embed_tokens")
    )


def block_of(layer: nn.Module) -> Any:
    """The mixture of experts of a layer; None in a dense one."""
    return next((part for part in layer.modules() if hasattr(part, "experts")), None)


def router_of(block: Any) -> Any:
    return block.gate if hasattr(block, "gate") else block.router


def expert_matrix(experts: Any, name: str, expert: int) -> torch.Tensor:
    """[out, in]; writing to it writes to the model."""
    found: torch.Tensor = getattr(experts, name).data[expert]
    return found.T if type(experts).__name__ in TRANSPOSED else found


def matrices(layer: nn.Module) -> dict[str, torch.Tensor]:
    """All that may be pruned: Linears, which routers are not, and the experts' matrices."""
    found = {n: m.weight.data for n, m in layer.named_modules() if type(m) is nn.Linear}
    block = block_of(layer)
    for expert in range(block.experts.num_experts if block is not None else 0):
        for name in ("gate_up_proj", "down_proj"):
            found[f"{name}.{expert}"] = expert_matrix(block.experts, name, expert)
    return found


def parameters(model: Any) -> int:
    return sum(m.numel() for layer in layers_of(model) for m in matrices(layer).values())
