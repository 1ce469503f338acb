"""Reports of every kind of run, as stun-report.json holds them."""

import random
from typing import Any

Json = dict[str, Any]


def similarity(seed: random.Random, experts: int) -> list[list[float]]:
    matrix = [[0.0] * experts for _ in range(experts)]
    for i in range(experts):
        for j in range(i):
            matrix[i][j] = matrix[j][i] = round(seed.uniform(0.55, 1.35), 3)
    return matrix


def groups(seed: random.Random, experts: int, kept: int, mean: bool) -> list[Json]:
    order = seed.sample(range(experts), experts)
    parts = [[first] for first in order[:kept]]
    for other in order[kept:]:
        parts[seed.randrange(kept)].append(other)
    found = [
        {"members": sorted(part), "kept": None if mean and len(part) > 1 else part[0]}
        for part in parts
    ]
    return sorted(found, key=lambda group: group["members"][0])


def moe_layer(seed: random.Random, index: int, experts: int, kept: int, mean: bool) -> Json:
    chosen = groups(seed, experts, kept, mean)
    survivors = sorted(
        group["members"][0] if group["kept"] is None else group["kept"] for group in chosen
    )
    raw = [seed.expovariate(1) + 0.02 for _ in range(experts)]
    load = [round(value / sum(raw), 6) for value in raw]
    return {
        "layer": index,
        "moe": True,
        "kept": survivors,
        "groups": chosen,
        "droppedLoad": round(1 - sum(load[i] for i in survivors), 4),
        "load": load,
        "similarity": similarity(seed, experts),
        **weights(seed),
    }


def weights(seed: random.Random) -> Json:
    sparsity = round(seed.uniform(0.35, 0.55), 4)
    before = seed.uniform(3.1, 4.4)
    return {
        "weightSparsity": sparsity,
        "zeros": int(sparsity * 6_291_456),
        "prunable": 6_291_456,
        "outlierRatio": round(seed.uniform(0.01, 0.05), 4),
        "kurtosis": {
            "before": round(before, 4),
            "afterExperts": round(before + 0.05, 4),
            "after": round(before - 0.4, 4),
        },
    }


def dense_layer(seed: random.Random, index: int) -> Json:
    empty: Json = {"kept": [], "groups": [], "droppedLoad": None, "load": None}
    return {"layer": index, "moe": False, **empty, **weights(seed)}


def quality() -> Json:
    tasks = [
        ("arc_challenge", 1172, 0.5102, 0.4881, 0.929),
        ("hellaswag", 10042, 0.7813, 0.7544, 0.958),
        ("gsm8k", 1319, 0.6202, 0.5914, 0.921),
    ]
    return {
        "perplexity": {
            "before": 12.3061,
            "after": 12.9304,
            "increase": 0.0507,
            "upperBound": 0.0631,
            "tokens": 16256,
            "accepted": True,
        },
        "tasks": [
            {
                "name": name,
                "metric": "acc_norm",
                "questions": questions,
                "before": before,
                "after": after,
                "retained": round(after / before, 4),
                "lowerBound": bound,
                "accepted": True,
            }
            for name, questions, before, after, bound in tasks
        ],
        "mean": {"before": 0.6372, "after": 0.6113},
    }


STAGES = [
    {"stage": "Inspect", "seconds": 0.412},
    {"stage": "Experts", "seconds": 31.2},
    {"stage": "Weights", "seconds": 184.7},
    {"stage": "Publish", "seconds": 1.9},
]


def report(layers: int = 4, experts: int = 32, kept: int = 16, mean: bool = False) -> Json:
    seed = random.Random(7)
    return {
        "kind": "Result",
        "runKey": "0123456789abcdef",
        "uri": "s3://models/out/tiny-mixtral/0123456789abcdef/",
        "manifestDigest": "sha256:" + "ab" * 32,
        "sparsity": 0.65,
        "expertsBefore": experts,
        "expertsAfter": kept,
        "bytesBefore": layers * experts * 107_000_000,
        "bytesAfter": layers * kept * 107_000_000 + 31_000_000,
        "routedTokens": 32_768,
        "model": {
            "uri": "s3://models/tiny-mixtral/",
            "architecture": "MixtralForCausalLM",
            "layers": layers,
            "hiddenSize": 128,
            "topK": 2,
            "parametersBefore": layers * experts * 53_000_000,
            "parametersAfter": layers * kept * 53_000_000,
        },
        "recipe": {
            "pruning": {
                "targetSparsity": 0.65,
                "split": "Manual",
                "experts": {
                    "ratio": 0.5,
                    "method": "STUN",
                    "linkage": "Complete",
                    "threshold": "PerLayer",
                    "similarity": {"router": 1.0, "coactivation": 0.0},
                    "reconstruct": "Selective",
                    "kappa": 3,
                },
                "weights": {"method": "OWL"},
            },
            "calibration": {
                "digest": "sha256:" + "cd" * 32,
                "samples": 128,
                "sequenceLength": 2048,
                "seed": 0,
            },
        },
        "limits": {"maxDroppedLoad": 0.6, "maxIncrease": 0.05},
        "quality": quality(),
        "stages": STAGES,
        "reads": 2,
        "bytesRead": 27_600_000_000,
        "bytesWritten": 7_100_000_000,
        "split": [
            {"experts": 16, "weightSparsity": 0.45, "loss": 2.51, "droppedLoad": 0.57},
            {"experts": 24, "weightSparsity": 0.58, "loss": 2.63, "droppedLoad": 0.31},
        ],
        "warnings": ["similarity.coactivation is above 0; on small models it was ruinous."],
        "layers": [moe_layer(seed, i, experts, kept, mean) for i in range(layers)],
    }


def dense_report(layers: int = 3) -> Json:
    seed = random.Random(3)
    found = report(layers)
    found["model"] |= {"architecture": "LlamaForCausalLM", "topK": None}
    return {
        **found,
        "split": None,
        "expertsBefore": 0,
        "expertsAfter": 0,
        "bytesAfter": found["bytesBefore"],
        "layers": [dense_layer(seed, i) for i in range(layers)],
    }


def refused_report() -> Json:
    found = report(mean=True)
    found["quality"]["perplexity"] |= {"after": 19.3, "upperBound": 0.61, "accepted": False}
    found["quality"]["tasks"][1] |= {"after": 0.5, "lowerBound": 0.61, "accepted": False}
    return {**found, "limits": {"maxDroppedLoad": 0.3}}


def bare_report() -> Json:
    """What a run without calibration and quality data can say."""
    found = report()
    unknown: Json = {"droppedLoad": None, "load": None, "outlierRatio": None, "kurtosis": {}}
    for layer in found["layers"]:
        layer |= unknown
        del layer["similarity"]
    absent: Json = {"quality": None, "warnings": [], "limits": {}}
    return {**found, **absent, "stages": [{"stage": "Experts", "seconds": 0.0}]}


def mixed_report() -> Json:
    """A model whose first layer has no experts."""
    found = report(3, 8, 4)
    return {**found, "layers": [dense_layer(random.Random(1), 0), *found["layers"][1:]]}
