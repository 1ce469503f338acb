"""S3 and disks that fail: really caused, told in a sentence, survived where that is possible."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any

import pytest

from stun.errors import EXIT_CODES, StunError
from stun.storage import open_storage
from stun.storage.base import ObjectInfo, Role, Storage
from stun.storage.filling import PIECE
from tests.conftest import Stun
from tests.fault_proxy import (
    FaultProxy,
    Strike,
    answer,
    close_early,
    do_first,
    flip_a_bit,
    hang_up,
)
from tests.fault_proxy import running_proxy as running
from tests.minio import Minio

BUCKET = "faults"
SOURCE, OUTPUT = f"s3://{BUCKET}/source/tiny/", f"s3://{BUCKET}/pruned/"
# Reads of a shard that find out what is in it: the length of its header, and the header.
HEADER_READS = 2
PASS = do_first(lambda: None)
BUSY = answer(503, "SlowDown")
DATA = random.Random(0).randbytes(PIECE + 1000)


@pytest.fixture
def proxy(minio: Minio, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """The engine's environment as in a pod, with the proxy for the server."""
    for name, value in minio.environment().items():
        monkeypatch.setenv(name, value)
    # What lasts for ever in these tests need not last for half a minute.
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    client = minio.client()
    if BUCKET not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=BUCKET)
    with running(minio.endpoint) as proxy:
        monkeypatch.setenv("S3_ENDPOINT", proxy.endpoint)
        yield proxy
    for name in minio.names(BUCKET):
        client.delete_object(Bucket=BUCKET, Key=name)


def stored(minio: Minio, role: Role, data: bytes) -> tuple[Storage, ObjectInfo]:
    minio.client().put_object(Bucket=BUCKET, Key="x/big", Body=data)
    storage = open_storage(f"s3://{BUCKET}/x/", role)
    info = storage.find("big")
    assert info is not None
    return storage, info


SURVIVED_READS: dict[str, Strike] = {
    "busy": BUSY,
    "an internal error": answer(500, "InternalError"),
    "closes early": close_early(1000),
    "closes at the start": close_early(0),
    "hangs up": hang_up,
}


@pytest.mark.parametrize("strike", SURVIVED_READS.values(), ids=SURVIVED_READS)
def test_a_read_outlives(minio: Minio, proxy: FaultProxy, strike: Strike) -> None:
    storage, info = stored(minio, "model", DATA)
    fault = proxy.add("GET", "x/big", strike, times=2)
    assert storage.read(info, 0, len(DATA)) == DATA
    assert fault.struck == 2


def test_bytes_that_arrived_in_vain_are_counted(minio: Minio, proxy: FaultProxy) -> None:
    storage, info = stored(minio, "model", DATA)
    proxy.add("GET", "x/big", close_early(1000), times=1)
    storage.read(info, 0, len(DATA))
    assert len(DATA) <= storage.bytes_read <= len(DATA) + 1000


# The storage's role, what strikes every read, the reason, a part of the sentence.
FAILED_READS: dict[str, tuple[Role, Strike, str, str]] = {
    "busy": ("model", BUSY, "StorageUnavailable", "SlowDown"),
    "closes early": ("model", close_early(1000), "StorageUnavailable", "could not be reached"),
    "hangs up": ("model", hang_up, "StorageUnavailable", "could not be reached"),
    "refused": ("model", answer(403, "AccessDenied"), "ModelUnreadable", "AccessDenied"),
    "refused calibration": (
        "calibration",
        answer(403, "AccessDenied"),
        "CalibrationInvalid",
        "ServiceAccount",
    ),
    "refused output": (
        "output",
        answer(403, "AccessDenied"),
        "StorageUnavailable",
        "ServiceAccount",
    ),
    "another length": ("model", answer(200, "none"), "StorageUnavailable", "bytes instead of"),
}


@pytest.mark.parametrize(
    ("role", "strike", "reason", "part"), FAILED_READS.values(), ids=FAILED_READS
)
def test_a_read_that_fails_for_ever(
    minio: Minio, proxy: FaultProxy, role: Role, strike: Strike, reason: str, part: str
) -> None:
    storage, info = stored(minio, role, DATA[:5000])
    proxy.add("GET", "x/big", strike)
    with pytest.raises(StunError) as caught:
        storage.read_all(info)
    assert caught.value.reason == reason
    assert part in caught.value.message
    assert "x/big" in caught.value.message


