"""stun evaluate: perplexity of any supported checkpoint, streamed like a prune run."""

from argparse import Namespace
from typing import Any

from stun.device import open_device
from stun.documents import Encoder, first_windows, read_documents, take
from stun.flow import Flow
from stun.layers import read_head, read_one, stream_layers
from stun.model.mixtral import MixtralDecoderLayer
from stun.opening import open_checkpoint
from stun.prepare import check_length, supported_family
from stun.progress import Progress
from stun.quality import perplexity


def run_evaluate(args: Namespace, progress: Progress) -> dict[str, Any]:
    checkpoint = open_checkpoint(args.model)
    family, config = supported_family(checkpoint), checkpoint.config
    device = open_device(args.device)
    documents = read_documents(args.data, "quality")
    check_length(args.length, config.max_positions, documents)
    windows = first_windows(documents, Encoder(checkpoint), args.length)
    ids = take(windows, args.samples, args.length, documents)
    progress.plan(config.layers)
    progress.enter("Quality")
    flow = Flow(ids, read_one(checkpoint, family.embedding, device))
    for index, weights in stream_layers(checkpoint, family, device):
        progress.layer = index + 1
        flow.advance(MixtralDecoderLayer(config, family, weights))
        progress.advance()
    losses = flow.losses(config, *read_head(checkpoint, family, device))
    progress.advance()
    return {
        "uri": args.model,
        "perplexity": perplexity(losses, args.length),
        "samples": args.samples,
        "tokens": args.samples * (args.length - 1),
    }
