"""The journal as it lies in storage, and whether a run can go on from what it names.

Nothing in it is believed that its digests do not bear out: a disk that lost power, or that
flipped a bit, would otherwise be found again in a published model.
"""

import hashlib
import json
from typing import Any

from stun.checkpoints import JOURNAL
from stun.errors import StunError
from stun.storage import ObjectInfo, Storage

Content = dict[str, Any]
# How every journal begins, followed by the digest of its content.
MARK = b'{"stunJournal": "'


# Raised whenever a field of the journal, or what states hold, gets another name or meaning.
JOURNAL_FORMAT = 1


class StartOverError(Exception):
    """Why nothing can be gone on from, as the beginning of a sentence."""


def encode_journal(content: Content) -> bytes:
    return json.dumps({"stunJournal": digest_of(content), "content": content}).encode()


def digest_of(content: Content) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def load_journal(storage: Storage, output: Storage, identity: Content) -> Content | None:
    """The journal of this very run, if all that it names is still there as it was.

    The result may have been removed in the meantime. States of one name may be others: a run of
    the key on another device, or with other quality data, writes its own under it.
    """
    info = storage.find(JOURNAL)
    if info is None:
        return None
    place = storage.place(JOURNAL)
    content = decode_journal(storage.read_all(info), place)
    # First of all: what another engine wrote may have none of the other fields.
    if content.get("identity") != identity:
        raise StartOverError(f"{place} is of a run with other input, engine or machine")
    check_files(output, content)
    check_states(storage, content)
    return content


def decode_journal(data: bytes, place: str) -> Content:
    """Refuses what no engine wrote: it would be replaced."""
    # A disk that lost power can leave a file empty or full of zeros.
    if data.strip(b"\0") and not data.startswith(MARK):
        raise StunError(
            "OutputConflict",
            f"{place} is no journal of this engine; give another folder as --work, or move it.",
        )
    try:
        found: Content = json.loads(data)
        content: Content = found["content"]
    except (ValueError, KeyError, RecursionError) as error:  # nested too deep
        raise StartOverError(f"{place} is damaged") from error
    if found["stunJournal"] != digest_of(content):
        raise StartOverError(f"{place} is damaged")
    return content


def check_files(output: Storage, content: Content) -> None:
    found = {info.name: info for info in output.objects()}
    for record in content["files"]:
        info = found.get(record["name"])
        if info is None or info.size != record["size"] or not is_whole(output, info, record):
            raise StartOverError(f"{output.place(record['name'])} is gone or damaged")


def is_whole(output: Storage, info: ObjectInfo, record: Content) -> bool:
    """Object storage keeps digests of its own, and is dearer to read."""
    return output.remote or output.sha256(info) == record["sha256"]


def check_states(storage: Storage, content: Content) -> None:
    """All of them are read for it; a run that goes on reads a whole model yet."""
    for entry in content["passes"].values():
        if entry["state"] is None:
            continue
        info = storage.find(entry["state"])
        if info is None or storage.sha256(info) != entry["sha256"]:
            raise StartOverError(f"{storage.place(entry['state'])} is gone or damaged")
