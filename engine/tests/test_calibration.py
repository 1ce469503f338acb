"""stun calibration on C4's own format: the seed decides, memory does not grow, errors are told."""

import gzip
import json
import random
import tracemalloc
from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from stun.commands.calibration import run_calibration
from stun.errors import StunError
from stun.progress import Progress
from stun.sampling import Selection, read_lines
from tests.conftest import Stun
from tests.minio import Minio

WORDS = 50
LENGTH = 8
Ids = list[int]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Word wN is token N."""
    words = Tokenizer(models.WordLevel({f"w{n}": n for n in range(WORDS)}, unk_token="w0"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    folder = tmp_path_factory.mktemp("tokenizer")
    words.save(str(folder / "tokenizer.json"))
    return folder


def random_documents(count: int) -> list[Ids]:
    """Of 3 to 20 words, about a third of them too short."""
    generator = random.Random(0)
    sizes = [generator.randrange(3, 21) for _ in range(count)]
    return [[generator.randrange(WORDS) for _ in range(size)] for size in sizes]


def save(path: Path, documents: list[Ids]) -> Path:
    """As C4's shards: a member of gzip may follow another."""
    lines = [
        json.dumps({"text": " ".join(f"w{n}" for n in ids), "timestamp": "2019-04-25T12:57:54Z"})
        for ids in documents
    ]
    data = ("\n".join(lines) + "\n").encode()
    half = len(data) // 2
    packed = gzip.compress(data[:half]) + gzip.compress(data[half:])
    path.write_bytes(packed if path.suffix == ".gz" else data)
    return path


def arguments(tokenizer: Path, output: object, *sources: object, seed: int = 1) -> Namespace:
    return Namespace(
        sources=[str(source) for source in sources],
        tokenizer=str(tokenizer),
        samples=10,
        length=LENGTH,
        seed=seed,
        output=str(output),
    )


def windows(path: Path) -> list[Ids]:
    return [json.loads(line)["input_ids"] for line in path.read_text().splitlines()]


def contains(document: Ids, window: Ids) -> bool:
    starts = range(len(document) - len(window) + 1)
    return any(document[start : start + len(window)] == window for start in starts)


def test_windows_lie_inside_documents(tokenizer: Path, tmp_path: Path, stun: Stun) -> None:
    documents = random_documents(40)
    source, output = save(tmp_path / "c4.json.gz", documents), tmp_path / "out.jsonl"
    options = {"from": source, "tokenizer": tokenizer, "samples": 10, "length": LENGTH}
    outcome = stun("calibration", seed=1, output=output, **options)
    assert outcome.code == 0, outcome.termination
    assert (outcome.answer["samples"], outcome.answer["documents"]) == (10, 40)
    found = windows(output)
    homes = [[n for n, ids in enumerate(documents) if contains(ids, window)] for window in found]
    assert all(len(window) == LENGTH for window in found)
    assert len({home for (home,) in homes}) == len(found) == 10
    begins = [documents[home][:LENGTH] == ids for (home,), ids in zip(homes, found, strict=True)]
    assert not all(begins)


def test_the_seed_decides_and_nothing_else(tokenizer: Path, tmp_path: Path) -> None:
    documents = random_documents(40)

    def run(seed: int, *files: Path) -> list[Ids]:
        output = tmp_path / "out.jsonl"
        run_calibration(arguments(tokenizer, output, *files, seed=seed), Progress())
        return windows(output)

    packed = save(tmp_path / "a.json.gz", documents)
    plain = save(tmp_path / "a.jsonl", documents[::-1])
    halves = save(tmp_path / "1.json", documents[20:]), save(tmp_path / "2.gz", documents[:20])
    assert run(1, packed) == run(1, packed) == run(1, plain) == run(1, *halves)
    assert sorted(run(1, packed)) != sorted(run(2, packed))


def test_every_long_document_is_as_likely(tokenizer: Path) -> None:
    """The range that 95 of 100 fair samplings of 400 keep to, for each of 20 documents."""
    words = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
    entries = [{"input_ids": [n] * (3 if n % 3 == 0 else 10)} for n in range(30)]
    chosen: Counter[int] = Counter()
    for seed in range(400):
        selection = Selection(5, LENGTH, seed)
        for entry in entries:
            selection.offer(entry, words)
        chosen.update(window[0] for window in selection.windows())
    assert set(chosen) == {n for n in range(30) if n % 3}
    assert all(73 <= count <= 127 for count in chosen.values())


def test_a_document_that_occurs_twice_counts_once(tokenizer: Path, tmp_path: Path) -> None:
    documents = [[n] * LENGTH for n in range(10)]
    source = save(tmp_path / "a.jsonl", [*documents, *documents])
    run_calibration(arguments(tokenizer, tmp_path / "out", source), Progress())
    assert sorted(windows(tmp_path / "out")) == documents


def test_memory_does_not_grow_with_the_file(tokenizer: Path, tmp_path: Path) -> None:
    line = json.dumps({"text": "w1 " * 700}).encode() + b"\n"
    source = tmp_path / "big.json.gz"
    source.write_bytes(gzip.compress(line * 1000, 1) * 40)
    size = 40_000 * len(line)
    selection = Selection(3, LENGTH, 0)
    words = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
    tracemalloc.start()
    for number, entry in enumerate(read_lines(str(source), lambda _: None)):
        selection.offer({"text": f"{entry['text']} w{number}"}, words)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(selection.windows()) == 3
    assert peak < size / 5


