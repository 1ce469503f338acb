"""Stores the hidden states between two layers: all that a run needs to go on from there."""

import torch

from stun.errors import StunError
from stun.flow import Flow
from stun.safetensors_io import (
    TensorInfo,
    TensorSpec,
    encode_header,
    header_length,
    parse_header,
    to_bytes,
    to_tensor,
)
from stun.storage import ObjectInfo, Storage


def state_bytes(flows: dict[str, Flow]) -> int:
    return sum(flow.hidden.nbytes for flow in flows.values())


def write_states(storage: Storage, name: str, flows: dict[str, Flow]) -> None:
    """One object in the safetensors format; there is none under this name until it is whole."""
    specs = [TensorSpec(key, "F32", tuple(flow.hidden.shape)) for key, flow in flows.items()]
    header = encode_header(specs)
    size = len(header) + sum(spec.nbytes for spec in specs)
    with storage.writer(name, size) as out:
        out.write(header)
        for flow in flows.values():
            out.write(to_bytes(flow.hidden))


def find_states(storage: Storage, name: str) -> tuple[ObjectInfo, list[TensorInfo]] | None:
    """The object and what its header says; None where it is gone or is not whole.

    A disk that lost power can leave a file short or full of zeros.
    """
    info = storage.find(name)
    if info is None or info.size < 8:
        return None
    try:
        length = header_length(bytes(storage.read(info, 0, 8)), info.size, name)
        return info, parse_header(bytes(storage.read(info, 8, length)), info.size, name, name)
    except StunError as error:
        if error.reason == "ModelCorrupt":
            return None
        raise


def read_states(storage: Storage, name: str) -> dict[str, torch.Tensor]:
    """What write_states stored under this name; a journal was read, so it was whole then."""
    found = find_states(storage, name)
    if found is None:
        raise storage.fault(
            "unavailable", f"{storage.uri}{name} is gone or damaged; the run is retried without it."
        )
    info, tensors = found
    return {
        tensor.name: to_tensor(storage.read(info, tensor.start, tensor.nbytes), 0, tensor)
        for tensor in tensors
    }


def restore_states(flows: dict[str, Flow], states: dict[str, torch.Tensor]) -> None:
    for key, flow in flows.items():
        flow.hidden.copy_(states[key])
