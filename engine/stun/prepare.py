"""Everything that can be known before a layer is streamed, for inspect and prune alike.

Both call this, so both compute the same run key and refuse the same input: what inspect
accepts on a CPU does not fail for that reason on a GPU.
"""

from dataclasses import dataclass
from typing import Any

import torch

from stun.checkpoint import Checkpoint
from stun.documents import (
    Documents,
    Encoder,
    check_separate,
    first_windows,
    read_documents,
    shuffled_windows,
    take,
)
from stun.errors import StunError
from stun.families.table import FAMILIES
from stun.model.skeleton import Skeleton
from stun.opening import open_checkpoint
from stun.plan import Plan, make_plan
from stun.recipe import Recipe
from stun.recipe_parser import calibration_user
from stun.runkey import run_identity, run_key
from stun.scoring import Scored

LONGEST_DEFAULT = 2048


@dataclass(frozen=True)
class Gate:
    """The held-out sequences and what identifies them in the report."""

    scored: list[Scored]
    identity: dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    recipe: Recipe
    checkpoint: Checkpoint
    skeleton: Skeleton
    plan: Plan | None
    calibration: torch.Tensor | None
    gate: Gate | None
    identity: dict[str, Any]

    @property
    def run_key(self) -> str:
        """The run's name; while the ratio is left to the GPU plan, only the question's."""
        return run_key(self.identity)


def prepare(model: str, recipe: Recipe) -> Prepared:
    checkpoint = open_checkpoint(model, needs_experts=recipe.ratio != 0)
    skeleton = supported(checkpoint)
    plan = None
    if recipe.ratio is not None and recipe.split == "Manual":
        plan = make_plan(recipe, recipe.ratio, skeleton, checkpoint.config)
    encoder = Encoder(checkpoint)
    documents = calibration_documents(recipe)
    ids = calibration_ids(recipe, documents, encoder)
    gate = gate_ids(recipe, documents, encoder)
    decides = documents is not None and calibration_user(recipe) is not None
    identity = run_identity(checkpoint, recipe, documents.digest if decides and documents else None)
    return Prepared(recipe, checkpoint, skeleton, plan, ids, gate, identity)


def supported(checkpoint: Checkpoint) -> Skeleton:
    if checkpoint.skeleton is None:
        architecture = checkpoint.config.architecture or "model without architectures"
        raise StunError(
            "UnsupportedFamily",
            f"{checkpoint.uri} is a {architecture}, which is not supported; "
            f"supported are {', '.join(FAMILIES)}.",
        )
    return checkpoint.skeleton


def calibration_documents(recipe: Recipe) -> Documents | None:
    """Read wherever given: without a say in the weights it still tells the dropped load."""
    if recipe.calibration is None:
        return None
    return read_documents(recipe.calibration.uri, "calibration")


def check_length(length: int, longest: int, documents: Documents) -> None:
    if length > longest:
        raise documents.fault(
            f"Sequences of {length} tokens are asked of {documents.uri}, but the model takes at "
            f"most {longest}; lower sequenceLength."
        )


def calibration_ids(
    recipe: Recipe, documents: Documents | None, encoder: Encoder
) -> torch.Tensor | None:
    if recipe.calibration is None or documents is None:
        return None
    length, samples = recipe.calibration.sequence_length, recipe.calibration.samples
    check_length(length, encoder.checkpoint.config.max_positions, documents)
    windows = shuffled_windows(documents, encoder, length, recipe.calibration.seed)
    return take(windows, samples, length, documents)


def gate_ids(recipe: Recipe, calibration: Documents | None, encoder: Encoder) -> Gate | None:
    asked = recipe.perplexity
    if asked is None:
        return None
    documents = read_documents(asked.uri, "quality")
    if calibration is not None:
        check_separate(documents, calibration)
    longest = encoder.checkpoint.config.max_positions
    length = gate_length(recipe, longest)
    check_length(length, longest, documents)
    ids = take(first_windows(documents, encoder, length), asked.samples, length, documents)
    identity = {"digest": documents.digest, "samples": asked.samples, "sequenceLength": length}
    return Gate([whole(ids)], identity)


def whole(ids: torch.Tensor) -> Scored:
    """Every token but the first, which nothing precedes."""
    count, length = ids.shape
    return Scored(ids, torch.ones(count, dtype=torch.int64), torch.full((count,), length))


def gate_length(recipe: Recipe, longest: int) -> int:
    """Its own length, else the calibration's, else the model's up to 2048."""
    if recipe.perplexity is not None and recipe.perplexity.sequence_length:
        return recipe.perplexity.sequence_length
    if recipe.calibration is not None:
        return recipe.calibration.sequence_length
    return min(longest, LONGEST_DEFAULT)
