"""Where models are read from and published to: a directory or an S3 prefix."""

from stun.storage.base import ObjectInfo, Storage, Writer
from stun.storage.uri import (
    absolute,
    child_uri,
    find_object,
    last_segment,
    open_storage,
    parent_storage,
    read_object,
)

__all__ = [
    "ObjectInfo",
    "Storage",
    "Writer",
    "absolute",
    "child_uri",
    "find_object",
    "last_segment",
    "open_storage",
    "parent_storage",
    "read_object",
]
