"""What a run key has published, just now or before: found, so that no GPU repeats it."""

from dataclasses import dataclass
from typing import Any

from stun.errors import StunError
from stun.figures import percent
from stun.gate import Gate, rejudge
from stun.manifest import MANIFEST, REPORT, manifest_digest, read_published
from stun.recipe import Recipe
from stun.signing import PublicKey, check_contents, signature_status
from stun.storage import ObjectInfo, Storage


@dataclass(frozen=True)
class Published:
    """A published model: its result as the operator reads it, and what the gate measured."""

    result: dict[str, Any]
    experts_kept: dict[str, list[int]]
    gate: dict[str, Any] | None
    loads: tuple[float, ...] = ()  # that the removed experts of each layer carried, where known


def find_published(storage: Storage, key: PublicKey | None = None) -> Published | None:
    """What lies there already; with a key, once all of it was read and is what was signed.

    Anybody who may write to the storage could have changed it since it was published.
    """
    info = storage.find(MANIFEST)
    if info is None:
        return None
    if key is not None:
        check_contents(storage, key)
    try:
        return describe_published(storage, info, key)
    except (KeyError, TypeError, ValueError) as error:
        raise StunError(
            "OutputConflict",
            f"{storage.uri} holds a {MANIFEST} that this engine did not write; choose another "
            "output URI or remove it.",
        ) from error


def describe_published(storage: Storage, info: ObjectInfo, key: PublicKey | None) -> Published:
    manifest = read_published(storage, MANIFEST) or {}
    report = read_published(storage, REPORT) or {}
    result = {
        "kind": "Result",
        "runKey": manifest["runKey"],
        "uri": storage.uri,
        "manifestDigest": manifest_digest(storage.read_all(info)),
        **{key: manifest[key] for key in MANIFEST_RESULT},
        "quality": report.get("quality"),
        "stages": report.get("stages", []),
        "reused": True,
        "signature": signature_status(key),
    }
    loads = (layer.get("droppedLoad") for layer in report.get("layers", []))
    known = tuple(load for load in loads if load is not None)
    return Published(result, manifest["expertsKept"], report.get("gate"), known)


MANIFEST_RESULT = ("sparsity", "expertsBefore", "expertsAfter", "bytesBefore", "bytesAfter")


def recheck(published: Published, recipe: Recipe, gate: Gate | None) -> dict[str, Any]:
    """The recorded result under this recipe's gate; thresholds are no part of the run key."""
    most, load = recipe.experts.max_dropped_load, max(published.loads, default=0.0)
    if load > most:
        raise StunError(
            "DroppedLoadExceeded",
            f"{published.result['uri']} is published already and the experts removed from one of "
            f"its layers served {percent(load, most)} of the tokens, more than "
            f"maxDroppedLoad {most:g}; remove fewer experts or raise experts.maxDroppedLoad.",
        )
    if gate is None:
        return published.result
    if published.gate != gate.identity:
        raise StunError(
            "QualityDataInvalid",
            f"{published.result['uri']} is published already and its report does not cover this "
            "quality data; give the data that it was published with, or delete it.",
        )
    quality = rejudge(published.result["quality"], recipe)
    gate.check(recipe, quality)
    return {**published.result, "quality": quality}
