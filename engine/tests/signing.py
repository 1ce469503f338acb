"""Keys for the tests, and the program of OpenSSF that others verify signatures with."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

PLAIN = serialization.NoEncryption()


@dataclass(frozen=True)
class Keys:
    """Two files, as a Secret's two items are mounted."""

    private: Path
    public: Path

    @property
    def options(self) -> dict[str, object]:
        """Of `stun prune`."""
        return {"signing_key": self.private, "public_key": self.public}


def write_keys(
    folder: Path,
    key: PrivateKeyTypes | None = None,
    encryption: serialization.KeySerializationEncryption = PLAIN,
) -> Keys:
    folder.mkdir(parents=True)
    keys = Keys(folder / "signing.key", folder / "signing.pub")
    made = key or ec.generate_private_key(ec.SECP256R1())
    pem, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    kept = made.private_bytes(pem, serialization.PrivateFormat.PKCS8, encryption)
    keys.private.write_bytes(kept)
    keys.public.write_bytes(made.public_key().public_bytes(pem, form))
    return keys


def model_signing(command: str, folder: Path, *options: object) -> tuple[int, str]:
    """`model_signing verify key` or `sign key` in a process of its own: exit code and words."""
    arguments = [sys.executable, "-P", "-m", "model_signing", command, "key", str(folder)]
    arguments += ["--signature", str(folder / "model.sig"), *map(str, options)]
    done = subprocess.run(arguments, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
