"""Publishes a model so that nobody can take half of it for the whole: the manifest comes last."""

import hashlib
import json
import re
from itertools import combinations
from typing import Any

from stun.errors import StunError
from stun.families import Family
from stun.families.base import EXPERT_KEYS
from stun.layout import Shard, unfinished_names
from stun.manifest import MANIFEST
from stun.opening import INDEX
from stun.passes.context import Context
from stun.report import render_card
from stun.safetensors_io import corrupt
from stun.shards import FileRecord
from stun.signing import SIGNATURE, PublicKey, check_signature
from stun.storage import Storage

CARD = "README.md"


def edit_config(source: bytes, family: Family, experts: int, uri: str) -> bytes:
    """The source's config.json with the number of experts changed, every other byte as it was."""
    text = source.decode()
    raw = json.loads(text)
    wanted = family.with_experts(raw, experts)
    if wanted == raw:
        return source
    # A number may stand under several keys; other keys of the same name may lie elsewhere.
    places = [match for key in EXPERT_KEYS for match in re.finditer(rf'("{key}"\s*:\s*)\d+', text)]
    for count in range(1, len(places) + 1):
        for chosen in combinations(sorted(places, key=re.Match.start), count):
            edited = replace_numbers(text, chosen, experts)
            if json.loads(edited) == wanted:
                return edited.encode()
    raise corrupt(f"config.json of {uri} has no number of experts that can be changed")


def replace_numbers(text: str, places: tuple[re.Match[str], ...], number: int) -> str:
    for match in reversed(places):
        text = text[: match.start()] + match[1] + str(number) + text[match.end() :]
    return text


def encode_index(shards: list[Shard]) -> bytes:
    tensors = [(spec, shard.name) for shard in shards for spec in shard.tensors]
    index = {
        "metadata": {"total_size": sum(spec.nbytes for spec, _ in tensors)},
        "weight_map": {spec.name: name for spec, name in sorted(tensors, key=lambda t: t[0].name)},
    }
    return (json.dumps(index, indent=2) + "\n").encode()


def put_file(storage: Storage, name: str, data: bytes) -> FileRecord:
    storage.put(name, data)
    return FileRecord(name, len(data), hashlib.sha256(data).hexdigest())


def publish_companions(
    storage: Storage, context: Context, shards: list[Shard], report: dict[str, Any]
) -> list[FileRecord]:
    """Index, configuration, tokenizer, model card and what else belongs to the model."""
    checkpoint = context.checkpoint
    files = {INDEX: encode_index(shards)}
    for name, info in checkpoint.companions.items():
        files[name] = checkpoint.storage.read_all(info)
    files["config.json"] = edit_config(
        files["config.json"], context.family, context.plan.experts_after, checkpoint.uri
    )
    files[CARD] = render_card(report, source_card(files.get(CARD))).encode()
    return [put_file(storage, name, data) for name, data in files.items()]


def source_card(data: bytes | None) -> str | None:
    """Broken characters of a source's own words are no reason to fail a run."""
    return None if data is None else data.decode(errors="replace")


def check_listing(storage: Storage, records: list[FileRecord]) -> None:
    """What lies there now must be exactly what was written.

    Leftovers of an older, killed run would be downloaded with the model. Hidden files are
    another run's writes in progress, and the signature of a published result belongs to it.
    """
    sizes = list_sizes(storage)
    kept = {SIGNATURE} if MANIFEST in sizes else set()
    for name in sizes.keys() - {record.name for record in records} - kept:
        if not name.startswith((".", "stun-")):
            storage.delete(name)
    check_sizes(storage, sizes, records)


def confirm_listing(storage: Storage, records: list[FileRecord], manifest: bytes) -> None:
    """Withdraws the manifest when its files are not there.

    Another run of the key that fails removes what it takes for its own, and may have done so
    between the check of the listing and the manifest.
    """
    sizes = list_sizes(storage)
    try:
        check_sizes(storage, sizes, records)
    except StunError:
        withdraw(storage, manifest)
        raise


def confirm_signature(storage: Storage, key: PublicKey, manifest: bytes) -> None:
    """Reads the signature back, and withdraws the manifest where it is not its own.

    Another run of the key may have had another key, or none. A storage that does not answer
    proves nothing: the next attempt finds the manifest and verifies it.
    """
    try:
        check_signature(storage, key)
    except StunError as error:
        if error.reason == "SignatureInvalid":
            withdraw(storage, manifest)
        raise


def withdraw(storage: Storage, manifest: bytes) -> None:
    """Removes this manifest and no other; two runs of one key write the same bytes."""
    info = storage.find(MANIFEST)
    if info is not None and storage.read_all(info) == manifest:
        storage.delete(MANIFEST)


def list_sizes(storage: Storage) -> dict[str, int]:
    return {info.name: info.size for info in storage.objects()}


def check_sizes(storage: Storage, sizes: dict[str, int], records: list[FileRecord]) -> None:
    for record in records:
        if sizes.get(record.name) != record.size:
            raise storage.fault(
                "unavailable",
                f"{storage.uri}{record.name} has {sizes.get(record.name, 'no')} bytes after "
                f"{record.size} were written; leave the prefix alone, the run is retried.",
            )


def remove_unpublished(storage: Storage) -> dict[str, Any]:
    """Removes an unpublished result; one with a manifest is left alone."""
    names = [info.name for info in storage.objects()]
    removed = 0
    for name in names:
        # Asked each time: another run of the key may publish while this one tidies up.
        if is_published(storage):
            break
        storage.delete(name)
        removed += 1
    published = is_published(storage)
    aborted = 0 if published else storage.abort_uploads(unfinished_names(names))
    return {"published": published, "removed": removed, "aborted": aborted}


def abort_leftovers(storage: Storage) -> None:
    """Drops the writes that killed attempts at a published result began and never ended.

    After the manifest: until then they may be those of another run, which could still win.
    """
    storage.abort_uploads(unfinished_names(list(list_sizes(storage))))


def is_published(storage: Storage) -> bool:
    return storage.find(MANIFEST) is not None
