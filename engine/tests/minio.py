"""A real S3 server on loopback for the storage tests."""

import os
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CACHE = Path(os.environ.get("STUN_CACHE") or Path.home() / ".cache" / "stun-operator")
BINARY = CACHE / "bin" / "minio"
START_SECONDS = 60


@dataclass(frozen=True)
class Minio:
    endpoint: str
    user: str
    password: str

    def client(self) -> "S3Client":
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.user,
            aws_secret_access_key=self.password,
            region_name="us-east-1",
        )

    def environment(self) -> dict[str, str]:
        """As a pod has it from the ServiceAccount's Secret."""
        return {
            "AWS_ACCESS_KEY_ID": self.user,
            "AWS_SECRET_ACCESS_KEY": self.password,
            "AWS_DEFAULT_REGION": "us-east-1",
            "S3_ENDPOINT": self.endpoint,
        }

    def upload(self, folder: Path, bucket: str, prefix: str) -> None:
        for path in folder.iterdir():
            self.client().upload_file(str(path), bucket, prefix + path.name)

    def names(self, bucket: str, prefix: str = "") -> list[str]:
        answer = self.client().list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for item in answer.get("Contents", [])]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{endpoint}/minio/health/live", timeout=2):
                return
        except OSError:
            time.sleep(0.05)  # the interval of the poll, not a guess at how long it takes
    pytest.fail(f"MinIO did not become ready: {log.read_text()}")


@contextmanager
def running_minio(folder: Path) -> Iterator[Minio]:
    if not BINARY.exists():
        pytest.fail(f"The S3 tests need the S3 server {BINARY}; build it with 'make tools'.")
    server = Minio(f"http://127.0.0.1:{free_port()}", "tester", secrets.token_hex(16))
    address = server.endpoint.removeprefix("http://")
    environment = {
        **os.environ,
        "MINIO_ROOT_USER": server.user,
        "MINIO_ROOT_PASSWORD": server.password,
        "MINIO_BROWSER": "off",
    }
    log = folder / "log"
    command = [str(BINARY), "server", str(folder / "data"), "--address", address]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        wait_until_ready(server.endpoint, process, log)
        yield server
    finally:
        process.terminate()
        process.wait()
