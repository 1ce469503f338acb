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
    read_documents,
    shuffled_windows,
    take,
)
from stun.errors import StunError
from stun.families.table import FAMILIES
from stun.gate import Gate, prepare_gate
from stun.model.skeleton import Skeleton
from stun.opening import open_checkpoint
from stun.passes.candidates import candidate_plans
from stun.passes.context import Context
from stun.plan import Plan, count_plan, make_plan
from stun.progress import Progress
from stun.recipe import Recipe
from stun.recipe_parser import calibration_user
from stun.runkey import run_identity, run_key


@dataclass(frozen=True)
class Prepared:
    recipe: Recipe
    checkpoint: Checkpoint
    skeleton: Skeleton
    plan: Plan | None
    calibration: torch.Tensor | None
    gate: Gate | None
    identity: dict[str, Any]
    # Of calibration data that the published bytes depend on.
    calibration_digest: str | None

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
    if recipe.split == "Auto":
        candidate_plans(recipe, skeleton, checkpoint.config)  # refuses where there is none
    encoder = Encoder(checkpoint)
    documents = calibration_documents(recipe)
    ids = calibration_ids(recipe, documents, encoder)
    gate = prepare_gate(recipe, documents, encoder)
    decides = calibration_user(recipe) is not None
    digest = documents.digest if decides and documents else None
    identity = run_identity(checkpoint, recipe, digest)
    return Prepared(recipe, checkpoint, skeleton, plan, ids, gate, identity, digest)


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


def calibration_ids(
    recipe: Recipe, documents: Documents | None, encoder: Encoder
) -> torch.Tensor | None:
    if recipe.calibration is None or documents is None:
        return None
    length, samples = recipe.calibration.sequence_length, recipe.calibration.samples
    documents.check_length(length, encoder.checkpoint.config.max_positions)
    windows = shuffled_windows(documents, encoder, length, recipe.calibration.seed)
    return take(windows, samples, length, documents)


def make_context(prepared: Prepared, device: torch.device, progress: Progress) -> Context:
    """Under `split: Auto` the plan is that of no experts removed, until the split is chosen."""
    recipe, checkpoint, skeleton = prepared.recipe, prepared.checkpoint, prepared.skeleton
    if recipe.split == "Auto":  # whether so many may be served does not matter yet
        plan = count_plan(recipe, 0.0, skeleton, checkpoint.config)
    else:
        plan = prepared.plan or make_plan(recipe, recipe.ratio, skeleton, checkpoint.config)
    return Context(
        checkpoint=checkpoint,
        recipe=recipe,
        plan=plan,
        dense=skeleton,
        device=device,
        progress=progress,
        calibration=prepared.calibration,
        gate=prepared.gate.scored if prepared.gate else [],
    )
