"""Reads URIs: s3://, file:// and plain paths; refuses the others with what to do instead."""

from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from stun.errors import StunError
from stun.storage.base import ObjectInfo, Role, Storage
from stun.storage.directory import DirectoryStorage
from stun.storage.s3 import S3Storage


def split_uri(uri: str) -> SplitResult:
    try:
        return urlsplit(uri)
    except ValueError as error:  # a bracket that is not closed
        raise StunError("RecipeInvalid", no_uri(uri)) from error


def no_uri(uri: str) -> str:
    return (
        f"'{uri}' is no URI that is read here; write s3://BUCKET/PREFIX/, file:///PATH or a path."
    )


def open_storage(uri: str, role: Role) -> Storage:
    """The storage below a URI; nothing is read yet."""
    parts = split_uri(uri)
    if parts.scheme == "s3":
        if not parts.netloc:
            raise StunError("RecipeInvalid", f"{uri} names no bucket; write s3://BUCKET/PREFIX/.")
        return S3Storage(uri, role, parts.netloc, parts.path.lstrip("/"))
    if parts.scheme in ("", "file") and parts.path:
        path = unquote(parts.path) if parts.scheme else uri
        return DirectoryStorage(uri, role, Path(path))
    raise StunError("RecipeInvalid", refusal(uri))


def refusal(uri: str) -> str:
    scheme = split_uri(uri).scheme
    if scheme == "hf":
        repository = uri.removeprefix("hf://").strip("/")
        name = repository.rsplit("/", 1)[-1]
        return (
            f"{uri} cannot be read: pods have no internet; copy it first with "
            f"'hf download {repository} --local-dir {name} && "
            f"aws s3 sync {name} s3://BUCKET/{name}/' and give that s3:// URI."
        )
    if scheme == "pvc":
        return f"{uri} is not readable here: the operator mounts it; give the mounted path."
    return no_uri(uri)


def absolute(uri: str) -> str:
    """One spelling of a place, without a trailing slash."""
    parts = split_uri(uri)
    if parts.scheme in ("", "file"):
        return str(Path(unquote(parts.path) if parts.scheme else uri).resolve())
    return uri.rstrip("/")


def last_segment(uri: str) -> str:
    """The name of a model: the last segment of its URI."""
    return absolute(uri).rsplit("/", 1)[-1]


def child_uri(uri: str, *segments: str) -> str:
    """A prefix below a URI, with the trailing slash that every prefix carries."""
    return "/".join([uri.rstrip("/"), *segments]) + "/"


def parent_storage(uri: str, role: Role) -> tuple[Storage, str]:
    """The storage that one object lies in, and its name there."""
    parent, slash, name = uri.rpartition("/")
    if split_uri(uri).scheme not in ("", "file", "s3") or not name:
        raise StunError("RecipeInvalid", refusal(uri))
    return open_storage(parent + slash or ".", role), name


def find_object(uri: str, role: Role) -> tuple[Storage, ObjectInfo]:
    """One object, for example a file of calibration text; that it is missing is an error."""
    storage, name = parent_storage(uri, role)
    info = storage.find(name)
    if info is None:
        raise storage.fault("missing", f"{uri} does not exist; check the {role} URI.")
    return storage, info


def read_object(uri: str, role: Role) -> bytes:
    storage, info = find_object(uri, role)
    return storage.read_all(info)
