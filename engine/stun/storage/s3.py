"""An S3 prefix as storage: ranged reads of one version, listing, conditional writes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from stun.errors import StunError
from stun.storage.base import ObjectInfo, Role, Storage, Writer
from stun.storage.s3_client import explain, make_client
from stun.storage.s3_reader import S3Reader, WrongLengthError
from stun.storage.s3_writer import S3Writer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectTypeDef

CONFLICT_ATTEMPTS = 5
CONFLICT_PAUSE = 1.0
ASKED_AT_ONCE = 8


class S3Storage(Storage):
    remote = True

    def __init__(self, uri: str, role: Role, bucket: str, prefix: str) -> None:
        super().__init__(uri, role)
        self.bucket = bucket
        self.prefix = prefix if not prefix or prefix.endswith("/") else prefix + "/"

    @cached_property
    def client(self) -> "S3Client":
        with self.translate(self.uri):
            try:
                return make_client()
            except ValueError as error:
                message = f"S3_ENDPOINT is no URL: {error}; write https://HOST:PORT."
                raise StunError("RecipeInvalid", message) from error

    @contextmanager
    def translate(self, what: str) -> Iterator[None]:
        """Turns boto's exceptions into sentences."""
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise self.fault(*explain(what, error)) from error

    def _uri(self, name: str) -> str:
        return f"s3://{self.bucket}/{self.prefix}{name}"

    def objects(self) -> list[ObjectInfo]:
        found = []
        with self.translate(self.uri):
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
                for item in page.get("Contents", []):
                    name = item["Key"][len(self.prefix) :]
                    found.append(info_of(name, item))
        return sorted(found, key=lambda info: info.name)

    def find(self, name: str) -> ObjectInfo | None:
        """By listing: a HEAD could not tell a missing object from a missing bucket."""
        key = self.prefix + name
        with self.translate(self._uri(name)):
            page = self.client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        for item in page.get("Contents", []):
            if item["Key"] == key:
                return info_of(name, item)
        return None

    @cached_property
    def reader(self) -> S3Reader:
        return S3Reader(self.client, self.bucket, self.count_read)

    def read(self, info: ObjectInfo, start: int, length: int) -> memoryview:
        uri = self._uri(info.name)
        with self.translate(uri):
            try:
                return self.reader.read(self.prefix + info.name, info, start, length)
            except WrongLengthError as error:
                message = f"{uri} was answered with {error}; mend the S3 server or its proxy."
                raise self.fault("unavailable", message) from error

    def writer(self, name: str, size: int) -> Writer:
        return S3Writer(self.client, self.bucket, self.prefix + name, size, self.translate)

    def put_new(self, name: str, data: bytes) -> bool:
        """Tries again after 409: that met another conditional write, which may yet fail."""
        with self.translate(self._uri(name)):
            for attempt in range(CONFLICT_ATTEMPTS):
                try:
                    self.client.put_object(
                        Bucket=self.bucket, Key=self.prefix + name, Body=data, IfNoneMatch="*"
                    )
                    return True
                except ClientError as error:
                    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                    if status == 412:
                        return False
                    if status != 409 or attempt == CONFLICT_ATTEMPTS - 1:
                        raise
                    time.sleep(CONFLICT_PAUSE)
        raise AssertionError("unreachable")

    def delete(self, name: str) -> None:
        with self.translate(self._uri(name)):
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)

    def abort_uploads(self, names: list[str]) -> int:
        """Asks by prefix, then by name: MinIO lists uploads only for the exact key.

        The names can be hundreds, and a run that is told to stop has no time to ask in turn.
        """
        prefixes = [self.prefix + name for name in ["", *names]]
        with self.translate(self.uri), ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
            return sum(pool.map(self._abort, prefixes))

    def _abort(self, prefix: str) -> int:
        count = 0
        pages = self.client.get_paginator("list_multipart_uploads")
        for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
            for upload in page.get("Uploads", []):
                self.client.abort_multipart_upload(
                    Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
                count += 1
        return count


def info_of(name: str, item: "ObjectTypeDef") -> ObjectInfo:
    version, modified = item["ETag"].strip('"'), item["LastModified"].timestamp()
    return ObjectInfo(name, item["Size"], version, modified)
