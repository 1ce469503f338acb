"""The same runs on a real S3 server: reads by range, multipart writes, and its failures."""

import base64
import random
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stun.errors import StunError
from stun.publish import confirm_listing
from stun.shards import FileRecord
from stun.storage import open_storage
from stun.storage.filling import PIECE
from stun.storage.s3 import S3Storage
from stun.storage.s3_writer import MOST_PARTS, SMALL, part_size
from tests.conftest import Stun
from tests.minio import Minio, free_port

BUCKET = "models"
SOURCE = f"s3://{BUCKET}/source/tiny/"


@pytest.fixture
def s3(
    minio: Minio, model: Path, calibration: Path, gate: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Minio]:
    """The tiny model and its data in a bucket; the engine's environment as in a pod."""
    for name, value in minio.environment().items():
        monkeypatch.setenv(name, value)
    client = minio.client()
    if BUCKET not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=BUCKET)
        minio.upload(model, BUCKET, "source/tiny/")
        client.upload_file(str(calibration), BUCKET, "data/calibration.jsonl")
        client.upload_file(str(gate), BUCKET, "data/gate.jsonl")
    yield minio
    for name in minio.names(BUCKET, "pruned/"):
        client.delete_object(Bucket=BUCKET, Key=name)


@pytest.fixture
def s3_recipe(recipe: dict[str, Any]) -> dict[str, Any]:
    recipe["calibration"]["uri"] = f"s3://{BUCKET}/data/calibration.jsonl"
    recipe["quality"]["perplexity"]["uri"] = f"s3://{BUCKET}/data/gate.jsonl"
    return recipe


def test_prune_on_s3_equals_prune_on_a_directory(
    s3: Minio, s3_recipe: dict[str, Any], model: Path, tmp_path: Path, stun: Stun
) -> None:
    outcome = stun("prune", s3_recipe, model=SOURCE, output=f"s3://{BUCKET}/pruned")
    assert outcome.code == 0, outcome.termination
    key = outcome.termination["runKey"]
    assert outcome.answer["uri"] == f"s3://{BUCKET}/pruned/tiny/{key}/"
    local = stun("prune", s3_recipe, model=model, output=tmp_path)
    folder = Path(local.answer["uri"])
    names = [path.name for path in folder.glob("*.safetensors*")]
    assert len(names) > 1
    for name in [*names, "config.json"]:
        answer = s3.client().get_object(Bucket=BUCKET, Key=f"pruned/tiny/{key}/{name}")
        assert answer["Body"].read() == (folder / name).read_bytes()
    assert stun("verify", model=outcome.answer["uri"]).code == 0


def test_a_published_key_is_reused(s3: Minio, s3_recipe: dict[str, Any], stun: Stun) -> None:
    output = f"s3://{BUCKET}/pruned/"
    first = stun("prune", s3_recipe, model=SOURCE, output=output)
    facts = stun("inspect", s3_recipe, model=SOURCE, output=output)
    assert facts.answer["existing"] == {**first.termination, "reused": True}
    again = stun("prune", s3_recipe, model=SOURCE.rstrip("/"), output=output)
    assert again.termination == {**first.termination, "reused": True}


def test_the_manifest_is_never_replaced(s3: Minio) -> None:
    storage = open_storage(f"s3://{BUCKET}/pruned/x/", "output")
    assert storage.put_new("stun-manifest.json", b"one")
    assert not storage.put_new("stun-manifest.json", b"two")
    info = storage.find("stun-manifest.json")
    assert info is not None
    assert storage.read_all(info) == b"one"


def test_a_manifest_without_its_files_is_withdrawn(s3: Minio) -> None:
    storage = open_storage(f"s3://{BUCKET}/pruned/z/", "output")
    assert storage.put_new("stun-manifest.json", b"one")
    for mine in (b"two", b"one"):
        assert storage.find("stun-manifest.json") is not None
        with pytest.raises(StunError, match="model has no bytes"):
            confirm_listing(storage, [FileRecord("model", 1, "")], mine)
    assert storage.find("stun-manifest.json") is None


