"""stun prune: from a checkpoint and a recipe to a published, smaller model."""

from argparse import Namespace
from typing import Any

import torch

from stun.device import open_device
from stun.existing import Existing, find_existing, recheck
from stun.layout import plan_shards
from stun.output import run_storage
from stun.passes.context import Context
from stun.passes.layer_pass import NoJournal
from stun.plan import Plan, make_plan
from stun.prepare import Prepared, prepare
from stun.progress import Progress
from stun.publication import Publication
from stun.quality import as_json, check_accepted, compare
from stun.recipe_parser import load_recipe
from stun.shards import ShardWriter
from stun.stream import StreamResult, run_passes
from stun.termination import write_termination


def run_prune(args: Namespace, progress: Progress) -> dict[str, Any]:
    recipe = load_recipe(args.recipe)
    device = open_device(args.device)
    prepared = prepare(args.model, recipe)
    plan = prepared.plan or make_plan(
        recipe, recipe.ratio, prepared.skeleton, prepared.checkpoint.config
    )
    progress.run_key = prepared.run_key
    storage = run_storage(args.output, args.model, progress.run_key)
    existing = find_existing(storage)
    if existing is None:
        publication = Publication(prepared, plan, storage)
        with publication:
            existing = prune_and_publish(prepared, plan, publication, device, progress)
    else:
        existing = reuse(existing, prepared)
    write_termination(existing.result)
    shown = {key: existing.result[key] for key in ("uri", "manifestDigest", "sparsity")}
    return {**shown, "expertsKept": existing.experts_kept}


def reuse(existing: Existing, prepared: Prepared) -> Existing:
    result = recheck(existing, prepared.recipe, prepared.gate)
    return Existing(result, existing.experts_kept, existing.gate)


def prune_and_publish(
    prepared: Prepared,
    plan: Plan,
    publication: Publication,
    device: torch.device,
    progress: Progress,
) -> Existing:
    shards = plan_shards(prepared.checkpoint, prepared.skeleton.family, plan.experts_after)
    writer = publication.begin(ShardWriter(publication.storage, shards))
    gate = prepared.gate.scored if prepared.gate else []
    context = Context(
        checkpoint=prepared.checkpoint,
        recipe=prepared.recipe,
        plan=plan,
        dense=prepared.skeleton,
        device=device,
        progress=progress,
        calibration=prepared.calibration,
        gate=gate,
    )
    with torch.inference_mode():
        streamed = run_passes(context, NoJournal(), writer)
    quality = decide(prepared, streamed)
    progress.enter("Publish")
    return publication.finish(shards, streamed, quality, progress)


def decide(prepared: Prepared, streamed: StreamResult) -> dict[str, Any] | None:
    """The gate: refused before anything is visible."""
    asked = prepared.recipe.perplexity
    if prepared.gate is None or asked is None:
        return None
    length = prepared.gate.scored[0].ids.shape[1]
    most = asked.max_increase
    change = as_json(compare(-streamed.before[0], -streamed.after[0], length), most)
    check_accepted(change, most)
    return {"perplexity": change}
