"""One signature as a file: a Sigstore bundle with a DSSE envelope over an in-toto statement.

The format is that of OpenSSF Model Signing 1.0; tests hold it against that project's program.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from stun.manifest import PAGE, REPORT
from stun.signing.keys import PublicKey, Signer

SIGNATURE = "model.sig"
# They hold times, so they are in no manifest either.
UNSIGNED = (SIGNATURE, REPORT, PAGE)
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"

Digests = Mapping[str, str]  # sha256 in hex, of each file by its name


def encode_bundle(signer: Signer, model: str, digests: Digests) -> bytes:
    payload = json.dumps(make_statement(model, digests), sort_keys=True).encode()
    signature = signer.sign(pre_authentication(payload))
    bundle = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {
            "publicKey": {"hint": signer.public.hint},
            "tlogEntries": [],
        },
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }
    return (json.dumps(bundle, indent=1) + "\n").encode()


def decode_bundle(data: bytes, key: PublicKey) -> dict[str, str] | None:
    """The digests that the key has signed; None where it has signed nothing here."""
    try:
        bundle = json.loads(data)
        envelope = bundle["dsseEnvelope"]
        payload = base64.b64decode(envelope["payload"], validate=True)
        (signature,) = (base64.b64decode(row["sig"]) for row in envelope["signatures"])
        if (bundle["mediaType"], envelope["payloadType"]) != (MEDIA_TYPE, PAYLOAD_TYPE):
            return None
        if not key.accepts(signature, pre_authentication(payload)):
            return None
        return read_statement(json.loads(payload))
    except (ValueError, KeyError, TypeError):
        return None  # no bundle


def pre_authentication(payload: bytes) -> bytes:
    """What is signed: the payload with its type, so that no other program takes it for its own."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def make_statement(model: str, digests: Digests) -> dict[str, Any]:
    resources = [
        {"name": name, "algorithm": "sha256", "digest": digests[name]} for name in sorted(digests)
    ]
    return {
        "_type": STATEMENT,
        "subject": [{"name": model, "digest": {"sha256": root_digest(resources)}}],
        "predicateType": PREDICATE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": sorted(UNSIGNED),
            },
            "resources": resources,
        },
    }


def root_digest(resources: list[dict[str, str]]) -> str:
    """Of all files: the digest of their digests in the order in which they are listed."""
    together = b"".join(bytes.fromhex(row["digest"]) for row in resources)
    return hashlib.sha256(together).hexdigest()


def read_statement(statement: dict[str, Any]) -> dict[str, str] | None:
    """Also of a bundle by another program of the format; None where it says something else."""
    (subject,) = statement["subject"]
    resources = statement["predicate"]["resources"]
    way = statement["predicate"]["serialization"]
    kind = (statement["_type"], statement["predicateType"], way["method"], way["hash_type"])
    found = {row["name"]: row["digest"] for row in resources if row["algorithm"] == "sha256"}
    whole = len(found) == len(resources) and subject["digest"]["sha256"] == root_digest(resources)
    return found if whole and kind == (STATEMENT, PREDICATE, "files", "sha256") else None