def test_pieces_of_two_versions_are_never_put_together(minio: Minio, proxy: FaultProxy) -> None:
    storage, info = stored(minio, "model", DATA)
    client = minio.client()
    replace = do_first(lambda: client.put_object(Bucket=BUCKET, Key="x/big", Body=DATA[::-1]))
    proxy.add("GET", "x/big", replace, times=1)
    with pytest.raises(StunError, match="changed while it was read") as caught:
        storage.read_all(info)
    assert caught.value.exit_code == 3


SURVIVED_WRITES: dict[str, tuple[str, str, Strike]] = {
    "busy at the start": ("POST", "uploads", BUSY),
    "busy at a part": ("PUT", "partNumber=2", BUSY),
    "hangs up at a part": ("PUT", "partNumber=1", hang_up),
    "busy at the end": ("POST", "uploadId", BUSY),
    "an answer that is lost": ("PUT", "partNumber=1", close_early(0)),
}


def write_big(storage: Storage) -> None:
    with storage.writer("big", len(DATA)) as out:
        out.write(DATA)


@pytest.mark.parametrize(
    ("method", "part", "strike"), SURVIVED_WRITES.values(), ids=SURVIVED_WRITES
)
def test_a_write_outlives(
    minio: Minio, proxy: FaultProxy, method: str, part: str, strike: Strike
) -> None:
    fault = proxy.add(method, part, strike, times=2)
    write_big(open_storage(f"s3://{BUCKET}/x/", "output"))
    assert fault.struck > 0
    found = minio.client().get_object(Bucket=BUCKET, Key="x/big")
    assert found["Body"].read() == DATA


FAILED_WRITES: dict[str, tuple[str, str, Strike, str]] = {
    "busy": ("PUT", "partNumber=2", BUSY, "SlowDown"),
    "refused": ("POST", "uploads", answer(403, "AccessDenied"), "ServiceAccount"),
    "a bit flips": ("PUT", "partNumber=2", flip_a_bit, "S3 error"),
    "the end is refused": ("POST", "uploadId", answer(400, "InvalidPart"), "InvalidPart"),
}


@pytest.mark.parametrize(
    ("method", "part", "strike", "words"), FAILED_WRITES.values(), ids=FAILED_WRITES
)
def test_a_write_that_fails_for_ever_leaves_nothing(
    minio: Minio, proxy: FaultProxy, method: str, part: str, strike: Strike, words: str
) -> None:
    proxy.add(method, part, strike)
    with pytest.raises(StunError) as caught:
        write_big(open_storage(f"s3://{BUCKET}/x/", "output"))
    assert caught.value.reason == "StorageUnavailable"
    assert words in caught.value.message
    assert minio.names(BUCKET) == []
    uploads = minio.client().list_multipart_uploads(Bucket=BUCKET, Prefix="x/big")
    assert uploads.get("Uploads", []) == []


def shard(minio: Minio) -> str:
    return min(n for n in minio.names(BUCKET, "source/") if n.endswith(".safetensors"))


def published(minio: Minio) -> list[str]:
    return [n for n in minio.names(BUCKET, "pruned/") if n.endswith("stun-manifest.json")]


def change_source(minio: Minio) -> Strike:
    """Another file of the same size takes the place of a shard whose header was read."""

    def act() -> None:
        client, name = minio.client(), shard(minio)
        data = client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        client.put_object(Bucket=BUCKET, Key=name, Body=data[:-4] + bytes(4))

    return do_first(act)


# What strikes which requests how often; reason and a part of the sentence, none where the run
# goes on all the same.
RUNS: dict[str, tuple[str, str, Strike, float, str | None, str]] = {
    "busy for a while": ("GET", "source/tiny/model", BUSY, 2, None, ""),
    "closes early once": ("GET", "source/tiny/model", close_early(100), 1, None, ""),
    "output busy for a while": ("PUT", "pruned/tiny/", BUSY, 2, None, ""),
    "busy": ("GET", "source/tiny/model", BUSY, inf, "StorageUnavailable", "SlowDown"),
    "closes early": (
        "GET",
        "source/tiny/model",
        close_early(100),
        inf,
        "StorageUnavailable",
        "could not be reached",
    ),
    "refused": (
        "GET",
        "source/tiny/model",
        answer(403, "AccessDenied"),
        inf,
        "ModelUnreadable",
        "ServiceAccount",
    ),
    "output busy": ("PUT", "pruned/tiny/", BUSY, inf, "StorageUnavailable", "SlowDown"),
    "output refused": (
        "PUT",
        "pruned/tiny/",
        answer(403, "AccessDenied"),
        inf,
        "StorageUnavailable",
        "ServiceAccount",
    ),
    "upload harmed": ("PUT", ".safetensors", flip_a_bit, inf, "StorageUnavailable", "S3 error"),
    "manifest busy": ("PUT", "stun-manifest.json", BUSY, inf, "StorageUnavailable", "SlowDown"),
}


