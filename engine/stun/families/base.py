"""The shape of a family's row and of the configuration that every family yields."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["experts", "routers", "attention", "embeddings", "other"]


@dataclass(frozen=True)
class ModelConfig:
    """What config.json says, under one name for every family; a dense model has 0 experts."""

    architecture: str
    hidden_size: int
    intermediate_size: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab_size: int
    max_positions: int
    experts: int
    top_k: int
    tied: bool
    norm_eps: float
    rope_theta: float
    sliding_window: int | None


@dataclass(frozen=True)
class Family:
    """One row of the table: how a family names on disk what the algorithms need."""

    name: str
    architecture: str
    experts_key: str
    layer_prefix: str
    router: str
    expert_prefix: str
    expert_matrices: tuple[str, ...]
    attention_matrices: tuple[str, ...]
    embedding: str
    final_norm: str
    head: str

    def layer(self, index: int) -> str:
        return self.layer_prefix.format(layer=index)

    def expert(self, index: int) -> str:
        return self.expert_prefix.format(expert=index)

    def expert_names(self, index: int) -> list[str]:
        return [self.expert(index) + matrix for matrix in self.expert_matrices]

    def prunable_names(self, experts: int) -> list[str]:
        """The decoder Linears without the router, relative to their layer."""
        names = list(self.attention_matrices)
        for expert in range(experts):
            names += self.expert_names(expert)
        return names

    def required(self, config: ModelConfig) -> dict[str, tuple[int, ...]]:
        """Every weight that the family's model must have, with its shape."""
        shapes = {
            self.embedding: (config.vocab_size, config.hidden_size),
            self.final_norm: (config.hidden_size,),
        }
        if not config.tied:
            shapes[self.head] = (config.vocab_size, config.hidden_size)
        for layer in range(config.layers):
            for name, shape in self.layer_shapes(config, config.experts).items():
                shapes[self.layer(layer) + name] = shape
        return shapes

    def layer_shapes(self, config: ModelConfig, experts: int) -> dict[str, tuple[int, ...]]:
        """The weights of one decoder layer with this many experts."""
        raise NotImplementedError
