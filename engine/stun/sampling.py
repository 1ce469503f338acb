"""Chooses calibration windows from files of any size, in one pass and little memory.

Every document has a key, the hash of the seed and its content; the documents with the lowest
keys are taken, out of those that are long enough. That is a uniform sample without replacement
that does not depend on the order of documents or files, and a document that occurs twice counts
once. Only a document whose key is low enough is tokenised, so nearly none are: about
samples * ln(documents / samples) of those that are long enough.
"""

import gzip
import hashlib
import heapq
import io
import random
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from tokenizers import Tokenizer

from stun.documents import complaint, content, parse_line
from stun.errors import StunError
from stun.storage import find_object
from stun.storage.reading import SPAN, SequentialObject
from stun.tokenizer import encode_text

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# A file without line ends must not fill the memory.
LONGEST_LINE = 64 << 20

Consumed = Callable[[int], None]


def invalid(message: str) -> StunError:
    return StunError("CalibrationInvalid", message)


def read_lines(uri: str, consumed: Consumed) -> Iterator[dict[str, Any]]:
    """The documents of one file of JSON lines, gzip or plain; `consumed` hears the bytes read."""
    storage, info = find_object(uri, "calibration")
    raw = SequentialObject(storage, info)
    before = 0
    try:
        lines = uncompressed(io.BufferedReader(raw, SPAN), uri)
        for number, line in enumerate(iter(lambda: lines.readline(LONGEST_LINE), b""), 1):
            if len(line) == LONGEST_LINE:
                raise invalid(f"Line {number} of {uri} has no end; give one document a line.")
            if line.strip():
                yield parse_line(line, invalid(complaint(uri, number)))
            if raw.position > before:
                consumed(raw.position - before)
                before = raw.position
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise invalid(f"{uri} is damaged or cut short ({error}); copy it again.") from error


def uncompressed(file: io.BufferedReader, uri: str) -> io.BufferedIOBase:
    """By the first bytes: a name says nothing of what a download tool left there."""
    first = file.peek(4)
    if first.startswith(ZSTD):
        raise invalid(f"{uri} is compressed with zstd; decompress it first with 'zstd -d'.")
    return gzip.GzipFile(fileobj=file) if first.startswith(GZIP) else file


class Selection:
    """The windows of the documents with the lowest keys so far; one window a document."""

    def __init__(self, samples: int, length: int, seed: int) -> None:
        self.samples, self.length = samples, length
        self.salt = str(seed).encode()
        self.heap: list[tuple[int, list[int]]] = []  # of negated keys: the highest key first
        self.keys: set[int] = set()

    def offer(self, entry: dict[str, Any], tokenizer: Tokenizer) -> None:
        digest = hashlib.blake2b(content(entry), digest_size=16, key=self.salt).digest()
        key = int.from_bytes(digest, "big")
        full = len(self.heap) == self.samples
        if key in self.keys or (full and key > -self.heap[0][0]):
            return
        ids = encode_text(tokenizer, entry["text"]) if "text" in entry else entry["input_ids"]
        if len(ids) < self.length:
            return
        self.keys.add(key)
        heapq.heappush(self.heap, (-key, self.window(ids, key)))
        if full:
            self.keys.remove(-heapq.heappop(self.heap)[0])

    def window(self, ids: list[int], key: int) -> list[int]:
        start = random.Random(key).randrange(len(ids) - self.length + 1)
        return ids[start : start + self.length]

    def windows(self) -> list[list[int]]:
        """By ascending key, an order that the seed decides too."""
        return [window for _, window in sorted(self.heap, reverse=True)]