@pytest.fixture
def s3_recipe(
    minio: Minio,
    proxy: FaultProxy,
    model: Path,
    recipe: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    minio.upload(model, BUCKET, "source/tiny/")
    # A run that fails before its first file asks for uploads of as many names as a model can have.
    monkeypatch.setattr("stun.layout.MOST_SHARDS", 8)
    return recipe


@pytest.mark.parametrize(
    ("method", "part", "strike", "times", "reason", "words"), RUNS.values(), ids=RUNS
)
def test_a_run(
    minio: Minio,
    proxy: FaultProxy,
    s3_recipe: dict[str, Any],
    stun: Stun,
    method: str,
    part: str,
    strike: Strike,
    times: float,
    reason: str | None,
    words: str,
) -> None:
    """Goes on, or publishes nothing and is done by a later run."""
    fault = proxy.add(method, part, strike, times)
    outcome = stun("prune", s3_recipe, model=SOURCE, output=OUTPUT)
    assert 0 < fault.struck <= times
    if reason is not None:
        assert outcome.termination.get("reason") == reason, outcome.termination
        assert outcome.code == EXIT_CODES[reason]
        assert words in outcome.termination["message"]
        assert published(minio) == []
        if outcome.code == 2:  # nothing to go on from either
            assert minio.names(BUCKET, "pruned/") == []
        proxy.faults.clear()
        outcome = stun("prune", s3_recipe, model=SOURCE, output=OUTPUT)
    assert outcome.code == 0, outcome.termination
    assert [name for name in minio.names(BUCKET, "pruned/") if ".checkpoint/" in name] == []
    assert stun("verify", model=outcome.answer["uri"]).code == 0


def test_a_source_that_changes_during_the_run(
    minio: Minio, proxy: FaultProxy, s3_recipe: dict[str, Any], stun: Stun
) -> None:
    first_layer = proxy.add("GET", shard(minio), PASS, times=HEADER_READS)
    change = proxy.add("GET", shard(minio), change_source(minio), times=1)
    outcome = stun("prune", s3_recipe, model=SOURCE, output=OUTPUT)
    assert (first_layer.struck, change.struck) == (HEADER_READS, 1)
    assert (outcome.code, outcome.termination["reason"]) == (3, "StorageUnavailable")
    assert "changed while it was read" in outcome.termination["message"]
    assert published(minio) == []
    proxy.faults.clear()
    assert stun("prune", s3_recipe, model=SOURCE, output=OUTPUT).code == 0


# Prunes to a disk that is too small, and again after it has grown; a namespace of its own lets
# any user mount one. What must not lie there is listed in between.
SMALL_DISK = """
mount -t tmpfs -o size=200k none "$DISK" || exit 99
"$@"; echo "code $?"
find "$DISK" -name stun-manifest.json -o -name '*.partial'
mount -o remount,size=64m none "$DISK" || exit 99
"$@"; echo "code $?"
find "$DISK" -name stun-manifest.json
"""


def test_a_disk_that_fills_up(model: Path, recipe: dict[str, Any], tmp_path: Path) -> None:
    disk, log = tmp_path / "disk", tmp_path / "log"
    disk.mkdir()
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    command = [sys.executable, "-m", "stun", "prune", "--model", str(model)]
    command += ["--recipe", str(tmp_path / "recipe.json"), "--output", str(disk)]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK, "-", *command],
        env={**os.environ, "DISK": str(disk), "STUN_TERMINATION_LOG": str(log)},
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "code 3", done.stderr
    assert "No space left on device; make room or give a larger volume" in done.stderr
    assert json.loads(lines[1])["uri"].startswith(str(disk))  # nothing was listed before it
    assert lines[2] == "code 0"
    assert lines[3].endswith("/stun-manifest.json")
