"""stun verify: whether a published model is what its manifest and its signature say."""

from argparse import Namespace
from typing import Any

from stun.checkpoint import Checkpoint
from stun.errors import StunError
from stun.layers import read_layer
from stun.manifest import MANIFEST, manifest_digest, read_published
from stun.opening import open_checkpoint
from stun.prepare import supported
from stun.progress import Progress
from stun.signing import check_contents, read_public_key, signature_status
from stun.storage import Storage
from stun.weights.prune import count_zeros


def run_verify(args: Namespace, progress: Progress) -> dict[str, Any]:
    key = None if args.public_key is None else read_public_key(args.public_key)
    checkpoint = open_checkpoint(args.model)
    storage = checkpoint.storage
    manifest = read_published(storage, MANIFEST)
    if manifest is None:
        raise StunError(
            "ModelNotFound",
            f"{args.model} has no {MANIFEST}, so it is no published result; check the URI.",
        )
    progress.run_key = manifest["runKey"]
    if key is None:
        check_files(storage, manifest)
    else:
        check_contents(storage, key)  # the same files, against digests that nobody else can write
    check_zeros(checkpoint, manifest, progress)
    progress.advance()
    info = storage.find(MANIFEST)
    digest = manifest_digest(storage.read_all(info)) if info else None
    return {
        "uri": args.model,
        "manifestDigest": digest,
        "files": len(manifest["files"]),
        "sparsity": manifest["sparsity"],
        "signature": signature_status(key),
    }


def check_files(storage: Storage, manifest: dict[str, Any]) -> None:
    listing = {info.name: info for info in storage.objects()}
    for record in manifest["files"]:
        info = listing.get(record["name"])
        if info is None:
            raise damaged(f"{storage.uri} lacks {record['name']}, which its manifest lists")
        if info.size != record["size"] or storage.sha256(info) != record["sha256"]:
            raise damaged(f"{record['name']} of {storage.uri} is not what its manifest lists")


def damaged(problem: str) -> StunError:
    return StunError(
        "ModelCorrupt", f"{problem}; copy the result again, or remove it and prune again."
    )


def check_zeros(checkpoint: Checkpoint, manifest: dict[str, Any], progress: Progress) -> None:
    """The sparsity that the manifest states is the sparsity that the weights have."""
    skeleton = supported(checkpoint)
    progress.plan(checkpoint.config.layers)
    for index, stated in enumerate(manifest["zeros"]):
        weights = read_layer(checkpoint, skeleton.family, index)
        zeros = count_zeros(weights, skeleton.linears(index))
        if zeros != stated:
            raise damaged(
                f"Layer {index} of {checkpoint.uri} has {zeros} zeros where its manifest "
                f"states {stated}"
            )
        progress.advance()
