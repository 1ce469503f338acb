"""Reads and writes the local S3 server for the demo and the end-to-end tests.

The engine's environment has boto3, so the tests need no second S3 client.
Endpoint and credentials come from the environment that e2e/cluster/run sets.

usage: s3.py put SOURCE_DIR_OR_FILE s3://BUCKET/PREFIX | list s3://BUCKET/PREFIX | cat s3://BUCKET/KEY
       s3.py remove s3://BUCKET/PREFIX | digest s3://BUCKET/KEY
       s3.py copy s3://BUCKET/PREFIX s3://BUCKET/PREFIX
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import boto3


def client() -> Any:
    return boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"])


def split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def put(source: str, uri: str) -> None:
    bucket, prefix = split(uri)
    path = Path(source)
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    for file in files:
        name = "" if path.is_file() else str(file.relative_to(path))
        client().put_object(Bucket=bucket, Key=prefix + name, Body=file.read_bytes())


def objects(uri: str) -> list[dict[str, object]]:
    bucket, prefix = split(uri)
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [
        {"key": item["Key"], "size": item["Size"]}
        for page in pages
        for item in page.get("Contents", [])
    ]


def read(uri: str) -> bytes:
    bucket, key = split(uri)
    body: bytes = client().get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def copy(source: str, target: str) -> None:
    bucket, prefix = split(source)
    to_bucket, to_prefix = split(target)
    for item in objects(source):
        key = str(item["key"])
        origin = {"Bucket": bucket, "Key": key}
        client().copy_object(
            Bucket=to_bucket, Key=to_prefix + key.removeprefix(prefix), CopySource=origin
        )


def remove(uri: str) -> None:
    bucket, _ = split(uri)
    for item in objects(uri):
        client().delete_object(Bucket=bucket, Key=item["key"])


def main(arguments: list[str]) -> None:
    match arguments:
        case ["put", source, uri]:
            put(source, uri)
        case ["list", uri]:
            print(json.dumps(objects(uri)))
        case ["cat", uri]:
            sys.stdout.buffer.write(read(uri))
        case ["digest", uri]:
            print("sha256:" + hashlib.sha256(read(uri)).hexdigest())
        case ["copy", origin, target]:
            copy(origin, target)
        case ["remove", uri]:
            remove(uri)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
