"""Signs a result before its manifest shows it, so that nobody ever sees it unsigned."""

import hashlib

from stun.manifest import MANIFEST
from stun.shards import FileRecord
from stun.signing.bundle import SIGNATURE, encode_bundle
from stun.signing.keys import Signer
from stun.storage import Storage, last_segment


def sign_result(
    storage: Storage, signer: Signer, records: list[FileRecord], manifest: bytes
) -> None:
    """The first signature stays, as the first manifest does: each attempt's differs.

    What another run of the key has published keeps the signature that it has, or lacks.
    """
    digests = {record.name: record.sha256 for record in records}
    digests[MANIFEST] = hashlib.sha256(manifest).hexdigest()
    if storage.find(MANIFEST) is None:
        bundle = encode_bundle(signer, last_segment(storage.uri), digests)
        storage.put_new(SIGNATURE, bundle)
