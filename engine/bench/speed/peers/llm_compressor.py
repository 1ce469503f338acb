"""llm-compressor's pruning of a whole model, saved: Wanda or REAP.

Run by the environment of llm-compressor; it imports nothing of this repository.
Usage: llm_compressor.py {wanda,reap} SHARE {default,lean} MODEL CALIBRATION OUTPUT
`default` leaves every option alone: one sample a batch, every expert run on every token.
`lean` batches, and runs experts on the tokens that are routed to them.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from llmcompressor import oneshot
from llmcompressor.modifiers import Modifier
from llmcompressor.modifiers.pruning import REAPPruningModifier, WandaPruningModifier
from tokenizers import Tokenizer
from tokenizers.models import BPE
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast


def modifier(method: str, share: float) -> Modifier:
    """`share` of the weights of every Linear but the routers, or of the experts."""
    if method == "wanda":
        ignore = ["lm_head", "re:.*gate$"]
        return WandaPruningModifier(sparsity=share, targets=["Linear"], ignore=ignore)
    return REAPPruningModifier(sparsity=share)


def batches(calibration: str, size: int) -> DataLoader[dict[str, torch.Tensor]]:
    rows = [json.loads(line)["input_ids"] for line in Path(calibration).read_text().splitlines()]
    ids = torch.tensor(rows)
    samples: Any = [{"input_ids": row, "attention_mask": torch.ones_like(row)} for row in ids]
    return DataLoader(samples, batch_size=size)


def compress(
    method: str, share: str, manner: str, folder: str, calibration: str, output: str
) -> None:
    lean = manner == "lean"
    # Asked for though the data are token ids already.
    tokenizer: Any = PreTrainedTokenizerFast
    model = oneshot(
        model=AutoModelForCausalLM.from_pretrained(folder, dtype="auto"),
        processor=tokenizer(tokenizer_object=Tokenizer(BPE())),
        dataset=batches(calibration, 8 if lean else 1),
        recipe=modifier(method, float(share)),
        moe_calibrate_all_experts=not lean,
    )
    model.save_pretrained(output)


if __name__ == "__main__":
    compress(*sys.argv[1:])
