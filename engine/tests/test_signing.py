"""Signed results: the program of OpenSSF accepts them, and nothing that was changed passes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from stun.publish import check_listing
from stun.signing import SIGNATURE, read_signer, sign_result
from stun.storage import open_storage
from tests.attempts import contents
from tests.conftest import Outcome, Stun
from tests.refusals import refused
from tests.signing import Keys, model_signing, write_keys

Recipe = dict[str, Any]
MANIFEST = "stun-manifest.json"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return write_keys(tmp_path_factory.mktemp("keys") / "own")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return write_keys(tmp_path_factory.mktemp("keys") / "other")


@pytest.fixture
def place(model: Path, tmp_path: Path) -> dict[str, object]:
    return {"model": model, "output": tmp_path / "out"}


@pytest.fixture
def signed(stun: Stun, recipe: Recipe, place: dict[str, object], keys: Keys) -> Outcome:
    outcome = stun("prune", recipe, **place, **keys.options)
    assert outcome.code == 0, outcome.termination
    return outcome


@pytest.fixture
def folder(signed: Outcome) -> Path:
    return Path(signed.answer["uri"])


CURVES = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_the_program_of_openssf_verifies_a_result(
    stun: Stun,
    recipe: Recipe,
    place: dict[str, object],
    tmp_path: Path,
    curve: ec.EllipticCurve,
) -> None:
    keys = write_keys(tmp_path / "keys", ec.generate_private_key(curve))
    outcome = stun("prune", recipe, **place, **keys.options)
    copy = tmp_path / "downloaded"
    shutil.copytree(outcome.answer["uri"], copy)
    code, said = model_signing("verify", copy, "--public_key", keys.public)
    assert (code, said.strip()) == (0, "Verification succeeded")
    assert stun("verify", model=copy, public_key=keys.public).code == 0


def test_a_signature_of_that_program_is_verified(
    stun: Stun, folder: Path, keys: Keys, others: Keys
) -> None:
    """So a key can be replaced without pruning anew."""
    (folder / SIGNATURE).unlink()
    reports = [
        f"--ignore-paths={folder / name}" for name in ("stun-report.json", "stun-report.html")
    ]
    code, said = model_signing("sign", folder, "--private_key", others.private, *reports)
    assert code == 0, said
    assert stun("verify", model=folder, public_key=others.public).code == 0
    assert stun("verify", model=folder, public_key=keys.public).code == 2


def test_the_result_names_the_key_and_the_manifest_does_not(
    stun: Stun,
    recipe: Recipe,
    place: dict[str, object],
    tmp_path: Path,
    signed: Outcome,
    keys: Keys,
) -> None:
    fingerprint = signed.termination["signature"]["keyFingerprint"]
    assert fingerprint.startswith("sha256:")
    assert stun("verify", model=signed.answer["uri"], public_key=keys.public).answer[
        "signature"
    ] == {"keyFingerprint": fingerprint}
    plain = stun("prune", recipe, **{**place, "output": tmp_path / "unsigned"})
    assert plain.termination["signature"] is None
    files = contents(Path(signed.answer["uri"]))
    assert files.pop(SIGNATURE)
    assert files == contents(Path(plain.answer["uri"]))


def flip(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        data = bytearray(path.read_bytes())
        data[-2] ^= 1
        path.write_bytes(data)

    return change


def write(path: Path, text: str) -> None:
    path.write_text(text)


def swap_the_manifest(folder: Path) -> None:
    """With one that agrees with the files, as whoever may write to the bucket would write it."""
    path = folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "runKey": "0" * 16}))


CHANGES: dict[str, Callable[[Path], None]] = {
    "a byte of the weights": flip("model-00002-of-00005.safetensors"),
    "a byte of a text": flip("README.md"),
    "a file that was removed": lambda folder: (folder / "generation_config.json").unlink(),
    "a file that was added": lambda folder: write(folder / "modeling_evil.py", "import os"),
    "the manifest": swap_the_manifest,
    "a byte of the signature": flip(SIGNATURE),
    "no signature": lambda folder: (folder / SIGNATURE).unlink(),
    "an empty signature": lambda folder: write(folder / SIGNATURE, "{}"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_nobody_accepts_what_was_changed(
    stun: Stun,
    recipe: Recipe,
    place: dict[str, object],
    folder: Path,
    keys: Keys,
    change: Callable[[Path], None],
) -> None:
    """Not the program of OpenSSF, not `verify`, and neither command that would reuse the result."""
    change(folder)
    assert model_signing("verify", folder, "--public_key", keys.public)[0] != 0
    outcomes = [
        stun("verify", model=folder, public_key=keys.public),
        stun("inspect", recipe, **place, public_key=keys.public),
        stun("prune", recipe, **place, **keys.options),
    ]
    for outcome in outcomes:
        assert (outcome.code, outcome.termination["reason"]) == (2, "SignatureInvalid")
        assert outcome.termination["message"].endswith(".")
    assert (folder / MANIFEST).exists()


def test_another_key_accepts_nothing(
    stun: Stun, recipe: Recipe, place: dict[str, object], folder: Path, others: Keys
) -> None:
    assert model_signing("verify", folder, "--public_key", others.public)[0] != 0
    outcome = stun("inspect", recipe, **place, public_key=others.public)
    assert outcome.termination["reason"] == "SignatureInvalid"
    assert "was not signed with the key sha256:" in outcome.termination["message"]


def test_a_signed_result_is_reused(
    stun: Stun, recipe: Recipe, place: dict[str, object], signed: Outcome, keys: Keys
) -> None:
    again = stun("prune", recipe, **place, **keys.options)
    assert again.termination["reused"] is True
    found = stun("inspect", recipe, **place, public_key=keys.public).answer["existing"]
    assert found == again.termination
    assert found["signature"] == signed.termination["signature"]
    assert stun("inspect", recipe, **place).answer["existing"]["signature"] is None


def test_what_was_published_unsigned_is_not_signed_later(
    stun: Stun, recipe: Recipe, place: dict[str, object], keys: Keys
) -> None:
    folder = Path(stun("prune", recipe, **place).answer["uri"])
    outcome = stun("prune", recipe, **place, **keys.options)
    assert outcome.termination["reason"] == "SignatureInvalid"
    assert "nothing is signed after its publication; remove" in outcome.termination["message"]
    assert not (folder / SIGNATURE).exists()


def other_curve(folder: Path, keys: Keys) -> Keys:
    return write_keys(folder / "k1", ec.generate_private_key(ec.SECP256K1()))


def encrypted(folder: Path, keys: Keys) -> Keys:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

    return write_keys(folder / "encrypted", encryption=BestAvailableEncryption(b"secret"))


def swapped(folder: Path, keys: Keys) -> Keys:
    return Keys(keys.public, keys.private)


def garbage(folder: Path, keys: Keys) -> Keys:
    (folder / "garbage").write_text("MHcCAQEEIB")
    return Keys(folder / "garbage", keys.public)


BAD_KEYS: dict[str, tuple[Callable[[Path, Keys], Keys], str]] = {
    "not of each other": (
        lambda folder, keys: Keys(keys.private, write_keys(folder / "b").public),
        "is not the public key of",
    ),
    "swapped": (swapped, "holds no public key in PEM form"),
    "garbage": (garbage, "holds no private key in PEM form"),
    "encrypted": (encrypted, "is encrypted"),
    "another curve": (other_curve, "holds no elliptic-curve key of P-256"),
    "not there": (lambda folder, keys: Keys(folder / "none", keys.public), "cannot be read"),
}


@pytest.mark.parametrize(("make", "sentence"), BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_keys_are_checked_first(
    stun: Stun,
    recipe: Recipe,
    tmp_path: Path,
    keys: Keys,
    make: Callable[[Path, Keys], Keys],
    sentence: str,
) -> None:
    """Before the model is opened: none lies there."""
    bad = make(tmp_path, keys)
    outcome = stun("prune", recipe, model=tmp_path / "m", output=tmp_path / "out", **bad.options)
    assert (outcome.code, outcome.termination["reason"]) == (2, "SigningKeyInvalid")
    assert sentence in outcome.termination["message"]
    assert "MHcCAQEEIB" not in json.dumps(outcome.termination)


def test_one_key_alone_is_refused(stun: Stun, recipe: Recipe, tmp_path: Path, keys: Keys) -> None:
    outcome = stun("prune", recipe, model=tmp_path, output=tmp_path, signing_key=keys.private)
    assert outcome.termination["reason"] == "SigningKeyInvalid"


def test_a_refused_run_leaves_no_signature(
    stun: Stun, recipe: Recipe, model: Path, tmp_path: Path, keys: Keys
) -> None:
    recipe["quality"]["perplexity"]["maxIncrease"] = 0
    refused(stun, "QualityRefused", "", recipe, model, tmp_path / "out", **keys.options)


def test_a_signature_that_is_lost_at_once_withdraws_the_manifest(
    stun: Stun,
    recipe: Recipe,
    place: dict[str, Any],
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another run of the key that asks for none tidies it away between the two writes."""
    monkeypatch.setattr("stun.publication.sign_result", lambda *_: None)
    outcome = stun("prune", recipe, **place, **keys.options)
    assert outcome.termination["reason"] == "SignatureInvalid"
    assert list(place["output"].rglob("*.*")) == []


