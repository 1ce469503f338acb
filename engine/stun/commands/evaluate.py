"""stun evaluate: perplexity of any supported checkpoint, streamed like a prune run."""

from argparse import Namespace
from typing import Any

import torch

from stun.device import open_device
from stun.documents import Encoder, first_windows, read_documents, take
from stun.flow import Flow
from stun.layers import head_names, make_head, read_one, stream_layers
from stun.opening import open_checkpoint
from stun.prepare import supported
from stun.progress import Progress
from stun.quality import perplexity
from stun.scoring import whole


def run_evaluate(args: Namespace, progress: Progress) -> dict[str, Any]:
    checkpoint = open_checkpoint(args.model)
    skeleton, config = supported(checkpoint), checkpoint.config
    device = open_device(args.device)
    documents = read_documents(args.data, "quality")
    documents.check_length(args.length, config.max_positions)
    windows = first_windows(documents, Encoder(checkpoint), args.length)
    ids = take(windows, args.samples, args.length, documents)
    progress.plan(config.layers)
    progress.enter("Quality")
    with torch.inference_mode():
        flow = Flow(ids, read_one(checkpoint, skeleton.family.embedding, device))
        for index, weights in stream_layers(checkpoint, skeleton.family, device):
            progress.layer = index + 1
            flow.advance(skeleton.fill(index, weights))
            progress.advance()
        tensors = checkpoint.read(head_names(checkpoint, skeleton.family))
        head = make_head(checkpoint, skeleton, {n: t.to(device) for n, t in tensors.items()})
        sums = head.score(flow, whole(ids))
    progress.advance()
    return {
        "uri": args.model,
        "perplexity": perplexity(-sums, args.length),
        "samples": args.samples,
        "tokens": args.samples * (args.length - 1),
    }
