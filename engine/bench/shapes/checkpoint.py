"""Writes a model of a shape as its publisher would: shards, index, config.json.

Sparse: the headers are real and the weights are a hole in the file, so that a model of a
terabyte takes a few megabytes of disk. Random: real weights, drawn tensor by tensor, the
same for one seed whatever the sharding, with no more than one block in memory.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import torch

from bench.shapes.table import Model
from stun.safetensors_io import TensorSpec, encode_header, to_bytes

SHARD_BYTES = 5_000_000_000
BLOCK_ELEMENTS = 1 << 24
INDEX = "model.safetensors.index.json"
# What transformers' initialisation of these families uses.
DEVIATION = 0.02


def specs(model: Model) -> list[TensorSpec]:
    """DeepSeek keeps the router's correction in float32 beside its other weights."""
    return [
        TensorSpec(name, "F32" if name.endswith("e_score_correction_bias") else "BF16", shape)
        for name, shape in model.shapes().items()
    ]


def shards(tensors: list[TensorSpec]) -> list[list[TensorSpec]]:
    """In order, each as full as the limit allows."""
    found: list[list[TensorSpec]] = [[]]
    size = 0
    for spec in tensors:
        if found[-1] and size + spec.nbytes > SHARD_BYTES:
            found.append([])
            size = 0
        found[-1].append(spec)
        size += spec.nbytes
    return found


def write_sparse(model: Model, folder: Path) -> int:
    """Bytes of weights that the files claim to hold."""
    groups = prepare(model, folder)
    for name, group in groups.items():
        with (folder / name).open("wb") as file:
            header = encode_header(group)
            file.write(header)
            file.truncate(len(header) + sum(spec.nbytes for spec in group))
    return sum(spec.nbytes for group in groups.values() for spec in group)


def write_random(model: Model, folder: Path, seed: int) -> int:
    """Bytes of weights that were written."""
    groups = prepare(model, folder)
    for name, group in groups.items():
        with (folder / name).open("wb") as file:
            file.write(encode_header(group))
            for spec in group:
                write_tensor(file, spec, seed)
    return sum(spec.nbytes for group in groups.values() for spec in group)


def prepare(model: Model, folder: Path) -> dict[str, list[TensorSpec]]:
    """Writes config.json and the index; the tensors of each file that has yet to be written."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = shards(specs(model))
    groups = {
        f"model-{number:05d}-of-{len(parts):05d}.safetensors": part
        for number, part in enumerate(parts, 1)
    }
    total = sum(spec.nbytes for part in parts for spec in part)
    weight_map = {spec.name: name for name, part in groups.items() for spec in part}
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / INDEX).write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps(model.config, indent=2) + "\n")
    return groups


def write_tensor(file: BinaryIO, spec: TensorSpec, seed: int) -> None:
    for block in blocks(spec, seed):
        file.write(to_bytes(block))


def blocks(spec: TensorSpec, seed: int) -> Iterator[torch.Tensor]:
    """Norms are one, so that depth changes no scale; all else is normally distributed."""
    dtype = torch.float32 if spec.dtype == "F32" else torch.bfloat16
    digest = hashlib.sha256(f"{seed}/{spec.name}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:6], "little"))
    left = math.prod(spec.shape)
    while left:
        count = min(left, BLOCK_ELEMENTS)
        if spec.name.endswith("norm.weight"):
            yield torch.ones(count, dtype=dtype)
        else:
            yield (torch.randn(count, generator=generator) * DEVIATION).to(dtype)
        left -= count
