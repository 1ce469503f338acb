"""Whether a published result is what the holder of the key has signed, file by file."""

import hashlib

from stun.errors import StunError
from stun.manifest import MANIFEST
from stun.signing.bundle import SIGNATURE, UNSIGNED, decode_bundle
from stun.signing.keys import PublicKey
from stun.storage import Storage

REMEDY = (
    "remove the result, or choose another output URI, to have it pruned and signed anew; find out "
    "who changed it first"
)


def signature_status(key: PublicKey | None) -> dict[str, str] | None:
    """What the operator is told once the signature is verified; None where none is asked for."""
    return None if key is None else {"keyFingerprint": key.fingerprint}


def check_signature(storage: Storage, key: PublicKey) -> dict[str, str]:
    """The digests that were signed, once the manifest that lies there is one of them."""
    signed = read_signed(storage, key)
    info = storage.find(MANIFEST)
    found = hashlib.sha256(storage.read_all(info)).hexdigest() if info else None
    if found is None or signed.get(MANIFEST) != found:
        raise invalid(f"{storage.uri}{MANIFEST} is not the one that {SIGNATURE} signs; {REMEDY}")
    return signed


def read_signed(storage: Storage, key: PublicKey) -> dict[str, str]:
    info = storage.find(SIGNATURE)
    if info is None:
        raise invalid(
            f"{storage.uri} is published without a signature ({SIGNATURE}), and nothing is signed "
            "after its publication; remove the result, or choose another output URI, to have it "
            "pruned and signed anew"
        )
    signed = decode_bundle(storage.read_all(info), key)
    if signed is None:
        raise invalid(
            f"{storage.uri}{SIGNATURE} was not signed with the key {key.fingerprint}, or was "
            f"changed since; verify with the key it was signed with, or {REMEDY}"
        )
    return signed


def check_contents(storage: Storage, key: PublicKey) -> None:
    """Byte for byte, and nothing besides: whatever lies there is downloaded with the model."""
    signed = check_signature(storage, key)
    listing = {info.name: info for info in storage.objects()}
    for name in sorted(signed):
        info = listing.pop(name, None)
        if info is None or storage.sha256(info) != signed[name]:
            raise invalid(f"{storage.uri}{name} is not the file that {SIGNATURE} signs; {REMEDY}")
    # Hidden files are another run's writes in progress.
    unsigned = [name for name in listing if name not in UNSIGNED and not name.startswith(".")]
    if unsigned:
        raise invalid(f"{storage.uri}{unsigned[0]} is not signed by {SIGNATURE}; {REMEDY}")


def invalid(problem: str) -> StunError:
    return StunError("SignatureInvalid", f"{problem}.")
