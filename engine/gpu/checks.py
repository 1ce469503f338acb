"""What must hold between a CPU and a device. Each check gives sentences, or raises FailedError."""

import math
from pathlib import Path

import torch
from safetensors.torch import load_file

from gpu.masks import CASES, different, make_layer, masks
from gpu.runs import Run, prune, threads

FIXTURE = Path(__file__).parents[1] / "fixture"
CPU = torch.device("cpu")
EQUAL, NLL = 0.999, 1e-3
RECIPE = {
    "pruning": {
        "targetSparsity": 0.65,
        "experts": {"ratio": 0.25, "maxDroppedLoad": 1},
        "weights": {"method": "OWL"},
    },
    "calibration": {
        "uri": str(FIXTURE / "data/calibration.jsonl"),
        "samples": 16,
        "sequenceLength": 128,
    },
    "quality": {"perplexity": {"uri": str(FIXTURE / "data/heldout.jsonl"), "samples": 16}},
}


class FailedError(Exception):
    """A bound was not kept."""


def require(holds: bool, sentence: str) -> str:
    if not holds:
        raise FailedError(sentence)
    return sentence


def same_masks(device: torch.device, work: Path) -> list[str]:
    """One statistics file, pruned from by one CPU thread, by four, and by the device."""
    found = []
    for case in CASES:
        layer = make_layer(case, work / f"{case}.safetensors")
        for method in ("Wanda", "Magnitude"):
            with threads(1):
                one = masks(layer, method, CPU)
            with threads(4):
                others = {"4 CPU threads": masks(layer, method, CPU)}
            others[f"the device {device.type}"] = masks(layer, method, device)
            for name, other in others.items():
                count = different(one, other)
                said = f"{case}, {method}: {count} of {layer.entries:,} entries differ on {name}"
                found.append(require(count == 0, said))
    return found


def same_result(device: torch.device, work: Path) -> list[str]:
    """The fixture from end to end: one CPU thread, and the device with two."""
    with threads(1):
        reference = prune(FIXTURE / "model", RECIPE, work / "cpu", CPU)
    with threads(2):
        found = prune(FIXTURE / "model", RECIPE, work / "device", device)
    share = equal_share(reference, found)
    change = abs(loss(found) - loss(reference))
    return [
        require(kept(found) == kept(reference), "the same experts are kept in every layer"),
        require(share >= EQUAL, f"{share:.4%} of the entries are zero, or not, in both"),
        require(change <= NLL, f"the loss a token differs by {change:.2e}"),
        *within_estimate(found),
    ]


def within_estimate(run: Run) -> list[str]:
    if run.peak is None:
        return [f"memory: {run.estimate / 1e9:.2f} GB estimated; a CPU does not count its peak"]
    said = f"memory: peak {run.peak / 1e9:.2f} GB of {run.estimate / 1e9:.2f} GB estimated"
    return [require(run.peak <= run.estimate, said)]


def kept(run: Run) -> list[list[int]]:
    return [layer["kept"] for layer in run.report["layers"]]


def loss(run: Run) -> float:
    return math.log(run.report["quality"]["perplexity"]["after"])


def equal_share(one: Run, other: Run) -> float:
    """Over all matrices of the model's layers."""
    same = total = 0
    for path in sorted(one.folder.glob("*.safetensors")):
        theirs = load_file(other.folder / path.name)
        for name, tensor in load_file(path).items():
            if ".layers." in name and tensor.dim() > 1:
                same += int(((tensor == 0) == (theirs[name] == 0)).sum())
                total += tensor.numel()
    return same / total
