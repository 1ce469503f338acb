"""REAP's observer as its authors' pruning script uses it: statistics of every expert.

It only observes: nothing is pruned and no model is written. Run by the environment of REAP,
which has its own release of transformers; it imports nothing of this repository.
Usage: reap_observer.py MODEL CALIBRATION OUTPUT
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from reap.observer import OBSERVER_CONFIG_REGISTRY, MoETransformerObserver
from transformers import AutoModelForCausalLM

# The default of REAP's own arguments. One sample a batch would cost it much more.
BATCH = 8


def batches(calibration: str) -> Iterator[torch.Tensor]:
    lines = Path(calibration).read_text().splitlines()
    rows = [json.loads(line)["input_ids"] for line in lines]
    ids = torch.tensor(rows)
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def observe(folder: str, calibration: str, output: str) -> None:
    model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype="auto", device_map="cpu")
    hooks = OBSERVER_CONFIG_REGISTRY[type(model).__name__](record_pruning_metrics_only=True)
    observer = MoETransformerObserver(model=model, hook_config=hooks)
    with torch.no_grad():
        for ids in batches(calibration):
            mask = torch.ones_like(ids)
            with observer.set_attention_mask(mask):
                model(input_ids=ids, attention_mask=mask)
    observer.save_state(Path(output) / "observations.pt")


if __name__ == "__main__":
    observe(*sys.argv[1:])
