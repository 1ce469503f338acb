"""Layers streamed one at a time against transformers' own whole model."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM

from stun.flow import Flow
from stun.layers import head_names, make_head, read_one, stream_layers
from stun.opening import open_checkpoint
from stun.prepare import supported
from stun.scoring import whole
from tests.tiny import VOCABULARY, save_mixtral

CPU = torch.device("cpu")
VARIANTS: dict[str, dict[str, object]] = {
    "plain": {},
    "tied embeddings": {"tie_word_embeddings": True},
    "sliding window": {"sliding_window": 7},
    "one KV head a query head": {"num_key_value_heads": 4},
    "own head size": {"head_dim": 16},
    "top 1": {"num_experts_per_tok": 1},
}


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())
def test_logits_equal_transformers(tmp_path: Path, changes: dict[str, object]) -> None:
    # Larger random weights amplify each layer's rounding beyond what is to be shown here.
    source = save_mixtral(tmp_path / "model", {"initializer_range": 0.15, **changes})
    ids = torch.randint(VOCABULARY, (3, 24), generator=torch.Generator().manual_seed(5))
    checkpoint = open_checkpoint(str(source))
    skeleton = supported(checkpoint)
    reference = AutoModelForCausalLM.from_pretrained(source, attn_implementation="eager")
    with torch.no_grad():
        flow = Flow(ids, read_one(checkpoint, skeleton.family.embedding, CPU))
        for index, weights in stream_layers(checkpoint, skeleton.family, CPU):
            flow.advance(skeleton.fill(index, weights))
        tensors = checkpoint.read(head_names(checkpoint, skeleton.family))
        head = make_head(checkpoint, skeleton, tensors)
        logits = head.logits(flow.hidden)
        expected = reference(ids).logits
        sums = head.score(flow, whole(ids))
    assert float((logits - expected).abs().max()) <= 1e-5
    each = functional.cross_entropy(expected[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    assert -sums.sum() / (3 * 23) == pytest.approx(each.item(), rel=1e-5)
