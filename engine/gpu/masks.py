"""One layer with its statistics in a file, and the masks that a device makes of them.

The layers are chosen to be hard: bfloat16 weights, of which many are equal in size, and
experts that no token reached.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from bench.shapes.table import MODELS
from gpu.statistics_file import Masks, prune_from_file, save_statistics
from stun.families import Linear, Weights
from stun.families.table import FAMILIES
from stun.flow import Flow
from stun.model.skeleton import Skeleton
from stun.weights.statistics import InputStatistics

SPARSITY = 0.5
# A tensor for each matrix, and one for all experts, stored transposed.
CASES = ("olmoe-1b-7b", "gpt-oss-120b")
SIZES: dict[str, object] = {
    "vocab_size": 64,
    "hidden_size": 64,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "num_experts": 16,
    "num_local_experts": 16,
    "layer_types": ["sliding_attention", "full_attention"],
}
# Few tokens for so many experts: some are reached by none.
SEQUENCES, LENGTH = 2, 4


@dataclass(frozen=True)
class Layer:
    weights: Weights
    linears: list[Linear]
    statistics: Path

    @property
    def entries(self) -> int:
        return sum(linear.view(self.weights).numel() for linear in self.linears)


@torch.inference_mode()
def make_layer(model: str, path: Path) -> Layer:
    """A random layer of the model's kind; its statistics, gathered on the CPU, go to `path`."""
    published = MODELS[model].config
    config = {**published, **{key: size for key, size in SIZES.items() if key in published}}
    skeleton = Skeleton(config, FAMILIES[config["architectures"][0]], model)
    generator = torch.Generator().manual_seed(0)
    weights = {
        name: (torch.randn(shape, generator=generator) * 0.05).bfloat16()
        for name, shape in skeleton.shapes(0).items()
    }
    embedding = torch.randn(64, 64, generator=generator)
    ids = torch.randint(64, (SEQUENCES, LENGTH), generator=generator)
    statistics = InputStatistics()
    Flow(ids, embedding).observe(skeleton.fill(0, weights), statistics)
    save_statistics(statistics, path)
    return Layer(weights, skeleton.linears(0), path)


def masks(layer: Layer, method: str, device: torch.device) -> Masks:
    return prune_from_file(layer.weights, layer.linears, layer.statistics, method, SPARSITY, device)


def different(one: Masks, other: Masks) -> int:
    """Entries that are zero in one of them only."""
    assert one.keys() == other.keys()
    return sum(int((one[name] != other[name]).sum()) for name in one)
