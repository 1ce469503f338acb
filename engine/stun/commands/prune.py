"""stun prune: from a checkpoint and a recipe to a published, smaller model."""

import hashlib
from argparse import Namespace
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import torch

from stun.device import device_name, open_device
from stun.errors import StunError
from stun.exhausted import naming_the_largest
from stun.journal import open_journal
from stun.journal_file import JOURNAL_FORMAT
from stun.layout import plan_shards
from stun.output import checkpoint_storage, run_storage
from stun.passes.context import Context
from stun.prepare import Prepared, make_context, prepare
from stun.progress import Progress
from stun.publication import Publication
from stun.publish import abort_leftovers
from stun.published import Published, find_published, recheck
from stun.recipe_parser import load_recipe
from stun.shards import ShardWriter
from stun.signing import Signer, read_signer
from stun.storage import Storage, open_storage
from stun.stream import choose_split, count_passes, run_passes
from stun.termination import write_termination
from stun.workplace import check_work, sole_use


def run_prune(args: Namespace, progress: Progress) -> dict[str, Any]:
    recipe = load_recipe(args.recipe)
    signer = find_signer(args)
    device = open_device(args.device)
    prepared = prepare(args.model, recipe)
    progress.run_key = prepared.run_key
    storage = run_storage(args.output, args.model, progress.run_key)
    scratch = find_scratch(args, prepared, storage)
    with sole_use(scratch):
        identity = attempt_identity(prepared, device)
        layers = prepared.checkpoint.config.layers
        journal = open_journal(scratch, storage, identity, layers, progress)
        context = make_context(prepared, device, progress)
        published = find_or_publish(context, Publication(prepared, storage, journal, signer))
        abort_leftovers(storage)
        journal.remove()
    write_termination(published.result)
    shown = {key: published.result[key] for key in ("uri", "manifestDigest", "sparsity")}
    return {**shown, "expertsKept": published.experts_kept}


def find_or_publish(context: Context, publication: Publication) -> Published:
    found = find_published(publication.storage, publication.public_key)
    if found is not None:
        gate = publication.prepared.gate
        return replace(found, result=recheck(found, context.recipe, gate))
    with publication, naming_the_largest(context), torch.inference_mode():
        return prune_and_publish(context, publication)


def find_signer(args: Namespace) -> Signer | None:
    """Before the device is opened: a key that cannot sign costs no GPU."""
    if args.signing_key is None and args.public_key is None:
        return None
    if args.signing_key is None or args.public_key is None:
        raise StunError(
            "SigningKeyInvalid",
            "A result is signed with one key and verified with the other; give --signing-key and "
            "--public-key, or neither.",
        )
    return read_signer(args.signing_key, args.public_key)


def find_scratch(args: Namespace, prepared: Prepared, output: Storage) -> Storage | None:
    """The folder that was given, else a prefix beside a result in object storage."""
    if args.work is not None:
        work = open_storage(args.work, "output")
        check_work(work, args.model, output.uri)
        return work
    if output.remote:
        return checkpoint_storage(args.output, args.model, prepared.run_key)
    return None


def attempt_identity(prepared: Prepared, device: torch.device) -> dict[str, Any]:
    """What attempts must have in common to go on from each other."""
    ids = prepared.calibration
    return {
        "journal": JOURNAL_FORMAT,
        "runKey": prepared.run_key,
        "gate": prepared.gate.identity if prepared.gate else None,
        # What the states hold and the checks of finished layers meant, but no run key says.
        "calibration": None if ids is None else hashlib.sha256(ids.numpy().tobytes()).hexdigest(),
        "maxDroppedLoad": prepared.recipe.experts.max_dropped_load,
        # Other kernels may give other last bits, and a result is all of one machine's.
        "device": device_name(device),
        "versions": {name: version(name) for name in ("torch", "transformers")},
    }


def prune_and_publish(context: Context, publication: Publication) -> Published:
    progress, recipe, journal = context.progress, context.recipe, publication.journal
    progress.carry(journal.seconds_before)
    progress.plan(context.checkpoint.config.layers, count_passes(context))
    split = None
    if recipe.split == "Auto":
        plan, split = choose_split(context, journal)
        context = replace(context, plan=plan)
    shards = plan_shards(context.checkpoint, context.family, context.plan.experts_after)
    writer = publication.begin(ShardWriter(publication.storage, shards, journal.files))
    streamed = run_passes(context, journal, writer)
    progress.enter("Publish")
    return publication.finish(context, shards, streamed, split)