def test_a_second_run_leaves_the_signature_of_what_is_published_alone(
    tmp_path: Path, keys: Keys
) -> None:
    """Whether it signs too or not; what a killed run left unpublished goes."""
    signer = read_signer(str(keys.private), str(keys.public))
    storage = open_storage(str(tmp_path), "output")
    for published in (False, True):
        storage.put(SIGNATURE, b"theirs")
        if published:
            storage.put(MANIFEST, b"{}")
        check_listing(storage, [])
        kept = {SIGNATURE, MANIFEST} if published else set()
        assert {info.name for info in storage.objects()} == kept
    storage.delete(SIGNATURE)
    sign_result(storage, signer, [], b"{}")
    assert storage.find(SIGNATURE) is None


def test_the_loser_of_a_race_verifies_the_winners_signature(
    stun: Stun,
    recipe: Recipe,
    place: dict[str, object],
    folder: Path,
    keys: Keys,
    others: Keys,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stun.commands.prune.find_published", lambda *_: None)
    before = (folder / SIGNATURE).read_bytes()
    again = stun("prune", recipe, **place, **keys.options)
    assert (again.code, again.termination["reused"]) == (0, True)
    assert stun("prune", recipe, **place, **others.options).termination["reason"] == (
        "SignatureInvalid"
    )
    assert (folder / SIGNATURE).read_bytes() == before
    assert stun("verify", model=folder, public_key=keys.public).code == 0
