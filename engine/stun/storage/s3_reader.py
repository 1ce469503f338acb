"""Reads a span of one S3 object: several requests at once, each asked again when it breaks off.

Boto asks a refused request again by itself, but not one whose body ends in the middle.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import FlexibleChecksumError, HTTPClientError, IncompleteReadError

from stun.storage.base import ObjectInfo
from stun.storage.filling import Filler

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

READS_AT_ONCE = 8
ATTEMPTS = 4
CHUNK = 1 << 20
BROKEN_OFF = (HTTPClientError, IncompleteReadError, FlexibleChecksumError, OSError)

Count = Callable[[int], None]


class WrongLengthError(Exception):
    """A server that gives another span than the one asked for."""


class S3Reader:
    """Reads objects of one bucket; what arrives is counted, asked again or not."""

    def __init__(self, client: "S3Client", bucket: str, count: Count) -> None:
        self.client, self.bucket, self.count = client, bucket, count
        self.filler = Filler(READS_AT_ONCE)

    def read(self, key: str, info: ObjectInfo, start: int, length: int) -> memoryview:
        """Exactly `length` bytes of the version that `info` names."""

        def fetch(offset: int, piece: memoryview) -> None:
            self._fetch(key, info, start + offset, piece)

        return self.filler.fill(length, fetch)

    def _fetch(self, key: str, info: ObjectInfo, start: int, view: memoryview) -> None:
        for attempt in range(ATTEMPTS):
            try:
                return self._fetch_once(key, info, start, view)
            except BROKEN_OFF:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _fetch_once(self, key: str, info: ObjectInfo, start: int, view: memoryview) -> None:
        answer = self.client.get_object(
            Bucket=self.bucket,
            Key=key,
            IfMatch=info.version,
            Range=f"bytes={start}-{start + len(view) - 1}",
        )
        if answer["ContentLength"] != len(view):
            raise WrongLengthError(f"{answer['ContentLength']} bytes instead of {len(view)}")
        while view:
            received = answer["Body"].read(CHUNK)
            self.count(len(received))
            view[: len(received)] = received
            view = view[len(received) :]
