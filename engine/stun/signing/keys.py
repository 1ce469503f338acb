"""The two keys, read and checked before anything is computed for them.

No sentence here quotes what a file holds or what the library says of it: it may be a key.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stun.errors import StunError

# The curves of the format, each with its digest.
DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
MAKE_ONE = "make one with: openssl ecparam -name prime256v1 -genkey -noout -out signing.key"


@dataclass(frozen=True)
class PublicKey:
    key: ec.EllipticCurvePublicKey

    @property
    def fingerprint(self) -> str:
        """What people compare: `openssl pkey -pubin -outform DER | sha256sum` gives it too."""
        return "sha256:" + hashlib.sha256(self.encoded(serialization.Encoding.DER)).hexdigest()

    @property
    def hint(self) -> str:
        """By which a bundle names its key: of the PEM form, unlike the fingerprint."""
        return hashlib.sha256(self.encoded(serialization.Encoding.PEM)).hexdigest()

    def encoded(self, encoding: serialization.Encoding) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_bytes(encoding, form)

    def accepts(self, signature: bytes, message: bytes) -> bool:
        try:
            self.key.verify(signature, message, ec.ECDSA(DIGESTS[self.key.curve.name]))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signer:
    key: ec.EllipticCurvePrivateKey
    public: PublicKey

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message, ec.ECDSA(DIGESTS[self.key.curve.name]))


def read_signer(private_path: str, public_path: str) -> Signer:
    """Both keys, which belong together: what one signs, the other one accepts."""
    public = read_public_key(public_path)
    private = read_private_key(private_path)
    if PublicKey(private.public_key()).fingerprint != public.fingerprint:
        raise invalid(
            f"{public_path} is not the public key of {private_path}; derive it with: "
            "openssl pkey -in signing.key -pubout"
        )
    return Signer(private, public)


def read_public_key(path: str) -> PublicKey:
    try:
        key = serialization.load_pem_public_key(read_key_file(path))
    except (ValueError, UnsupportedAlgorithm):
        raise invalid(
            f"{path} holds no public key in PEM form; derive it with: "
            "openssl pkey -in signing.key -pubout"
        ) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in DIGESTS:
        raise other_kind(path)
    return PublicKey(key)


def read_private_key(path: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(read_key_file(path), password=None)
    except TypeError:
        raise invalid(
            f"{path} is encrypted, and nobody can type its passphrase in a pod; write it without "
            "one: openssl pkey -in encrypted.key -out signing.key"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise invalid(f"{path} holds no private key in PEM form; {MAKE_ONE}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in DIGESTS:
        raise other_kind(path)
    return key


def read_key_file(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise invalid(f"{path} cannot be read ({error.strerror}); check the path") from None


def other_kind(path: str) -> StunError:
    return invalid(
        f"{path} holds no elliptic-curve key of P-256, P-384 or P-521, which the format takes; "
        f"{MAKE_ONE}"
    )


def invalid(problem: str) -> StunError:
    return StunError("SigningKeyInvalid", f"{problem}.")
