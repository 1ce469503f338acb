"""A model as it lies in storage: configuration, tensors by name, and the files beside them.

What the model's parts are is settled by opening.py; here they are only held and read.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from stun.families import Family, ModelConfig
from stun.model.skeleton import Skeleton
from stun.safetensors_io import TensorInfo, to_tensor
from stun.storage import ObjectInfo, Storage

# Adjacent tensors are read together, up to this size, to spare requests.
LONGEST_READ = 256 << 20


@dataclass(frozen=True)
class Checkpoint:
    storage: Storage
    raw_config: dict[str, Any]
    config: ModelConfig
    # None for a dense model of a family without a row: it can be inspected, not pruned.
    skeleton: Skeleton | None
    tensors: dict[str, TensorInfo]
    shards: dict[str, ObjectInfo]
    companions: dict[str, ObjectInfo]

    @property
    def family(self) -> Family | None:
        return self.skeleton.family if self.skeleton else None

    @property
    def uri(self) -> str:
        return self.storage.uri

    @cached_property
    def by_layer(self) -> dict[int, list[str]]:
        """Names of tensors by the layer they belong to, found in one look at all of them."""
        found: dict[int, list[str]] = {}
        family = self.family
        if family is not None:
            pattern = re.compile(family.layer_pattern)
            for name in self.tensors:
                if match := pattern.match(name):
                    found.setdefault(int(match[1]), []).append(name)
        return found

    @property
    def layer_bytes(self) -> int:
        """Of one decoder layer, on average."""
        return sum(info.nbytes for info in self.tensors.values()) // self.config.layers

    def objects(self) -> list[ObjectInfo]:
        """All objects that the model consists of, sorted by name."""
        found = [*self.shards.values(), *self.companions.values()]
        return sorted(found, key=lambda info: info.name)

    def read(self, names: list[str]) -> dict[str, torch.Tensor]:
        """Tensors by name, each read exactly once."""
        wanted = sorted((self.tensors[name] for name in names), key=lambda t: (t.shard, t.start))
        found: dict[str, torch.Tensor] = {}
        for run in adjacent_runs(wanted):
            start = run[0].start
            length = run[-1].start + run[-1].nbytes - start
            buffer = self.storage.read(self.shards[run[0].shard], start, length)
            found |= {info.name: to_tensor(buffer, info.start - start, info) for info in run}
        return found


def adjacent_runs(wanted: list[TensorInfo]) -> list[list[TensorInfo]]:
    """Groups sorted tensors that lie next to each other into reads."""
    runs: list[list[TensorInfo]] = []
    for info in wanted:
        last = runs[-1] if runs else []
        joins = (
            bool(last)
            and last[-1].shard == info.shard
            and last[-1].start + last[-1].nbytes == info.start
            and info.start + info.nbytes - last[0].start <= LONGEST_READ
        )
        if joins:
            last.append(info)
        else:
            runs.append([info])
    return runs
