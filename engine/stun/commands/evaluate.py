"""stun evaluate: what a model scores, streamed like a prune run or asked of its server."""

from argparse import Namespace
from typing import Any
from urllib.parse import urlsplit

import torch

from stun.checkpoint import Checkpoint
from stun.device import open_device
from stun.documents import Encoder, first_windows, read_documents, take
from stun.errors import StunError
from stun.flow import Flow
from stun.layers import head_names, make_head, read_one, stream_layers
from stun.opening import open_checkpoint
from stun.prepare import supported
from stun.progress import Progress
from stun.quality import perplexity
from stun.recipe import TaskRecipe
from stun.recipe_parser import load_recipe
from stun.scoring import Scored, whole
from stun.tasks import plan_tasks, score_tasks
from stun.termination import write_termination


def run_evaluate(args: Namespace, progress: Progress) -> dict[str, Any]:
    tasks = tasks_of(args)
    check_url("--endpoint", args.endpoint)
    check_url("--baseline-endpoint", args.baseline)
    if args.endpoint is not None and args.model is None:
        return evaluate_endpoint(args, tasks, progress)
    if args.model is None or args.endpoint is not None:
        raise StunError(
            "RecipeInvalid",
            "Give either --model, which is streamed, or --endpoint, which is asked.",
        )
    return evaluate_model(args, tasks, progress)


def tasks_of(args: Namespace) -> list[TaskRecipe]:
    """With --recipe the limits that it has are held; they are relative to another server."""
    if args.recipe is None:
        return [task_of(text) for text in args.tasks]
    if args.baseline is None or args.tasks:
        raise StunError(
            "RecipeInvalid",
            "The tasks of --recipe are those of quality.endpoint; give --endpoint and "
            "--baseline-endpoint beside it, and no --task.",
        )
    return list(load_recipe(args.recipe).endpoint_tasks)


def task_of(text: str) -> TaskRecipe:
    name, sign, uri = text.partition("=")
    if not name or not sign or not uri:
        raise StunError("RecipeInvalid", f"'{text}' is no task; write --task NAME=URI.")
    return TaskRecipe(name, uri, None)


def check_url(option: str, url: str | None) -> None:
    """What is no URL would look like a server that is away, and be tried again."""
    if url is not None and not is_url(url):
        raise StunError(
            "RecipeInvalid", f"{option} '{url}' is no URL of a server; write http://HOST:PORT."
        )


def is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is no number, or half an IPv6 address
        return False


def evaluate_endpoint(
    args: Namespace, tasks: list[TaskRecipe], progress: Progress
) -> dict[str, Any]:
    """Imported late: the harness takes seconds that a streamed run should not cost."""
    from stun.endpoint.asking import ask_endpoint
    from stun.endpoint.comparing import compare_endpoints

    if args.data is not None or not tasks:
        raise StunError("RecipeInvalid", "A served model is asked tasks; give --task, not --data.")
    progress.enter("Quality")
    if args.baseline is None:
        found = ask_endpoint(args.endpoint, [(task.name, task.uri) for task in tasks])
        return {"uri": args.endpoint, "tasks": found}
    judged = compare_endpoints(args.baseline, args.endpoint, tasks)
    write_termination({"kind": "Evaluation", "tasks": judged})
    return {"uri": args.endpoint, "baseline": args.baseline, "tasks": judged}


def evaluate_model(args: Namespace, tasks: list[TaskRecipe], progress: Progress) -> dict[str, Any]:
    checkpoint = open_checkpoint(args.model)
    device, encoder = open_device(args.device), Encoder(checkpoint)
    text = None if args.data is None else held_out(args, encoder)
    if text is None and not tasks:
        raise StunError("RecipeInvalid", "There is nothing to evaluate on; give --data or --task.")
    scored, key = plan_tasks(tasks, encoder)
    sums = stream([text, *scored] if text else scored, checkpoint, device, progress)
    answer: dict[str, Any] = {"uri": args.model}
    if text is not None:
        count, length = text.ids.shape
        answer["perplexity"] = perplexity(-sums.pop(0), length)
        answer |= {"samples": count, "tokens": count * (length - 1)}
    return answer | ({"tasks": score_tasks(key, sums)} if tasks else {})


def held_out(args: Namespace, encoder: Encoder) -> Scored:
    if args.samples is None or args.length is None:
        raise StunError("RecipeInvalid", "--data needs --samples and --length beside it.")
    documents = read_documents(args.data, "quality")
    documents.check_length(args.length, encoder.checkpoint.config.max_positions)
    windows = first_windows(documents, encoder, args.length)
    return whole(take(windows, args.samples, args.length, documents))


@torch.inference_mode()
def stream(
    scored: list[Scored], checkpoint: Checkpoint, device: torch.device, progress: Progress
) -> list[torch.Tensor]:
    """For each Scored [count] summed log-likelihoods, layer by layer."""
    skeleton = supported(checkpoint)
    family = skeleton.family
    progress.plan(checkpoint.config.layers)
    progress.enter("Quality")
    embedding = read_one(checkpoint, family.embedding, device)
    flows = [Flow(entry.ids, embedding) for entry in scored]
    for index, weights in stream_layers(checkpoint, family, device):
        progress.layer = index + 1
        layer = skeleton.fill(index, weights)
        for flow in flows:
            flow.advance(layer)
        progress.advance()
    tensors = checkpoint.read(head_names(checkpoint, family))
    head = make_head(checkpoint, skeleton, {name: t.to(device) for name, t in tensors.items()})
    sums = [head.score(flow, entry) for flow, entry in zip(flows, scored, strict=True)]
    progress.advance()
    return sums
