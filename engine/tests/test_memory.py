"""The model is never whole in memory: more layers do not take more of it."""

import json
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from stun.families.table import FAMILIES
from stun.model.skeleton import Skeleton
from stun.opening import required
from tests.tiny import make_recipe, mixtral_config, write_documents

SHAPE: dict[str, object] = {
    "hidden_size": 256,
    "intermediate_size": 1024,
    "num_local_experts": 10,
    "architectures": ["MixtralForCausalLM"],
}
FEW, MANY = 3, 13
# Runs the engine and prints the most memory that its process ever held.
MEASURE = """
import resource, sys
from stun.cli import main
assert main(sys.argv[1:]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def save_layers(path: Path, layers: int) -> int:
    """A bfloat16 checkpoint whose layers hold the same numbers; the bytes of one layer."""
    values = mixtral_config({**SHAPE, "num_hidden_layers": layers}).to_dict()
    skeleton = Skeleton(values, FAMILIES["MixtralForCausalLM"], "m")
    path.mkdir()
    (path / "config.json").write_text(json.dumps(values))
    generator = torch.Generator().manual_seed(0)
    shapes = required(skeleton)
    first = {n: s for n, s in shapes.items() if ".layers." not in n or ".layers.0." in n}
    tensors = {n: (torch.randn(s, generator=generator) * 0.05).bfloat16() for n, s in first.items()}
    layer = {n: t for n, t in tensors.items() if ".layers.0." in n}
    rest = {n: t for n, t in tensors.items() if n not in layer}
    weight_map = dict.fromkeys(rest, "rest.safetensors")
    save_file(rest, path / "rest.safetensors")
    for index in range(layers):
        renamed = {n.replace(".layers.0.", f".layers.{index}."): t for n, t in layer.items()}
        save_file(renamed, path / f"{index}.safetensors")
        weight_map |= dict.fromkeys(renamed, f"{index}.safetensors")
    index_file = path / "model.safetensors.index.json"
    index_file.write_text(json.dumps({"weight_map": weight_map}))
    return sum(tensor.nbytes for tensor in layer.values())


def peak(model: Path, recipe: Path, output: Path) -> int:
    arguments = ["--model", str(model), "--recipe", str(recipe), "--output", str(output)]
    done = subprocess.run(
        [sys.executable, "-P", "-c", MEASURE, "prune", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


def test_memory_does_not_grow_with_layers(tmp_path: Path) -> None:
    data = write_documents(tmp_path / "data.jsonl", 4, 40, seed=1)
    recipe = make_recipe(data, None)
    recipe["calibration"]["samples"] = 4
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    peaks = []
    for layers in (FEW, MANY):
        layer_bytes = save_layers(tmp_path / f"m{layers}", layers)
        model, output = tmp_path / f"m{layers}", tmp_path / "out"
        peaks.append(peak(model, tmp_path / "recipe.json", output))
    print(peaks, layer_bytes)
    assert peaks[1] - peaks[0] < (MANY - FEW) * layer_bytes / 4
