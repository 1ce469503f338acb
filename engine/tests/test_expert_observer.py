"""What is gathered about experts, against sums over tokens written out plainly."""

from itertools import combinations

import pytest
import torch

from stun.errors import StunError
from stun.experts.combinatorial import output_error
from stun.experts.observe import ExpertObserver, dropped_load

CPU = torch.device("cpu")
EXPERTS, TOP_K, TOKENS, HIDDEN = 6, 3, 50, 8


def routing(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Chosen experts and gate weights [tokens, k]; outputs of all experts [tokens, E, hidden].

    The last expert is never chosen.
    """
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(TOKENS, EXPERTS, generator=generator)
    logits[:, -1] = -100
    weights, index = logits.softmax(dim=1).topk(TOP_K)
    return index, weights, torch.randn(TOKENS, EXPERTS, HIDDEN, generator=generator)


def show(observer: ExpertObserver, seed: int) -> None:
    """As a layer's forward pass does."""
    index, weights, outputs = routing(seed)
    observer.routed(index, weights)
    for expert in sorted(set(index.flatten().tolist())):
        token, choice = torch.where(index == expert)
        observer.expert(expert, weights[token, choice], outputs[token, expert])


def test_sums_over_all_batches() -> None:
    observer = ExpertObserver(EXPERTS, CPU)
    tokens = torch.zeros(EXPERTS, dtype=torch.int64)
    contribution = torch.zeros(EXPERTS, dtype=torch.float64)
    shared = torch.zeros(EXPERTS, EXPERTS, dtype=torch.float64)
    for seed in range(3):
        show(observer, seed)
        index, weights, outputs = routing(seed)
        for token in range(TOKENS):
            for choice, expert in enumerate(index[token].tolist()):
                norm = outputs[token, expert].double().norm()
                tokens[expert] += 1
                contribution[expert] += float(weights[token, choice]) * norm
            for one, other in combinations(index[token].tolist(), 2):
                shared[one, other] += 1
                shared[other, one] += 1
    found = observer.evidence(4, torch.eye(EXPERTS))
    assert found.layer == 4
    assert torch.equal(found.gathered("tokens"), tokens)
    assert torch.equal(found.gathered("coactivation"), shared)
    torch.testing.assert_close(found.gathered("contribution"), contribution, rtol=1e-13, atol=0)
    assert int(tokens.sum()) == 3 * TOKENS * TOP_K
    assert float(contribution[-1]) == 0


def test_norms_are_summed_in_float64() -> None:
    """2^24 + 1 is no float32."""
    observer = ExpertObserver(1, CPU)
    one = torch.ones(1)
    for size in (2.0**24, 1.0):
        observer.expert(0, one, torch.tensor([[size]]))
    assert observer.contribution.tolist() == [2.0**24 + 1]


def test_outputs_that_are_not_finite_are_refused() -> None:
    observer = ExpertObserver(2, CPU)
    observer.expert(1, torch.ones(1), torch.tensor([[float("inf")]]))
    with pytest.raises(StunError, match="An expert has weights or inputs that are not finite"):
        observer.evidence(7, torch.eye(2))


@pytest.mark.parametrize(
    ("tokens", "kept", "share"),
    [
        ([1, 2, 3, 4], [3], 0.6),
        ([1, 2, 3, 4], [0, 1, 2, 3], 0.0),
        ([0, 5, 0, 0], [0, 2], 1.0),
        ([0, 0, 0, 0], [1], 0.0),
    ],
)
def test_dropped_load(tokens: list[int], kept: list[int], share: float) -> None:
    assert dropped_load(torch.tensor(tokens), kept) == share


def gate(logits: torch.Tensor, kept: list[int]) -> torch.Tensor:
    """A router's weights [tokens, E] when only these experts are left."""
    masked = torch.full_like(logits, -torch.inf)
    masked[:, kept] = logits[:, kept]
    weights, index = masked.softmax(dim=1).topk(min(TOP_K, len(kept)))
    return torch.zeros_like(logits).scatter(1, index, weights / weights.sum(1, keepdim=True))


@pytest.mark.parametrize("kept", [[0], [1, 4], [0, 2, 3, 5], list(range(EXPERTS))])
def test_output_error_is_that_of_the_outputs(kept: list[int]) -> None:
    """Inner products tell the same as running the block once more for the subset."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(TOKENS, EXPERTS, generator=generator, dtype=torch.float64)
    outputs = torch.randn(TOKENS, EXPERTS, HIDDEN, generator=generator, dtype=torch.float64)
    full, subset = gate(logits, list(range(EXPERTS))), gate(logits, kept)
    before = (full[:, :, None] * outputs).sum(dim=1)
    after = (subset[:, :, None] * outputs).sum(dim=1)
    expected = float((before - after).square().sum())
    found = output_error(outputs @ outputs.transpose(1, 2), full, subset)
    assert found == pytest.approx(expected, rel=1e-12, abs=0)
    assert (found == 0) == (len(kept) == EXPERTS)
