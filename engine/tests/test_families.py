"""Every family against the plain whole-model oracle: same experts, same masks, same logits."""

from pathlib import Path
from shutil import copytree

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.comparison import Pair, prune, recipe_of
from tests.conftest import Stun
from tests.families import CASES, save_family
from tests.oracle import Question

# The layer behind the model's own: transformers reads it for no model but the published one.
UNUSED = "model.layers.3."


def load_files(folder: Path | str) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for path in Path(folder).glob("*.safetensors"):
        found |= load_file(path)
    return found


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("families")
    return {
        name: save_family(case, root / str(number))
        for number, (name, case) in enumerate(CASES.items())
    }


@pytest.mark.parametrize("method", ["Wanda", "OWL"])
@pytest.mark.parametrize("name", CASES)
def test_engine_equals_oracle(
    saved: dict[str, Path], calibration: Path, tmp_path: Path, stun: Stun, name: str, method: str
) -> None:
    case = CASES[name]
    unused = UNUSED if case.further else "no name has this"
    output = tmp_path / "out"
    pair = Pair(stun, saved[name], calibration, output, auto=case.auto, unused=unused)
    ratio = (0.5 if method == "Wanda" else 0.25) if case.experts else 0.0
    pair.compare(Question(ratio, 0.6, method, m=3.0))


@pytest.mark.parametrize("name", ["GPT-OSS", "Llama 4", "DeepSeek-V3"])
def test_bfloat16(calibration: Path, tmp_path: Path, stun: Stun, name: str) -> None:
    """Fused experts too are computed in float32 and stored as they were."""
    case = CASES[name]
    source = save_family(case, tmp_path / "half", torch.bfloat16)
    output, half = tmp_path / "out", torch.bfloat16
    pair = Pair(stun, source, calibration, output, auto=case.auto, dtype=half, unused=UNUSED)
    outcome, _ = pair.compare(Question(0.5, 0.6, reconstruct=True))
    before, after = load_files(source), load_files(outcome.answer["uri"])
    assert torch.bfloat16 in {tensor.dtype for tensor in before.values()}
    assert [n for n, tensor in after.items() if tensor.dtype != before[n].dtype] == []


@pytest.mark.parametrize("router", [("weight", "e_score_correction_bias"), ("weight",)])
def test_layers_that_predict_further_tokens_are_cut_alike(
    saved: dict[str, Path],
    calibration: Path,
    tmp_path: Path,
    stun: Stun,
    router: tuple[str, ...],
) -> None:
    """It is a copy of the last layer, so the same experts stay; no weight of it is zeroed.

    Its router need not have the correction that the model's own layers have.
    """
    source = load_files(saved["DeepSeek-V3"])
    copytree(saved["DeepSeek-V3"], tmp_path / "model")
    for name in {"weight", "e_score_correction_bias"} - set(router):
        del source[f"{UNUSED}mlp.gate.{name}"]
    save_file(source, tmp_path / "model" / "model.safetensors", metadata={"format": "pt"})
    recipe = recipe_of(Question(0.5, 0.6), calibration)
    outcome = prune(stun, recipe, tmp_path / "model", tmp_path / "out")
    published = load_files(outcome.answer["uri"])
    kept = outcome.answer["expertsKept"]["2"]
    expected = {n: t for n, t in source.items() if n.startswith(UNUSED) and ".experts." not in n}
    for name in router:
        expected[f"{UNUSED}mlp.gate.{name}"] = source[f"{UNUSED}mlp.gate.{name}"][kept]
    for position, expert in enumerate(kept):
        for part in ("gate_proj", "up_proj", "down_proj"):
            found = source[f"{UNUSED}mlp.experts.{expert}.{part}.weight"]
            expected[f"{UNUSED}mlp.experts.{position}.{part}.weight"] = found
    further = {name: tensor for name, tensor in published.items() if name.startswith(UNUSED)}
    assert further.keys() == expected.keys()
    assert [n for n in expected if not torch.equal(further[n], expected[n])] == []
