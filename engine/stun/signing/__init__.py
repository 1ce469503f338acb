"""Signatures in the format of OpenSSF Model Signing, so that its own program verifies them too."""

from stun.signing.bundle import SIGNATURE
from stun.signing.check import check_contents, check_signature, signature_status
from stun.signing.keys import PublicKey, Signer, read_public_key, read_signer
from stun.signing.sign import sign_result

__all__ = [
    "SIGNATURE",
    "PublicKey",
    "Signer",
    "check_contents",
    "check_signature",
    "read_public_key",
    "read_signer",
    "sign_result",
    "signature_status",
]
