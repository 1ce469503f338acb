"""stun calibration: a small file of token windows from the text that calibration data come in.

Reads JSON lines, plain or gzip (C4's own shards, en/c4-train.*.json.gz, as they are), and writes
{"input_ids": [...]} lines: the seed decides which documents, and where in them each window
lies; documents shorter than the length are passed over; no window spans two documents. The files
are streamed: no more than a few MiB of them and the windows are held in memory.
"""

import hashlib
import json
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from tokenizers import Tokenizer

from stun.errors import StunError
from stun.progress import Progress
from stun.sampling import Selection, invalid, read_lines
from stun.storage import absolute, find_object, open_storage, parent_storage
from stun.tokenizer import TOKENIZER, read_tokenizer


def run_calibration(args: Namespace, progress: Progress) -> dict[str, Any]:
    """Takes sources, tokenizer, samples, length, seed, output; answers what was written."""
    check_output(args)
    tokenizer = find_tokenizer(args.tokenizer)
    storage, name = parent_storage(args.output, "output")
    selection = Selection(args.samples, args.length, args.seed)
    consumed = follow(args.sources, progress)
    documents = 0
    for uri in args.sources:
        for entry in read_lines(uri, consumed):
            selection.offer(entry, tokenizer)
            documents += 1
    windows = selection.windows()
    check_enough(windows, documents, args)
    data = b"".join(json.dumps({"input_ids": ids}).encode() + b"\n" for ids in windows)
    storage.put(name, data)
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    return {"uri": args.output, "digest": digest, "samples": len(windows), "documents": documents}


def check_output(args: Namespace) -> None:
    """What is written must not be what is read."""
    if absolute(args.output) in map(absolute, args.sources):
        raise invalid(f"{args.output} is one of the sources; write to another file.")


def find_tokenizer(uri: str) -> Tokenizer:
    storage = open_storage(uri, "model")
    info = storage.find(TOKENIZER)
    if info is None:
        raise StunError(
            "ModelNotFound",
            f"{uri} has no {TOKENIZER}; give the folder of a model that has one.",
        )
    return read_tokenizer(storage, info)


def follow(sources: list[str], progress: Progress) -> Callable[[int], None]:
    """Shows each further percent of the files' bytes on stderr."""
    total = max(1, sum(find_object(uri, "calibration")[1].size for uri in sources))
    progress.enter("Calibration")
    progress.units = 100
    read = 0

    def consumed(size: int) -> None:
        nonlocal read
        read += size
        if 100 * read // total > progress.done:
            progress.done = 100 * read // total
            progress.show()

    return consumed


def check_enough(windows: list[list[int]], documents: int, args: Namespace) -> None:
    if len(windows) < args.samples:
        raise invalid(
            f"{' and '.join(args.sources)} hold {documents} documents, of which {len(windows)} "
            f"differ and have at least {args.length} tokens where {args.samples} are asked; give "
            "more files, or ask for fewer or shorter samples."
        )
