"""stun inspect: facts of a model from its headers, the run key, and what it has published."""

from argparse import Namespace
from typing import Any

import torch

from stun.facts import model_facts
from stun.memory import estimate_memory
from stun.opening import open_checkpoint
from stun.output import run_storage
from stun.prepare import Prepared, make_context, prepare
from stun.progress import Progress
from stun.published import find_published, recheck
from stun.recipe_parser import load_recipe
from stun.signing import PublicKey, read_public_key
from stun.termination import write_termination


def run_inspect(args: Namespace, progress: Progress) -> dict[str, Any]:
    key = None if args.public_key is None else read_public_key(args.public_key)
    if args.recipe is None:
        facts = {**model_facts(open_checkpoint(args.model)), "runKey": None, "existing": None}
    else:
        prepared = prepare(args.model, load_recipe(args.recipe))
        progress.run_key = prepared.run_key
        facts = model_facts(prepared.checkpoint)
        facts |= {
            "runKey": prepared.run_key,
            "existing": existing_result(args, prepared, key),
            "memoryBytes": memory_bytes(prepared, progress),
        }
    write_termination(facts)
    return facts


def existing_result(
    args: Namespace, prepared: Prepared, key: PublicKey | None
) -> dict[str, Any] | None:
    """The result recorded for the run key, if its signature and this recipe's gate let it pass."""
    if args.output is None or not prepared.recipe.settled:
        return None
    storage = run_storage(args.output, args.model, prepared.run_key)
    published = find_published(storage, key)
    if published is None:
        return None
    return recheck(published, prepared.recipe, prepared.gate)


def memory_bytes(prepared: Prepared, progress: Progress) -> int | None:
    """Of the GPU at most; None while the plan is not settled."""
    if not prepared.recipe.settled:
        return None
    return estimate_memory(make_context(prepared, torch.device("cuda"), progress))["total"]
