"""Opens a model: reads the listing, the index and the headers, and checks that they agree.

No weight is read. A checkpoint that lies is refused here, before any GPU time is spent on it.
"""

import json
import re
from typing import Any

from stun.checkpoint import Checkpoint
from stun.errors import StunError
from stun.families import Family, ModelConfig, family_of, is_moe, read_config
from stun.model.skeleton import Skeleton
from stun.safetensors_io import TensorInfo, corrupt, header_length, parse_header
from stun.storage import ObjectInfo, Storage, open_storage

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
FLOATS = {"F32", "F16", "BF16"}
COMPANION_SUFFIXES = (".json", ".txt", ".model", ".jinja", ".py", ".md", ".tiktoken")
COMPANION_PREFIXES = ("LICENSE", "NOTICE", "USE_POLICY", "additional_chat_templates/")


def open_checkpoint(uri: str, needs_experts: bool = False) -> Checkpoint:
    storage = open_storage(uri, "model")
    listing = {info.name: info for info in storage.objects()}
    if not listing:
        raise StunError("ModelNotFound", f"{uri} holds no objects; check spec.model.uri.")
    raw = read_json(storage, listing, "config.json")
    family = family_of(raw, uri)
    config = read_config(raw, uri, family)
    if needs_experts and not is_moe(raw):
        raise StunError(
            "NotMoE",
            f"{uri} is no mixture-of-experts model, so no experts can be removed from it; "
            "give a MoE model, or targetSparsity alone for zeros in its weights.",
        )
    shards = find_shards(storage, listing)
    tensors = read_headers(storage, shards)
    check_index(storage, listing, tensors)
    companions = {name: info for name, info in listing.items() if is_companion(name)}
    skeleton = None
    if family is not None:
        check_layer_count(uri, family, config, tensors)
        skeleton = Skeleton(raw, family, uri)
        check_tensors(uri, skeleton, tensors)
    return Checkpoint(storage, raw, config, skeleton, tensors, shards, companions)


def is_companion(name: str) -> bool:
    """Whether an object belongs to the model though it holds no weights."""
    if name == INDEX or name.startswith(("stun-", ".")) or name.endswith(".index.json"):
        return False
    if "/" in name and not name.startswith(COMPANION_PREFIXES):
        return False
    return name.endswith(COMPANION_SUFFIXES) or name.startswith(COMPANION_PREFIXES)


def read_json(storage: Storage, listing: dict[str, ObjectInfo], name: str) -> dict[str, Any]:
    if name not in listing:
        raise StunError("ModelCorrupt", f"{storage.uri} has no {name}; give a model's own folder.")
    try:
        found = json.loads(storage.read_all(listing[name]))
    except ValueError as error:
        raise corrupt(f"{name} of {storage.uri} is no JSON ({error})") from error
    if not isinstance(found, dict):
        raise corrupt(f"{name} of {storage.uri} is no JSON object")
    return found


def find_shards(storage: Storage, listing: dict[str, ObjectInfo]) -> dict[str, ObjectInfo]:
    """The weight files: those that the index names, else the single file."""
    if INDEX not in listing:
        if SINGLE in listing:
            return {SINGLE: listing[SINGLE]}
        raise StunError(
            "ModelCorrupt",
            f"{storage.uri} has neither {INDEX} nor {SINGLE}; only safetensors are read, "
            "convert the weights to safetensors first.",
        )
    names = sorted({str(name) for name in weight_map(storage, listing).values()})
    for name in names:
        if name not in listing:
            raise corrupt(f"{storage.uri} lacks {name}, which its index names")
    return {name: listing[name] for name in names}


def weight_map(storage: Storage, listing: dict[str, ObjectInfo]) -> dict[str, str]:
    found = read_json(storage, listing, INDEX).get("weight_map")
    if not isinstance(found, dict):
        raise corrupt(f"{INDEX} of {storage.uri} has no weight_map")
    return found


def read_headers(storage: Storage, shards: dict[str, ObjectInfo]) -> dict[str, TensorInfo]:
    tensors: dict[str, TensorInfo] = {}
    for name, info in shards.items():
        where = f"{storage.uri.rstrip('/')}/{name}"
        length = header_length(bytes(storage.read(info, 0, min(8, info.size))), info.size, where)
        for tensor in parse_header(bytes(storage.read(info, 8, length)), info.size, name, where):
            if tensor.name in tensors:
                raise corrupt(f"{storage.uri} holds tensor {tensor.name} twice")
            tensors[tensor.name] = tensor
    return tensors


def check_index(
    storage: Storage, listing: dict[str, ObjectInfo], tensors: dict[str, TensorInfo]
) -> None:
    """The index and the headers must say the same of every tensor."""
    if INDEX not in listing:
        return
    said = weight_map(storage, listing)
    real = {name: info.shard for name, info in tensors.items()}
    wrong = sorted(name for name in said.keys() | real.keys() if said.get(name) != real.get(name))
    if wrong:
        raise corrupt(f"{INDEX} of {storage.uri} does not match the weight files at {wrong[0]}")


def check_layer_count(
    uri: str, family: Family, config: ModelConfig, tensors: dict[str, TensorInfo]
) -> None:
    """Before a model of so many layers is made."""
    pattern = re.compile(family.layer_pattern)
    found = {int(match[1]) for name in tensors if (match := pattern.match(name))}
    if not family.further_layers and len(found) > config.layers:
        raise corrupt(f"{uri} has {len(found)} layers where config.json says {config.layers}")
    missing = next((index for index in range(config.layers) if index not in found), None)
    if missing is not None:
        raise corrupt(
            f"{uri} lacks {family.layer(missing)}: it has {len(found)} layers where config.json "
            f"says {config.layers}"
        )


def required(skeleton: Skeleton) -> dict[str, tuple[int, ...]]:
    """Every weight that the model must have, with its shape."""
    shapes = skeleton.outer_shapes()
    for index in range(len(skeleton.layers)):
        prefix = skeleton.family.layer(index)
        shapes |= {prefix + name: shape for name, shape in skeleton.shapes(index).items()}
    return shapes


def is_expert_part(skeleton: Skeleton, name: str) -> bool:
    """Whether the tensor belongs to experts of one of the model's own layers.

    Of layers that predict further tokens nothing is known beforehand.
    """
    match = re.match(skeleton.family.layer_pattern, name)
    if match is None or int(match[1]) >= len(skeleton.layers):
        return False
    return skeleton.family.is_expert_part(name[match.end() :])


def check_tensors(uri: str, skeleton: Skeleton, tensors: dict[str, TensorInfo]) -> None:
    """Every weight of the family is there, in the shape that config.json says, not quantised."""
    shapes = required(skeleton)
    for name, shape in shapes.items():
        info = tensors.get(name)
        if info is None:
            raise corrupt(f"{uri} lacks tensor {name}")
        if info.dtype not in FLOATS:
            raise StunError(
                "QuantizedModel",
                f"{name} of {uri} is {info.dtype}, and only {', '.join(sorted(FLOATS))} can be "
                "pruned; prune the original and quantise the result.",
            )
        if info.shape != shape:
            raise corrupt(
                f"{name} of {uri} has shape {list(info.shape)} where config.json means "
                f"{list(shape)}"
            )
    for name in sorted(tensors.keys() - shapes.keys()):
        if is_expert_part(skeleton, name):
            raise corrupt(f"{uri} holds tensor {name}, which no expert that config.json means has")
