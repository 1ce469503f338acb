"""Writes one S3 object of a known size: one request when small, else parts behind the producer.

Every request carries a CRC32 that the server checks; the parts' checksums are stated again when
the object is completed, so that a part cannot be lost, changed or taken twice.
"""

import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from stun.storage.base import Writer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

MIB = 1 << 20
SMALL = 8 * MIB
# S3 allows 10,000 parts of one object.
MOST_PARTS = 9_000
# Each holds its part in memory; one more part is being filled.
WRITES_AT_ONCE = 4

Translate = Callable[[str], AbstractContextManager[None]]


def part_size(size: int) -> int:
    """The smallest whole MiB, at least SMALL, that keeps the object under the limit of parts."""
    return max(SMALL, math.ceil(size / MOST_PARTS / MIB) * MIB)


class S3Writer(Writer):
    def __init__(
        self, client: "S3Client", bucket: str, key: str, size: int, translate: Translate
    ) -> None:
        self.client, self.bucket, self.key = client, bucket, key
        self.uri = f"s3://{bucket}/{key}"
        self.translate = translate
        self.part_size = part_size(size)
        self.buffer = bytearray()
        self.parts: list[CompletedPartTypeDef] = []
        self.flights: deque[Future[CompletedPartTypeDef]] = deque()
        self.pool = ThreadPoolExecutor(WRITES_AT_ONCE, thread_name_prefix="s3-write")
        self.upload = self._create() if size > SMALL else None

    def _create(self) -> str:
        with self.translate(self.uri):
            return self.client.create_multipart_upload(
                Bucket=self.bucket, Key=self.key, ChecksumAlgorithm="CRC32"
            )["UploadId"]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data).cast("B")
        while self.upload and len(self.buffer) + len(view) >= self.part_size:
            missing = self.part_size - len(self.buffer)
            self.buffer += view[:missing]
            view = view[missing:]
            self._send()
        self.buffer += view

    def _send(self) -> None:
        """Hands the buffer to a thread, after the oldest part when too many are on their way."""
        if len(self.flights) == WRITES_AT_ONCE:
            self._land()
        number = len(self.parts) + len(self.flights) + 1
        self.flights.append(self.pool.submit(self._upload, number, bytes(self.buffer)))
        self.buffer = bytearray()

    def _land(self) -> None:
        with self.translate(self.uri):
            self.parts.append(self.flights.popleft().result())

    def _upload(self, number: int, part: bytes) -> "CompletedPartTypeDef":
        answer = self.client.upload_part(
            Bucket=self.bucket,
            Key=self.key,
            UploadId=str(self.upload),
            PartNumber=number,
            Body=part,
            ChecksumAlgorithm="CRC32",
        )
        done: CompletedPartTypeDef = {"ETag": answer["ETag"], "PartNumber": number}
        if "ChecksumCRC32" in answer:
            done["ChecksumCRC32"] = answer["ChecksumCRC32"]
        return done

    def close(self) -> None:
        if self.upload is None:
            self._put()
            return
        if self.buffer:
            self._send()
        while self.flights:
            self._land()
        self.pool.shutdown()
        with self.translate(self.uri):
            self.client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=self.key,
                UploadId=self.upload,
                MultipartUpload={"Parts": self.parts},
            )

    def _put(self) -> None:
        with self.translate(self.uri):
            self.client.put_object(
                Bucket=self.bucket,
                Key=self.key,
                Body=bytes(self.buffer),
                ChecksumAlgorithm="CRC32",
            )

    def abort(self) -> None:
        """Waits for the parts on their way: one that arrives after the abort would stay."""
        self.pool.shutdown(cancel_futures=True)
        if self.upload is None:
            return
        with self.translate(self.uri):
            self.client.abort_multipart_upload(
                Bucket=self.bucket, Key=self.key, UploadId=self.upload
            )
