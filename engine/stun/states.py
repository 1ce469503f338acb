"""Stores the hidden states between two layers: all that a run needs to go on from there."""

import hashlib

import torch

from stun.flow import Flow
from stun.safetensors_io import (
    TensorSpec,
    encode_header,
    header_length,
    parse_header,
    to_bytes,
    to_tensor,
)
from stun.storage import Storage


def state_bytes(flows: dict[str, Flow]) -> int:
    return sum(flow.hidden.nbytes for flow in flows.values())


def write_states(storage: Storage, name: str, flows: dict[str, Flow]) -> str:
    """One object in the safetensors format, under its name once it is whole; its SHA-256."""
    specs = [TensorSpec(key, "F32", tuple(flow.hidden.shape)) for key, flow in flows.items()]
    header = encode_header(specs)
    size = len(header) + sum(spec.nbytes for spec in specs)
    digest = hashlib.sha256(header)
    with storage.writer(name, size) as out:
        out.write(header)
        for flow in flows.values():
            data = to_bytes(flow.hidden)
            digest.update(data)
            out.write(data)
    return digest.hexdigest()


def read_states(storage: Storage, name: str) -> dict[str, torch.Tensor]:
    """What write_states stored under this name; a journal was read, so it was whole then."""
    info = storage.find(name)
    if info is None:
        raise storage.fault(
            "unavailable", f"{storage.place(name)} is gone; the run is retried without it."
        )
    length = header_length(bytes(storage.read(info, 0, 8)), info.size, name)
    header = bytes(storage.read(info, 8, length))
    return {
        tensor.name: to_tensor(storage.read(info, tensor.start, tensor.nbytes), 0, tensor)
        for tensor in parse_header(header, info.size, name, name)
    }


def restore_states(flows: dict[str, Flow], states: dict[str, torch.Tensor]) -> None:
    for key, flow in flows.items():
        flow.hidden.copy_(states[key])
