"""The manifest: what a published model consists of. Without it there is no model."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from stun.shards import FileRecord
from stun.storage import Storage

MANIFEST = "stun-manifest.json"
REPORT = "stun-report.json"
PAGE = "stun-report.html"
VERSION = 1


def encode_manifest(
    files: list[FileRecord], identity: dict[str, Any], outcome: dict[str, Any]
) -> bytes:
    """Holds nothing that differs between two runs of one key: no times, no URIs."""
    manifest = {
        "version": VERSION,
        "files": [asdict(record) for record in sorted(files, key=lambda record: record.name)],
        **identity,
        **outcome,
    }
    return (json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def manifest_digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def encode_report(report: dict[str, Any]) -> bytes:
    return (json.dumps(report, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def read_published(storage: Storage, name: str) -> dict[str, Any] | None:
    """A JSON object beside a published model; None where there is none."""
    info = storage.find(name)
    if info is None:
        return None
    found: dict[str, Any] = json.loads(storage.read_all(info))
    return found
