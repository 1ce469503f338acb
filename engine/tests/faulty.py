"""An S3 server behind a proxy that harms chosen requests, and its bucket."""

from collections.abc import Iterator

import pytest

from tests.fault_proxy import (
    FaultProxy,
    answer,
)
from tests.fault_proxy import running_proxy as running
from tests.minio import Minio

BUCKET = "faults"
BUSY = answer(503, "SlowDown")


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
