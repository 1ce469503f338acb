"""The run key: the same source, pruning and calibration always publish under one name."""

import hashlib
import json
from typing import Any

from stun.checkpoint import Checkpoint
from stun.plan import resolved_pruning
from stun.recipe import Recipe

# Raised whenever the same input would give other bytes.
ALGORITHM = "stun-2"


def source_objects(checkpoint: Checkpoint) -> list[list[str | int]]:
    """Name, size and version (ETag, or modification time in ns) of every source object."""
    return [[info.name, info.size, info.version] for info in checkpoint.objects()]


def resolved_calibration(recipe: Recipe, digest: str | None) -> dict[str, Any] | None:
    """None where no weight depends on calibration, so that its file does not matter."""
    calibration = recipe.calibration
    if calibration is None or digest is None:
        return None
    return {
        "digest": digest,
        "samples": calibration.samples,
        "sequenceLength": calibration.sequence_length,
        "seed": calibration.seed,
    }


def run_identity(checkpoint: Checkpoint, recipe: Recipe, digest: str | None) -> dict[str, Any]:
    return {
        "algorithm": ALGORITHM,
        "source": source_objects(checkpoint),
        "pruning": resolved_pruning(recipe),
        "calibration": resolved_calibration(recipe, digest),
    }


def run_key(identity: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(identity)).hexdigest()[:16]


def canonical(value: object) -> bytes:
    """One spelling for one value: sorted keys, no spaces, no NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()
