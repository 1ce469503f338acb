"""A layer takes the weights that it computes with, and lets go of everything when it is over."""

import gc
import json
import weakref
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from stun.families.table import FAMILIES
from stun.model.skeleton import Skeleton
from tests.comparison import prune
from tests.conftest import Stun
from tests.tiny import mixtral_config

EXTRA = "model.layers.1.self_attn.rotary_emb.inv_freq"
INDEX = "model.safetensors.index.json"


def add_tensor(folder: Path, name: str, tensor: torch.Tensor) -> None:
    """A file of its own, as a converter of old checkpoints leaves it."""
    save_file({name: tensor}, folder / "more.safetensors", metadata={"format": "pt"})
    index = json.loads((folder / INDEX).read_text())
    index["weight_map"][name] = "more.safetensors"
    (folder / INDEX).write_text(json.dumps(index))


def load_folder(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for path in folder.glob("*.safetensors"):
        found |= load_file(path)
    return found


def test_a_tensor_that_no_layer_computes_with_is_published_as_it_was(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    """Old checkpoints store the frequencies of rotary positions in every layer."""
    copytree(model, tmp_path / "old")
    frequencies = torch.arange(4, dtype=torch.float16)
    add_tensor(tmp_path / "old", EXTRA, frequencies)
    plain = load_folder(Path(prune(stun, recipe, model, tmp_path / "out").answer["uri"]))
    old = load_folder(Path(prune(stun, recipe, tmp_path / "old", tmp_path / "out").answer["uri"]))
    extra = old.pop(EXTRA)
    assert extra.dtype == torch.float16
    assert torch.equal(extra, frequencies)
    assert old.keys() == plain.keys()
    assert [name for name in plain if not torch.equal(old[name], plain[name])] == []


# With no experts removed all of a layer is published, with fewer those that stay.
@pytest.mark.parametrize("ratio", [0, 0.25])
@pytest.mark.parametrize("part", ["2.w4.weight", "8.w1.weight"])
def test_a_tensor_of_an_expert_that_nobody_knows_is_refused(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun, part: str, ratio: float
) -> None:
    """It would be lost: which expert it belongs to is known, but not how it is renumbered."""
    copytree(model, tmp_path / "odd")
    name = f"model.layers.1.block_sparse_moe.experts.{part}"
    add_tensor(tmp_path / "odd", name, torch.ones(24, 32))
    recipe["pruning"]["experts"]["ratio"] = ratio
    outcome = stun("prune", recipe, model=tmp_path / "odd", output=tmp_path / "out")
    assert (outcome.code, outcome.termination["reason"]) == (2, "ModelCorrupt")
    assert f"holds tensor {name}, which" in outcome.termination["message"]


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
def test_nothing_of_a_skeleton_waits_for_the_garbage_collector() -> None:
    """Its masks take length squared: they must not stay beside those of the next skeleton."""
    raw = mixtral_config().to_dict() | {"architectures": ["MixtralForCausalLM"]}
    skeleton = Skeleton(raw, FAMILIES["MixtralForCausalLM"], "m")
    arguments = skeleton.arguments(16, torch.device("cpu"))
    assert skeleton.arguments(16, torch.device("cpu")) is arguments
    positions = weakref.ref(arguments[0]["position_embeddings"][0])
    del arguments, skeleton
    assert positions() is None
