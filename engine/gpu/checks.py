"""What must hold between a CPU and a device. Each check gives its findings as it makes them.

Whatever fails later, in this check or the next, takes back no finding: a GPU's time is dear.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

from gpu.masks import CASES, different, make_layer, masks
from gpu.runs import Run, prune, threads
from stun.report.formats import ids

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


@dataclass(frozen=True)
class Finding:
    sentence: str
    holds: bool = True


def same_masks(device: torch.device, work: Path) -> Iterator[Finding]:
    """One statistics file, pruned from by one CPU thread, by four, and by the device."""
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
                yield Finding(said, count == 0)


def same_result(device: torch.device, work: Path) -> Iterator[Finding]:
    """The fixture from end to end: one CPU thread, and the device with two."""
    with threads(1):
        reference = prune(FIXTURE / "model", RECIPE, work / "cpu", CPU)
    with threads(2):
        found = prune(FIXTURE / "model", RECIPE, work / "device", device)
    yield within_estimate(found)
    yield same_kept(reference, found)
    change = abs(loss(found) - loss(reference))
    yield Finding(f"the loss a token differs by {change:.2e}", change <= NLL)
    share = equal_share(reference, found)
    yield Finding(f"{share:.4%} of the entries are zero, or not, in both", share >= EQUAL)


def within_estimate(run: Run) -> Finding:
    estimate = f"{run.estimate / 1e9:.3f} GB estimated"
    if run.peak is None:
        return Finding(f"memory: {estimate}; a CPU does not count its peak")
    return Finding(f"memory: peak {run.peak / 1e9:.3f} GB of {estimate}", run.peak <= run.estimate)


def same_kept(one: Run, other: Run) -> Finding:
    pairs = zip(kept(one), kept(other), strict=True)
    differing = [index for index, (ours, theirs) in enumerate(pairs) if ours != theirs]
    if differing:
        return Finding(f"other experts are kept in layers {ids(differing)}", holds=False)
    return Finding("the same experts are kept in every layer")


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
