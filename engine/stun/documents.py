"""Documents as token sequences: calibration text and the quality gate's held-out text.

A document is one JSON line, {"text": ...} or {"input_ids": [...]}. A sequence never spans
two documents, so documents shorter than the asked length are passed over.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Tokenizer

from stun.checkpoint import Checkpoint
from stun.errors import StunError
from stun.storage import read_object
from stun.storage.base import Role
from stun.tokenizer import encode_text, read_tokenizer


@dataclass(frozen=True)
class Documents:
    """A file of documents: its digest, and each document by its own hash."""

    uri: str
    role: Role
    reason: str
    digest: str
    entries: list[dict[str, Any]]

    def fault(self, message: str) -> StunError:
        return StunError(self.reason, message)

    def check_length(self, length: int, longest: int) -> None:
        if length > longest:
            raise self.fault(
                f"Sequences of {length} tokens are asked of {self.uri}, but the model takes at "
                f"most {longest}; lower sequenceLength."
            )

    def hashes(self) -> set[str]:
        return {document_hash(entry) for entry in self.entries}


def content(entry: dict[str, Any]) -> bytes:
    """What makes two documents the same, whatever else stands in their lines."""
    text: str = entry["text"] if "text" in entry else json.dumps(entry["input_ids"])
    # JSON can hold half of a surrogate pair, which strict UTF-8 cannot.
    return text.encode(errors="surrogatepass")


def document_hash(entry: dict[str, Any]) -> str:
    return hashlib.sha256(content(entry)).hexdigest()


def read_documents(uri: str, role: Role) -> Documents:
    reason = "CalibrationInvalid" if role == "calibration" else "QualityDataInvalid"
    data = read_object(uri, role)
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    entries = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            entries.append(parse_line(line, StunError(reason, complaint(uri, number))))
    return Documents(uri, role, reason, digest, entries)


def complaint(uri: str, line: int) -> str:
    return f'Line {line} of {uri} is neither {{"text": "..."}} nor {{"input_ids": [...]}}.'


def parse_line(line: bytes, error: StunError) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as problem:  # nested too deep
        raise error from problem
    if isinstance(entry, dict):
        ids = entry.get("input_ids")
        if isinstance(entry.get("text"), str):
            return {"text": entry["text"]}
        if isinstance(ids, list) and all(type(token) is int for token in ids):
            return {"input_ids": ids}
    raise error


def check_separate(gate: Documents, calibration: Documents) -> None:
    shared = gate.hashes() & calibration.hashes()
    if shared:
        raise gate.fault(
            f"{len(shared)} documents of {gate.uri} are in the calibration data {calibration.uri} "
            "too, so the gate would prove nothing; use other text."
        )


class Encoder:
    """Token ids of documents, by the model's own tokenizer.json where they are text."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.vocabulary = checkpoint.config.vocab_size
        self.tokenizer: Tokenizer | None = None

    def encode(self, entry: dict[str, Any], documents: Documents) -> list[int]:
        if "text" in entry:
            ids = encode_text(self._tokenizer(documents), entry["text"])
        else:
            ids = entry["input_ids"]
        if any(not 0 <= token < self.vocabulary for token in ids):
            raise documents.fault(
                f"{documents.uri} has token ids outside the model's vocabulary of "
                f"{self.vocabulary}; make it with this model's tokenizer."
            )
        return ids

    def _tokenizer(self, documents: Documents) -> Tokenizer:
        info = self.checkpoint.companions.get("tokenizer.json")
        if info is None:
            raise documents.fault(
                f"{self.checkpoint.uri} has no tokenizer.json, so {documents.uri} must give "
                "input_ids instead of text."
            )
        if self.tokenizer is None:
            self.tokenizer = read_tokenizer(self.checkpoint.storage, info)
        return self.tokenizer


def shuffled_windows(
    documents: Documents, encoder: Encoder, length: int, seed: int
) -> Iterator[list[int]]:
    """One window of each long enough document, in an order and at places that the seed decides."""
    generator = random.Random(seed)
    for entry in generator.sample(documents.entries, len(documents.entries)):
        ids = encoder.encode(entry, documents)
        if len(ids) >= length:
            start = generator.randrange(len(ids) - length + 1)
            yield ids[start : start + length]


def first_windows(documents: Documents, encoder: Encoder, length: int) -> Iterator[list[int]]:
    """The beginning of each long enough document, in file order."""
    for entry in documents.entries:
        ids = encoder.encode(entry, documents)
        if len(ids) >= length:
            yield ids[:length]


def take(
    windows: Iterator[list[int]], samples: int, length: int, documents: Documents
) -> torch.Tensor:
    """Token ids [samples, length]."""
    found = [ids for _, ids in zip(range(samples), windows, strict=False)]
    if len(found) < samples:
        raise documents.fault(
            f"{documents.uri} has {len(found)} documents of at least {length} tokens where "
            f"{samples} are asked; give more or longer text, or ask for less."
        )
    return torch.tensor(found, dtype=torch.int64)
