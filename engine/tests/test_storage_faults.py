"""Reads and writes that S3 fails: really caused, survived where that is possible, else told."""

import random

import pytest

from stun.errors import StunError
from stun.storage import open_storage
from stun.storage.base import ObjectInfo, Role, Storage
from stun.storage.filling import PIECE
from tests.fault_proxy import (
    FaultProxy,
    Strike,
    answer,
    close_early,
    do_first,
    flip_a_bit,
    hang_up,
)
from tests.faulty import BUCKET, BUSY
from tests.faulty import proxy as proxy
from tests.minio import Minio

DATA = random.Random(0).randbytes(PIECE + 1000)


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
