"""Facts that only the GPU plan asks for: which layers forget, and how a router ranks its groups."""

from pathlib import Path

import pytest

from tests.conftest import Stun
from tests.families import CASES, WINDOW, save_family

# Layers with a window or a chunk, its tokens, and the experts that a router adds up for a group.
# Mixtral and Mistral slide everywhere; GPT-OSS in every other of its three layers, the first
# too; Qwen2 from layer max_window_layers (1) on; Llama 4 in all but every fourth layer.
FACTS = {
    "Mixtral": (3, WINDOW, 1),
    "GPT-OSS": (2, WINDOW, 1),
    "Llama 4": (3, WINDOW, 1),
    "Llama 4, multimodal": (3, WINDOW, 1),
    "Mistral": (3, WINDOW, 0),
    "Qwen2": (2, WINDOW, 0),
    "Qwen3-MoE": (0, 0, 1),
    "PhiMoE": (0, 0, 1),
    "DeepSeek-V2": (0, 0, 1),
    "DeepSeek-V3": (0, 0, 2),
}


@pytest.mark.parametrize("family", FACTS)
def test_inspect_tells_what_the_cache_keeps_and_what_a_group_needs(
    family: str, tmp_path: Path, stun: Stun
) -> None:
    facts = stun("inspect", model=save_family(CASES[family], tmp_path)).answer
    found = tuple(facts[name] for name in ("slidingLayers", "slidingWindow", "rankingExperts"))
    assert found == FACTS[family]
