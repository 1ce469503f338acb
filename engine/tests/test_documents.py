"""How documents become samples: by the seed, never across documents, never too few."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from stun.documents import (
    Documents,
    Encoder,
    check_separate,
    document_hash,
    first_windows,
    read_documents,
    shuffled_windows,
    take,
)
from stun.errors import StunError
from stun.opening import open_checkpoint
from tests.tiny import VOCABULARY, save_mixtral

LENGTHS = (5, 12, 8, 30, 7)


@pytest.fixture
def encoder(model: Path) -> Encoder:
    return Encoder(open_checkpoint(str(model)))


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    """Documents that count: the first is 0 1 2 ..., the second 10 11 12 ... and so on."""
    path = tmp_path / "documents.jsonl"
    lines = [{"input_ids": [10 * n + i for i in range(size)]} for n, size in enumerate(LENGTHS)]
    path.write_text("\n\n".join(json.dumps(line) for line in lines))
    return read_documents(str(path), "calibration")


def test_the_first_windows_are_the_beginnings(documents: Documents, encoder: Encoder) -> None:
    windows = list(first_windows(documents, encoder, 8))
    assert [(ids[0], len(ids)) for ids in windows] == [(10, 8), (20, 8), (30, 8)]


def test_shuffled_windows_lie_inside_one_document(documents: Documents, encoder: Encoder) -> None:
    windows = list(shuffled_windows(documents, encoder, 8, seed=3))
    assert sorted(ids[0] // 10 for ids in windows if ids[0] < 30) == [1, 2]
    assert len(windows) == 3
    assert all(ids == list(range(ids[0], ids[0] + 8)) for ids in windows)


def test_the_seed_decides(documents: Documents, encoder: Encoder) -> None:
    def chosen(seed: int) -> list[list[int]]:
        return list(shuffled_windows(documents, encoder, 4, seed))

    assert chosen(0) == chosen(0)
    assert any(chosen(0) != chosen(seed) for seed in range(1, 5))


def test_too_few_is_refused(documents: Documents, encoder: Encoder) -> None:
    with pytest.raises(StunError, match="has 3 documents of at least 8 tokens where 4 are asked"):
        take(first_windows(documents, encoder, 8), 4, 8, documents)


def test_text_goes_through_the_models_own_tokenizer(tmp_path: Path) -> None:
    source = save_mixtral(tmp_path / "model")
    words = {f"w{index}": index for index in range(VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(source / "tokenizer.json"))
    path = tmp_path / "text.jsonl"
    path.write_text(json.dumps({"text": "w5 w7 other", "meta": 1}))
    documents = read_documents(str(path), "quality")
    encoder = Encoder(open_checkpoint(str(source)))
    assert list(first_windows(documents, encoder, 3)) == [[5, 7, 0]]


def test_overlap_is_found_by_content(documents: Documents, tmp_path: Path) -> None:
    path = tmp_path / "gate.jsonl"
    path.write_text(json.dumps({"meta": "moved", "input_ids": list(range(20, 28))}))
    with pytest.raises(StunError, match="1 documents"):
        check_separate(read_documents(str(path), "quality"), documents)
    assert document_hash({"text": "a"}) != document_hash({"text": "b"})