def test_from_s3_to_s3(
    minio: Minio, tokenizer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in minio.environment().items():
        monkeypatch.setenv(name, value)
    source = save(tmp_path / "c4.json.gz", random_documents(40))
    client = minio.client()
    client.create_bucket(Bucket="texts")
    client.upload_file(str(source), "texts", "en/c4.json.gz")
    run_calibration(arguments(tokenizer, tmp_path / "out", source), Progress())
    output = "s3://texts/calibration.jsonl"
    run_calibration(arguments(tokenizer, output, "s3://texts/en/c4.json.gz"), Progress())
    answer = client.get_object(Bucket="texts", Key="calibration.jsonl")
    assert answer["Body"].read() == (tmp_path / "out").read_bytes()


GOOD = b'{"text": "w1 w2 w3 w4 w5 w6 w7 w8"}\n'
# The file's bytes, changes of the options, the reason, a part of the sentence.
REFUSED: dict[str, tuple[bytes | None, dict[str, Any], str, str]] = {
    "missing": (None, {}, "CalibrationInvalid", "does not exist"),
    "empty": (b"", {}, "CalibrationInvalid", "hold 0 documents"),
    "too few": (GOOD, {"samples": 2}, "CalibrationInvalid", "1 differ"),
    "too short": (GOOD, {"length": 9}, "CalibrationInvalid", "0 differ"),
    "twice the same": (GOOD * 2, {"samples": 2}, "CalibrationInvalid", "hold 2 documents"),
    "no JSON": (GOOD + b"not json\n", {}, "CalibrationInvalid", "Line 2 of"),
    "nested too deep": (b"[" * 9999 + b"\n", {}, "CalibrationInvalid", "Line 1 of"),
    "no text": (b'{"content": "x"}\n', {}, "CalibrationInvalid", "neither"),
    "not UTF-8": (b'{"text": "\xff"}\n', {}, "CalibrationInvalid", "Line 1 of"),
    "cut short": (gzip.compress(GOOD)[:-9], {}, "CalibrationInvalid", "cut short"),
    "damaged": (gzip.compress(GOOD)[:10] + b"\xff" * 40, {}, "CalibrationInvalid", "damaged"),
    "wrong checksum": (gzip.compress(GOOD)[:-8] + bytes(8), {}, "CalibrationInvalid", "damaged"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(20), {}, "CalibrationInvalid", "zstd -d"),
    "no tokenizer": (GOOD, {"tokenizer": "/dev"}, "ModelNotFound", "no tokenizer.json"),
    "no such folder": (GOOD, {"tokenizer": "/nowhere"}, "ModelNotFound", "no tokenizer.json"),
    "output nowhere": (GOOD, {"output": "/proc/nowhere/x"}, "StorageUnavailable", "/proc/nowhere"),
    "from the hub": (GOOD, {"from": "hf://allenai/c4/x"}, "RecipeInvalid", "hf download"),
}


@pytest.mark.parametrize(("data", "changes", "reason", "part"), REFUSED.values(), ids=REFUSED)
def test_refused(
    tokenizer: Path,
    tmp_path: Path,
    stun: Stun,
    data: bytes | None,
    changes: dict[str, Any],
    reason: str,
    part: str,
) -> None:
    source, output = tmp_path / "c4.json.gz", tmp_path / "out.jsonl"
    if data is not None:
        source.write_bytes(data)
    options = {"from": source, "tokenizer": tokenizer, "samples": 1, "length": LENGTH}
    outcome = stun("calibration", **{**options, "output": output, **changes})
    assert outcome.termination.get("reason") == reason, outcome.termination
    assert part in outcome.termination["message"]
    assert outcome.termination["message"].endswith(".")
    assert outcome.code == (3 if reason == "StorageUnavailable" else 2)
    assert not output.exists()


def test_a_damaged_tokenizer_is_named(tmp_path: Path, stun: Stun) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    options = {"from": tmp_path / "a.jsonl", "tokenizer": tmp_path, "samples": 1, "length": LENGTH}
    outcome = stun("calibration", output=tmp_path / "out", **options)
    assert (outcome.code, outcome.termination["reason"]) == (2, "ModelCorrupt")
    assert "tokenizer.json" in outcome.termination["message"]


def test_half_a_surrogate_pair_is_no_accident(tokenizer: Path, tmp_path: Path, stun: Stun) -> None:
    (tmp_path / "a.jsonl").write_bytes(rb'{"text": "w1 w2 w3 w4 w5 w6 w7 \ud800"}' + b"\n")
    options = {"from": tmp_path / "a.jsonl", "tokenizer": tokenizer, "samples": 1, "length": LENGTH}
    assert stun("calibration", output=tmp_path / "out", **options).code == 0
    assert windows(tmp_path / "out") == [[1, 2, 3, 4, 5, 6, 7, 0]]


def test_a_source_is_not_overwritten(tokenizer: Path, tmp_path: Path) -> None:
    source = save(tmp_path / "c4.json.gz", random_documents(40))
    before = source.read_bytes()
    spelled_otherwise = tmp_path / "." / "c4.json.gz"
    with pytest.raises(StunError, match="one of the sources"):
        run_calibration(arguments(tokenizer, spelled_otherwise, source), Progress())
    assert source.read_bytes() == before
