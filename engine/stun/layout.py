"""Where every tensor of the result will lie, decided before the first one is written.

A safetensors file begins with a header that names all its tensors, so a file can only be
streamed when its contents are planned. A file holds one layer, or what lies before or after
the layers: a finished layer is then a finished file, and a killed run goes on behind it.
"""

import re
from dataclasses import dataclass

from stun.checkpoint import Checkpoint
from stun.families import Family
from stun.safetensors_io import TensorSpec, corrupt, encode_header

# More than the largest published models have.
MOST_SHARDS = 256
SHARD_NAME = re.compile(r"model-\d{5}-of-(\d{5})\.safetensors")


@dataclass(frozen=True)
class Shard:
    name: str
    tensors: list[TensorSpec]

    @property
    def nbytes(self) -> int:
        return len(encode_header(self.tensors)) + sum(spec.nbytes for spec in self.tensors)


def plan_shards(checkpoint: Checkpoint, family: Family, experts: int) -> list[Shard]:
    """A file for the embedding, each layer and the rest, in writing order."""
    first = [source_spec(checkpoint, family.embedding)]
    layers = [
        layer_specs(checkpoint, family, index, experts) for index in layer_indices(checkpoint)
    ]
    rest = [source_spec(checkpoint, name) for name in rest_names(checkpoint, family)]
    units = [unit for unit in (first, *layers, rest) if unit]
    names = [shard_name(number, len(units)) for number in range(1, len(units) + 1)]
    return [Shard(name, unit) for name, unit in zip(names, units, strict=True)]


def layer_indices(checkpoint: Checkpoint) -> list[int]:
    """All layers on disk: behind the model's own may lie those that predict further tokens.

    DeepSeek-V3 (section 2.2) stores its multi-token-prediction module as one more layer.
    """
    return sorted(checkpoint.by_layer)


def rest_names(checkpoint: Checkpoint, family: Family) -> list[str]:
    """What belongs to no layer and is not the embedding: written last."""
    inside = {name for names in checkpoint.by_layer.values() for name in names}
    return sorted(checkpoint.tensors.keys() - inside - {family.embedding})


def source_spec(checkpoint: Checkpoint, name: str) -> TensorSpec:
    info = checkpoint.tensors[name]
    return TensorSpec(name, info.dtype, info.shape)


def layer_specs(
    checkpoint: Checkpoint, family: Family, index: int, experts: int
) -> list[TensorSpec]:
    """The layer's tensors as published: fewer experts, fewer router rows, all else as it was."""
    prefix = family.layer(index)
    names = sorted(checkpoint.by_layer[index])
    if prefix + family.router not in checkpoint.tensors:
        return [source_spec(checkpoint, name) for name in names]
    kept = [name for name in names if not family.is_expert_part(name.removeprefix(prefix))]
    specs = [source_spec(checkpoint, name) for name in kept]
    # A layer that predicts further tokens may lack what those of the model must have.
    rows = [prefix + name for name in family.row_tensors if prefix + name in checkpoint.tensors]
    specs += [cut_spec(checkpoint, name, experts) for name in rows]
    check_one_dtype(checkpoint, family, prefix)
    return specs + expert_specs(checkpoint, family, prefix, experts)


def cut_spec(checkpoint: Checkpoint, name: str, experts: int) -> TensorSpec:
    """A tensor whose first dimension counts experts."""
    info = checkpoint.tensors[name]
    return TensorSpec(name, info.dtype, (experts, *info.shape[1:]))


def expert_specs(
    checkpoint: Checkpoint, family: Family, prefix: str, experts: int
) -> list[TensorSpec]:
    found: dict[str, TensorSpec] = {}
    for expert in range(experts):
        for slot in family.expert_slots(expert):
            name = prefix + slot.tensor
            if slot.entry is None:
                found[name] = source_spec(checkpoint, name)
            else:
                found[name] = cut_spec(checkpoint, name, experts)
    return list(found.values())


def check_one_dtype(checkpoint: Checkpoint, family: Family, prefix: str) -> None:
    """Any expert may become any other's number, so all of a layer must have one dtype."""
    names = {
        prefix + slot.tensor
        for expert in range(checkpoint.config.experts)
        for slot in family.expert_slots(expert)
    }
    dtypes = sorted({checkpoint.tensors[name].dtype for name in names})
    if len(dtypes) > 1:
        raise corrupt(f"{prefix}experts of {checkpoint.uri} mix the dtypes {', '.join(dtypes)}")


def shard_name(number: int, count: int) -> str:
    return f"model-{number:05d}-of-{count:05d}.safetensors"


def unfinished_names(finished: list[str]) -> list[str]:
    """Which file a run that was killed may have been writing, from those it had finished.

    A finished file tells how many there are to be. Without one it was the first of a number
    that only the recipe would tell.
    """
    counts = [int(match[1]) for name in finished if (match := SHARD_NAME.fullmatch(name))]
    if counts:
        return [shard_name(number, counts[0]) for number in range(1, counts[0] + 1)]
    return [shard_name(1, count) for count in range(1, MOST_SHARDS + 1)]
