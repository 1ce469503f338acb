"""A model that is damaged, or that nobody here can prune, ends in one sentence and no output."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.conftest import Stun
from tests.refusals import refused
from tests.tiny import make_recipe

Break = Callable[[Path], object]


def edit_json(name: str, **changes: object) -> Break:
    def change(folder: Path) -> None:
        path = folder / name
        values = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps({k: v for k, v in values.items() if v is not None}))

    return change


def edit_tensor(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Break:
    def rewrite(folder: Path) -> None:
        index = json.loads((folder / "model.safetensors.index.json").read_text())
        path = folder / index["weight_map"][name]
        tensors = load_file(path)
        tensors[name] = change(tensors[name])
        save_file(tensors, path)

    return rewrite


def without_numbers(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.clone().fill_(float("nan"))


def with_one(value: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """The last number is another."""

    def change(tensor: torch.Tensor) -> torch.Tensor:
        changed = tensor.clone()
        changed[..., -1] = float(value)
        return changed

    return change


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def truncate(folder: Path) -> None:
    path = min(folder.glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-10])


def to_pickle(folder: Path) -> None:
    for path in folder.glob("*.safetensors*"):
        path.unlink()
    torch.save({}, folder / "pytorch_model.bin")


def lie_in_index(folder: Path) -> None:
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["model.norm.weight"] = "model-00001-of-00006.safetensors"
    path.write_text(json.dumps(index))


EXPERT = "block_sparse_moe.experts.2.w1.weight"
ROUTER = "block_sparse_moe.gate.weight"


# What is done to a good model, the reason, a part of the sentence.
BROKEN_MODELS: dict[str, tuple[Break, str, str]] = {
    "empty": (empty, "ModelNotFound", "no objects"),
    "no folder": (shutil.rmtree, "ModelNotFound", "does not exist"),
    "no config": (lambda f: (f / "config.json").unlink(), "ModelCorrupt", "no config.json"),
    "config is no JSON": (
        lambda f: (f / "config.json").write_text("{"),
        "ModelCorrupt",
        "config.json",
    ),
    "config lacks a key": (
        edit_json("config.json", hidden_size=None),
        "ModelCorrupt",
        "hidden_size",
    ),
    "truncated": (truncate, "ModelCorrupt", "cut short"),
    "no safetensors": (to_pickle, "ModelCorrupt", "only safetensors"),
    "not a safetensors file": (
        lambda f: min(f.glob("*.safetensors")).write_bytes(b"\xff" * 64),
        "ModelCorrupt",
        "no safetensors file",
    ),
    "header is no JSON": (
        lambda f: min(f.glob("*.safetensors")).write_bytes(b"\x02" + bytes(7) + b"xx"),
        "ModelCorrupt",
        "damaged safetensors header",
    ),
    "missing shard": (
        lambda f: min(f.glob("*.safetensors")).unlink(),
        "ModelCorrupt",
        "model-00001-of-",
    ),
    "index lies": (lie_in_index, "ModelCorrupt", "model.norm.weight"),
    "index without a map": (
        edit_json("model.safetensors.index.json", weight_map=None),
        "ModelCorrupt",
        "weight_map",
    ),
    "shape differs": (edit_json("config.json", intermediate_size=25), "ModelCorrupt", "has shape"),
    "no heads": (edit_json("config.json", num_attention_heads=0), "ModelCorrupt", "misstates"),
    "no experts a token": (edit_json("config.json", num_experts_per_tok=0), "ModelCorrupt", "0 of"),
    "more experts a token than there are": (
        edit_json("config.json", num_experts_per_tok=9),
        "ModelCorrupt",
        "9 of 8 experts",
    ),
    "no number of experts": (
        edit_json("config.json", num_local_experts=0),
        "ModelCorrupt",
        "no number of experts",
    ),
    "groups that do not divide": (edit_json("config.json", n_group=3), "ModelCorrupt", "3 groups"),
    "no groups": (edit_json("config.json", n_group=0), "ModelCorrupt", "0 for expert groups"),
    "an activation that nobody knows": (
        edit_json("config.json", hidden_act="evil"),
        "ModelCorrupt",
        "not accepted",
    ),
    "a thousand million layers": (
        edit_json("config.json", num_hidden_layers=10**9),
        "ModelCorrupt",
        "layers.3",
    ),
    "a norm without numbers": (
        edit_tensor("model.layers.1.input_layernorm.weight", without_numbers),
        "ModelCorrupt",
        "input_layernorm",
    ),
    "a row of the embedding without numbers": (
        edit_tensor("model.embed_tokens.weight", with_one("nan")),
        "ModelCorrupt",
        "embed_tokens",
    ),
    "a layer more than config.json says": (
        edit_json("config.json", num_hidden_layers=2),
        "ModelCorrupt",
        "has 3 layers where config.json says 2",
    ),
    "tensor missing": (edit_json("config.json", num_hidden_layers=4), "ModelCorrupt", "layers.3"),
    "head not finite": (
        edit_tensor("lm_head.weight", without_numbers),
        "ModelCorrupt",
        "lm_head",
    ),
    "float8": (
        edit_tensor("model.layers.1." + EXPERT, lambda t: t.to(torch.float8_e4m3fn)),
        "QuantizedModel",
        "only BF16, F16, F32",
    ),
    "quantised": (
        edit_json("config.json", quantization_config={"quant_method": "fp8"}),
        "QuantizedModel",
        "fp8",
    ),
    "dense": (
        edit_json("config.json", architectures=["LlamaForCausalLM"], num_local_experts=None),
        "NotMoE",
        "no mixture-of-experts model",
    ),
    "other family": (
        edit_json("config.json", architectures=["DbrxForCausalLM"]),
        "UnsupportedFamily",
        "MixtralForCausalLM",
    ),
    "config not accepted": (
        edit_json("config.json", model_type="mistral5"),
        "ModelCorrupt",
        "is not accepted",
    ),
}


@pytest.mark.parametrize(
    ("damage", "reason", "part"), BROKEN_MODELS.values(), ids=BROKEN_MODELS.keys()
)
def test_broken_model(
    model: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
    stun: Stun,
    damage: Break,
    reason: str,
    part: str,
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(model, broken)
    damage(broken)
    refused(stun, reason, part, recipe, broken, tmp_path / "out")


def test_inspect_refuses_it_too(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    """What a CPU pod can find out costs no GPU."""
    damage, reason, _ = BROKEN_MODELS["truncated"]
    shutil.copytree(model, tmp_path / "broken")
    damage(tmp_path / "broken")
    outcome = stun("inspect", recipe, model=tmp_path / "broken")
    assert (outcome.code, outcome.termination["reason"]) == (2, reason)


NO_EXPERTS: dict[str, Any] = {"experts": {"ratio": 0}}
NO_ZEROS: dict[str, Any] = {"targetSparsity": None, "weights": {}}
# A tensor of layer 1, what all its rows end with, changes of pruning, what the sentence names.
NOT_FINITE: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "attention": ("self_attn.q_proj.weight", "nan", {}, "self_attn.q_proj.weight"),
    "infinite": ("self_attn.q_proj.weight", "-inf", {}, "self_attn.q_proj.weight"),
    "norm": ("input_layernorm.weight", "inf", {}, "input_layernorm.weight"),
    "expert": (EXPERT, "inf", {}, EXPERT),
    "expert that is copied only": (EXPERT, "nan", NO_ZEROS, EXPERT),
    "weights alone": ("self_attn.v_proj.weight", "inf", NO_EXPERTS, "self_attn.v_proj.weight"),
    "measured first": (
        "self_attn.o_proj.weight",
        "nan",
        {**NO_EXPERTS, "weights": {"method": "OWL"}},
        "self_attn.o_proj.weight",
    ),
    "compared first": (
        "self_attn.o_proj.weight",
        "nan",
        {"split": "Auto", "experts": {"maxDroppedLoad": 1}},
        "self_attn.o_proj.weight",
    ),
    "router": (ROUTER, "nan", {}, "The router"),
    "router that is asked with each layer": (
        ROUTER,
        "inf",
        {"experts": {"ratio": 0.25, "method": "REAP"}},
        ROUTER,
    ),
    "router without calibration": (
        ROUTER,
        "nan",
        {**NO_ZEROS, "weights": {"method": "None"}},
        "The router",
    ),
}


@pytest.mark.parametrize(
    ("name", "value", "changes", "named"), NOT_FINITE.values(), ids=NOT_FINITE.keys()
)
def test_what_is_not_finite_is_named_with_its_layer_and_model(
    model: Path,
    calibration: Path,
    tmp_path: Path,
    stun: Stun,
    name: str,
    value: str,
    changes: dict[str, Any],
    named: str,
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(model, broken)
    edit_tensor("model.layers.1." + name, with_one(value))(broken)
    data = None if changes.get("weights") == {"method": "None"} else calibration
    outcome = stun("prune", make_recipe(data, None, **changes), model=broken, output=tmp_path / "o")
    assert (outcome.code, outcome.termination["reason"]) == (2, "ModelCorrupt")
    assert outcome.termination["message"] == (
        f"{named} of layer 1 of {broken} has weights or inputs that are not finite; "
        "copy the model again from its source."
    )
