"""Writes one S3 object of a known size: one request when small, else in parts with checksums."""

import math
from collections.abc import Callable
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
        self.upload = self._create() if size > SMALL else None

    def _create(self) -> str:
        with self.translate(self.uri):
            return self.client.create_multipart_upload(
                Bucket=self.bucket, Key=self.key, ChecksumAlgorithm="CRC32"
            )["UploadId"]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.buffer += data
        while self.upload and len(self.buffer) >= self.part_size:
            self._send(bytes(self.buffer[: self.part_size]))
            del self.buffer[: self.part_size]

    def _send(self, part: bytes) -> None:
        number = len(self.parts) + 1
        with self.translate(self.uri):
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
        self.parts.append(done)

    def close(self) -> None:
        if self.upload is None:
            with self.translate(self.uri):
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=self.key,
                    Body=bytes(self.buffer),
                    ChecksumAlgorithm="CRC32",
                )
            return
        if self.buffer:
            self._send(bytes(self.buffer))
        with self.translate(self.uri):
            self.client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=self.key,
                UploadId=self.upload,
                MultipartUpload={"Parts": self.parts},
            )

    def abort(self) -> None:
        if self.upload is None:
            return
        with self.translate(self.uri):
            self.client.abort_multipart_upload(
                Bucket=self.bucket, Key=self.key, UploadId=self.upload
            )
