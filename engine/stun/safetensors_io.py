"""The safetensors format: header and bytes, without loading a file.

A file is 8 bytes of header length (little endian), the header as JSON, then the tensors'
bytes; offsets in the header count from the end of the header. The header is untrusted
input: whatever it says is checked against the object's real size before it is used.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

import torch

from stun.errors import StunError

DTYPES: dict[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
}
# The format's own limit, so that a damaged length cannot ask for all memory.
LONGEST_HEADER = 100_000_000


@dataclass(frozen=True)
class TensorInfo:
    """A tensor of a checkpoint: where its bytes lie in which object."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    shard: str
    start: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.elements * DTYPES[self.dtype].itemsize


def header_length(first: bytes, size: int, where: str) -> int:
    """The header's length from the first eight bytes."""
    length = int.from_bytes(first, "little")
    if len(first) < 8 or length > min(size - 8, LONGEST_HEADER):
        raise corrupt(
            f"{where} is no safetensors file or is cut short: its header does not fit in it"
        )
    return length


def parse_header(raw: bytes, size: int, shard: str, where: str) -> list[TensorInfo]:
    """The tensors of one file, in file order; they must cover it exactly."""
    try:
        header: dict[str, Any] = json.loads(raw)
        header.pop("__metadata__", None)
        spans = [_parse_entry(name, entry, shard, 8 + len(raw)) for name, entry in header.items()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise corrupt(f"{where} has a damaged safetensors header ({error})") from error
    spans.sort(key=lambda span: (span[0].start, span[1]))
    position = 8 + len(raw)
    for info, end in spans:
        if info.start != position or end - info.start != info.nbytes:
            raise corrupt(f"{where} has a damaged safetensors header at tensor {info.name}")
        position = end
    if position != size:
        raise corrupt(f"{where} has {size} bytes where its header says {position}: it is cut short")
    return [info for info, _ in spans]


def _parse_entry(name: str, entry: dict[str, Any], shard: str, base: int) -> tuple[TensorInfo, int]:
    begin, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if entry["dtype"] not in DTYPES or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise ValueError(f"tensor {name} has dtype {entry['dtype']} and shape {list(shape)}")
    return TensorInfo(name, entry["dtype"], shape, shard, base + begin), base + end


def corrupt(problem: str) -> StunError:
    return StunError("ModelCorrupt", f"{problem}; copy the model again from its source.")


def to_tensor(buffer: memoryview, offset: int, info: TensorInfo) -> torch.Tensor:
    """A writable tensor over bytes that were read; nothing is copied."""
    if info.elements == 0:
        return torch.empty(info.shape, dtype=DTYPES[info.dtype])
    flat = torch.frombuffer(buffer, dtype=DTYPES[info.dtype], count=info.elements, offset=offset)
    return flat.reshape(info.shape)


def to_bytes(tensor: torch.Tensor) -> memoryview:
    """The bytes of a tensor in the order that the format stores them."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data


@dataclass(frozen=True)
class TensorSpec:
    """A tensor that will be written."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * DTYPES[self.dtype].itemsize


def encode_header(specs: list[TensorSpec]) -> bytes:
    """Length and header of a file that holds these tensors in this order."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    position = 0
    for spec in specs:
        end = position + spec.nbytes
        header[spec.name] = {
            "dtype": spec.dtype,
            "shape": list(spec.shape),
            "data_offsets": [position, end],
        }
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # readers map the file and want aligned tensors
    return len(text).to_bytes(8, "little") + text
