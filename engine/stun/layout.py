"""Where every tensor of the result will lie, decided before the first one is written.

A safetensors file begins with a header that names all its tensors, so a file can only be
streamed when its contents are planned. Files close at layer boundaries.
"""

import re
from dataclasses import dataclass

from stun.checkpoint import Checkpoint
from stun.experts.reduce import is_expert_part
from stun.families import Family
from stun.layers import layer_names
from stun.safetensors_io import TensorSpec, corrupt, encode_header

SHARD_BYTES = 5_000_000_000
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


def output_units(checkpoint: Checkpoint, family: Family, experts: int) -> list[list[TensorSpec]]:
    """What may not be split over files, in writing order: embedding, each layer, the rest."""
    layers = [
        layer_specs(checkpoint, family, index, experts) for index in range(checkpoint.config.layers)
    ]
    first = [source_spec(checkpoint, family.embedding)]
    rest = [source_spec(checkpoint, name) for name in rest_names(checkpoint, family)]
    return [first, *layers, rest]


def rest_names(checkpoint: Checkpoint, family: Family) -> list[str]:
    """What belongs to no layer and is not the embedding: written last."""
    inside = {
        name
        for index in range(checkpoint.config.layers)
        for name in layer_names(checkpoint, family, index)
    }
    return sorted(checkpoint.tensors.keys() - inside - {family.embedding})


def source_spec(checkpoint: Checkpoint, name: str) -> TensorSpec:
    info = checkpoint.tensors[name]
    return TensorSpec(name, info.dtype, info.shape)


def layer_specs(
    checkpoint: Checkpoint, family: Family, index: int, experts: int
) -> list[TensorSpec]:
    """The layer's tensors as published: fewer experts, fewer router rows, all else as it was."""
    prefix = family.layer(index)
    names = sorted(layer_names(checkpoint, family, index))
    specs = [
        source_spec(checkpoint, name)
        for name in names
        if not is_expert_part(name.removeprefix(prefix), family)
    ]
    router = checkpoint.tensors[prefix + family.router]
    specs.append(TensorSpec(router.name, router.dtype, (experts, *router.shape[1:])))
    check_one_dtype(checkpoint, family, prefix)
    for expert in range(experts):
        specs += [source_spec(checkpoint, prefix + name) for name in family.expert_names(expert)]
    return specs


def check_one_dtype(checkpoint: Checkpoint, family: Family, prefix: str) -> None:
    """Any expert may become any other's number, so all of a layer must have one dtype."""
    names = [
        prefix + name
        for expert in range(checkpoint.config.experts)
        for name in family.expert_names(expert)
    ]
    dtypes = sorted({checkpoint.tensors[name].dtype for name in names})
    if len(dtypes) > 1:
        raise corrupt(f"{prefix}experts of {checkpoint.uri} mix the dtypes {', '.join(dtypes)}")


def plan_shards(units: list[list[TensorSpec]]) -> list[Shard]:
    """Whole units gathered into files of about SHARD_BYTES."""
    groups: list[list[TensorSpec]] = [[]]
    for unit in units:
        size = sum(spec.nbytes for spec in groups[-1]) + sum(spec.nbytes for spec in unit)
        if groups[-1] and size > SHARD_BYTES:
            groups.append([])
        groups[-1].extend(unit)
    names = [shard_name(number, len(groups)) for number in range(1, len(groups) + 1)]
    return [Shard(name, group) for name, group in zip(names, groups, strict=True)]


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