def test_a_manifest_that_meets_another_is_written_again(
    s3: Minio, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(f"s3://{BUCKET}/pruned/y/", "output")
    assert isinstance(storage, S3Storage)
    conflict: Any = {
        "Error": {"Code": "ConditionalRequestConflict"},
        "ResponseMetadata": {"HTTPStatusCode": 409},
    }
    real, answers = storage.client.put_object, [ClientError(conflict, "PutObject")]
    monkeypatch.setattr("stun.storage.s3.CONFLICT_PAUSE", 0)

    def put(**request: Any) -> Any:
        if answers:
            raise answers.pop()
        return real(**request)

    monkeypatch.setattr(storage.client, "put_object", put)
    assert storage.put_new("stun-manifest.json", b"one")
    assert storage.find("stun-manifest.json") is not None


@pytest.mark.parametrize("step", [3_000_001, 2 * SMALL + 1, 3 * SMALL])
def test_large_objects_go_in_parts_with_checksums(s3: Minio, step: int) -> None:
    storage = open_storage(f"s3://{BUCKET}/pruned/x/", "output")
    data = random.Random(0).randbytes(2 * SMALL + 5)
    with storage.writer("big", len(data)) as out:
        for start in range(0, len(data), step):
            out.write(data[start : start + step])
    info = storage.find("big")
    assert info is not None
    assert info.version.endswith("-3")  # the ETag of three parts
    assert storage.read_all(info) == data
    stated = s3.client().head_object(Bucket=BUCKET, Key="pruned/x/big", ChecksumMode="ENABLED")
    assert stated["ChecksumCRC32"] == checksum_of_parts(data, SMALL)


def checksum_of_parts(data: bytes, size: int) -> str:
    """What S3 states of an object in parts: the CRC32 of the parts' CRC32s, and their number."""
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    sums = b"".join(zlib.crc32(part).to_bytes(4, "big") for part in parts)
    return f"{base64.b64encode(zlib.crc32(sums).to_bytes(4, 'big')).decode()}-{len(parts)}"


@pytest.mark.parametrize("kind", ["s3", "directory"])
def test_spans_are_exact_and_counted(s3: Minio, tmp_path: Path, kind: str) -> None:
    uri = f"s3://{BUCKET}/pruned/x/" if kind == "s3" else str(tmp_path)
    storage = open_storage(uri, "output")
    data = random.Random(0).randbytes(2 * PIECE + 7)
    storage.put("big", data)
    info = storage.find("big")
    assert info is not None
    wanted = 0
    for start, length in ((0, 2 * PIECE + 7), (5, PIECE), (3, PIECE + 1), (9, 0), (2 * PIECE, 7)):
        assert storage.read(info, start, length) == data[start : start + length]
        wanted += length
    assert storage.bytes_read == wanted


def test_clean_aborts_multipart_uploads(s3: Minio, s3_recipe: dict[str, Any], stun: Stun) -> None:
    output = f"s3://{BUCKET}/pruned/"
    storage = open_storage(f"{output}tiny/0123456789abcdef/", "output")
    writer = storage.writer("model-00001-of-00001.safetensors", 3 * SMALL)
    writer.write(bytes(SMALL))
    storage.put("config.json", b"{}")
    outcome = stun("clean", model=SOURCE, output=output, run="0123456789abcdef")
    assert outcome.answer["removed"] == 1
    assert outcome.answer["aborted"] == 1
    assert s3.names(BUCKET, "pruned/") == []


def test_a_source_that_changes_is_noticed(s3: Minio) -> None:
    client = s3.client()
    client.put_object(Bucket=BUCKET, Key="pruned/changing", Body=b"first")
    storage = open_storage(f"s3://{BUCKET}/pruned/", "model")
    info = storage.find("changing")
    client.put_object(Bucket=BUCKET, Key="pruned/changing", Body=b"other")
    assert info is not None
    with pytest.raises(Exception, match="changed while it was read"):
        storage.read_all(info)


# Environment, model, output, reason, exit code, a part of the sentence.
FAILURES: dict[str, tuple[dict[str, str], str, str, str, int, str]] = {
    "no such model": ({}, f"s3://{BUCKET}/nowhere/", "pruned", "ModelNotFound", 2, "no objects"),
    "no such bucket": ({}, "s3://no-such-bucket/m/", "pruned", "ModelUnreadable", 2, "does not"),
    "wrong secret": (
        {"AWS_SECRET_ACCESS_KEY": "wrong"},
        SOURCE,
        "pruned",
        "ModelUnreadable",
        2,
        "refused",
    ),
    "wrong key": (
        {"AWS_ACCESS_KEY_ID": "nobody"},
        SOURCE,
        "pruned",
        "ModelUnreadable",
        2,
        "refused",
    ),
    "endpoint without a scheme": (
        {"S3_ENDPOINT": "127.0.0.1:1"},
        SOURCE,
        "pruned",
        "RecipeInvalid",
        2,
        "S3_ENDPOINT",
    ),
}


@pytest.mark.parametrize(
    ("environment", "source", "output", "reason", "code", "part"),
    FAILURES.values(),
    ids=FAILURES.keys(),
)
def test_failures(
    s3: Minio,
    s3_recipe: dict[str, Any],
    stun: Stun,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    source: str,
    output: str,
    reason: str,
    code: int,
    part: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    outcome = stun("prune", s3_recipe, model=source, output=f"s3://{BUCKET}/{output}/")
    assert (outcome.code, outcome.termination.get("reason")) == (code, reason)
    assert part in outcome.termination["message"]


def test_a_server_that_is_away_is_retried(
    s3: Minio, s3_recipe: dict[str, Any], stun: Stun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    outcome = stun("inspect", s3_recipe, model=SOURCE)
    assert (outcome.code, outcome.termination["reason"]) == (3, "StorageUnavailable")


@pytest.mark.parametrize("command", ["inspect", "prune"])
def test_an_output_bucket_that_is_missing_is_found_before_the_work(
    s3: Minio, s3_recipe: dict[str, Any], stun: Stun, command: str
) -> None:
    """No retry makes it."""
    outcome = stun(command, s3_recipe, model=SOURCE, output="s3://no-such-bucket/x/")
    assert (outcome.code, outcome.termination["reason"]) == (2, "OutputConflict")
    assert "The bucket of s3://no-such-bucket/x/" in outcome.termination["message"]


def test_without_credentials(
    s3: Minio, s3_recipe: dict[str, Any], stun: Stun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    outcome = stun("inspect", s3_recipe, model=SOURCE)
    assert (outcome.code, outcome.termination["reason"]) == (2, "ModelUnreadable")
    assert "ServiceAccount" in outcome.termination["message"]


@pytest.mark.parametrize("size", [1, SMALL, SMALL + 1, 10**11, 5 * 10**12])
def test_part_size_stays_within_the_limit_of_parts(size: int) -> None:
    assert part_size(size) >= SMALL
    assert size / part_size(size) <= MOST_PARTS
