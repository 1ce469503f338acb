"""The shape of a family's row, and the few numbers of config.json that every family yields."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from stun.families.layouts import ExpertLayout, Linear, Slot

# Keys under which model families write the number of their experts.
EXPERT_KEYS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
Kind = Literal["experts", "routers", "attention", "embeddings", "other"]


@dataclass(frozen=True)
class ModelConfig:
    """What config.json says, under one name for every family; a dense model has 0 experts."""

    architecture: str
    hidden_size: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    kv_values_per_token: int
    vocab_size: int
    max_positions: int
    experts: int
    top_k: int
    expert_groups: int
    top_k_groups: int
    ranking_experts: int
    tied: bool


@dataclass(frozen=True)
class Family:
    """One row of the table: how an architecture names on disk what the algorithms need.

    Names of tensors are relative to their layer. `modules` says where transformers' modules
    are called otherwise than the tensors on disk: (prefix on disk, prefix of the module).
    A dense model's row has no experts.
    """

    architecture: str
    experts: ExpertLayout | None = None
    router: str = ""
    # Further tensors with one row an expert: router biases.
    router_vectors: tuple[str, ...] = ()
    # The best experts of a group whose scores the router adds to rank the group.
    ranking_experts: int = 1
    # Whether layers behind the model's own may lie in a checkpoint, to predict further tokens.
    further_layers: bool = False
    # The attribute of transformers' decoder layer that holds the experts.
    block: str = "mlp"
    modules: tuple[tuple[str, str], ...] = ()
    base: str = "model."
    head: str = "lm_head."
    # The key of config.json under which a multimodal model keeps its language model's.
    text_key: str = ""

    def text_config(self, raw: dict[str, Any]) -> dict[str, Any]:
        found = raw.get(self.text_key) if self.text_key else raw
        return found if isinstance(found, dict) else {}

    def with_experts(self, raw: dict[str, Any], experts: int) -> dict[str, Any]:
        """config.json for another number of experts; nothing else differs."""
        text = self.text_config(raw)
        edited = text | {key: experts for key in EXPERT_KEYS if key in text}
        return {**raw, self.text_key: edited} if self.text_key else edited

    @property
    def embedding(self) -> str:
        return self.base + "embed_tokens.weight"

    @property
    def final_norm(self) -> str:
        return self.base + "norm."

    def layer(self, index: int) -> str:
        return f"{self.base}layers.{index}."

    @property
    def layer_pattern(self) -> str:
        """Matches the beginning of a layer's tensors; its group is the layer's number."""
        return re.escape(self.base) + r"layers\.(\d+)\."

    def module_name(self, tensor: str) -> str:
        for disk, module in self.modules:
            if tensor.startswith(disk):
                return module + tensor.removeprefix(disk)
        return tensor

    def tensor_name(self, module: str) -> str:
        for disk, prefix in self.modules:
            if module.startswith(prefix):
                return disk + module.removeprefix(prefix)
        return module

    @property
    def row_tensors(self) -> tuple[str, ...]:
        """Tensors of the router: their first dimension counts experts."""
        return (self.router, *self.router_vectors) if self.experts else ()

    def expert_slots(self, expert: int) -> list[Slot]:
        return self.experts.slots(expert) if self.experts else []

    def expert_linears(self, expert: int) -> list[Linear]:
        return self.experts.linears(expert) if self.experts else []

    def is_expert_part(self, name: str) -> bool:
        """Whether removing experts changes this tensor."""
        layout = self.experts
        return layout is not None and (name in self.row_tensors or name.startswith(layout.prefix))
