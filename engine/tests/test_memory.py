"""The model is never whole in memory: one larger than the memory goes through."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from safetensors.torch import save_file

from stun.families.table import FAMILIES
from stun.model.skeleton import Skeleton
from stun.opening import required
from tests.cgroup import Cgroup, memory_of
from tests.tiny import make_recipe, mixtral_config, write_documents

LAYERS = 32
LEAST_LAYER = 64_000_000
SAMPLES, LENGTH = 8, 512
# Many small experts of which a token takes one: large for what there is to compute.
SHAPE: dict[str, object] = {
    "architectures": ["MixtralForCausalLM"],
    "hidden_size": 256,
    "intermediate_size": 688,
    "num_hidden_layers": LAYERS,
    "num_local_experts": 64,
    "num_experts_per_tok": 1,
    "max_position_embeddings": LENGTH,
}
# Runs the engine and prints the most memory that its pages ever took. Not what getrusage says:
# that begins with the peak of the process which started this one.
MEASURE = """
import sys
from stun.cli import main
assert main(sys.argv[1:]) == 0
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


@pytest.fixture
def disk() -> Iterator[Path]:
    """/tmp lies in memory on some machines, from which nothing could be taken back."""
    with TemporaryDirectory(dir="/var/tmp", prefix="stun-test-") as folder:
        yield Path(folder)


def save_layers(path: Path) -> int:
    """A bfloat16 checkpoint whose layers hold the same numbers; the bytes of one layer."""
    values = mixtral_config(SHAPE).to_dict()
    shapes = required(Skeleton(values, FAMILIES["MixtralForCausalLM"], "m"))
    path.mkdir()
    (path / "config.json").write_text(json.dumps(values))
    generator = torch.Generator().manual_seed(0)
    first = {n: s for n, s in shapes.items() if ".layers." not in n or ".layers.0." in n}
    tensors = {n: (torch.randn(s, generator=generator) * 0.05).bfloat16() for n, s in first.items()}
    layer = {n: t for n, t in tensors.items() if ".layers.0." in n}
    files = {"rest": {n: t for n, t in tensors.items() if n not in layer}}
    for index in range(LAYERS):
        renamed = {n.replace(".layers.0.", f".layers.{index}."): t for n, t in layer.items()}
        files[f"layer-{index}"] = renamed
    for name, content in files.items():
        save_cold(content, path / f"{name}.safetensors")
    weight_map = {n: f"{name}.safetensors" for name, content in files.items() for n in content}
    index_file = path / "model.safetensors.index.json"
    index_file.write_text(json.dumps({"weight_map": weight_map}))
    return sum(tensor.nbytes for tensor in layer.values())


def save_cold(tensors: dict[str, torch.Tensor], path: Path) -> None:
    """What is in the page cache already would not count for who reads it."""
    save_file(tensors, path)
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def prune_command(disk: Path) -> list[str]:
    data = write_documents(disk / "data.jsonl", SAMPLES, LENGTH, seed=1)
    experts = {"ratio": 0.5, "maxDroppedLoad": 1}
    recipe = make_recipe(data, None, targetSparsity=0.6, experts=experts)
    recipe["calibration"] |= {"samples": SAMPLES, "sequenceLength": LENGTH}
    (disk / "recipe.json").write_text(json.dumps(recipe))
    places = {"model": disk / "model", "recipe": disk / "recipe.json", "output": disk / "out"}
    options = [word for name, path in places.items() for word in (f"--{name}", str(path))]
    return [sys.executable, "-P", "-c", MEASURE, "prune", *options]


def test_a_model_goes_through_less_memory_than_it_has(disk: Path) -> None:
    """2.2 GB in 1.35: what stays of a layer may be no fourth of it.

    Where no cgroup can be made the peak of the process's pages is held to the same limit. It
    counts more than the kernel would at its limit: pages of libraries, which it takes back too.
    """
    layer = save_layers(disk / "model")
    assert layer >= LEAST_LAYER
    limit = (1 << 30) + 4 * layer
    with memory_of(limit) as group:
        peak = run(prune_command(disk), group)
    print(f"{peak / 1e9:.2f} GB of pages at most, {'no' if group is None else 'in a'} cgroup")
    assert peak <= limit
    assert len(list((disk / "out").rglob("*.safetensors"))) == LAYERS + 2


def run(command: list[str], group: Cgroup | None) -> int:
    """The peak of the program's pages; inside the cgroup no kill, though the limit was met."""
    confined = command if group is None else group.command(command)
    process = subprocess.Popen(confined, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said, log = process.communicate()
    finally:
        # A test that is interrupted does not wait, and a cgroup with a process in it stays.
        process.kill()
        process.wait()
    assert process.returncode == 0, (group and group.kills(), log[-2000:])
    if group is not None:
        assert group.kills() == 0
        assert group.times_met() > 0
    return int(said.splitlines()[-1]) * 1024
