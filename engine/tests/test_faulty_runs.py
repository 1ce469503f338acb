"""Runs whose storage fails: they go on, or publish nothing and are done by a later run."""

import json
import os
import subprocess
import sys
from math import inf
from pathlib import Path
from typing import Any

import pytest

from stun.errors import EXIT_CODES
from tests.conftest import Stun
from tests.fault_proxy import (
    FaultProxy,
    Strike,
    answer,
    close_early,
    do_first,
    flip_a_bit,
)
from tests.faulty import BUCKET, BUSY
from tests.faulty import proxy as proxy
from tests.minio import Minio

SOURCE, OUTPUT = f"s3://{BUCKET}/source/tiny/", f"s3://{BUCKET}/pruned/"
# Reads of a shard that find out what is in it: the length of its header, and the header.
HEADER_READS = 2
PASS = do_first(lambda: None)


def shard(minio: Minio) -> str:
    return min(n for n in minio.names(BUCKET, "source/") if n.endswith(".safetensors"))


def published(minio: Minio) -> list[str]:
    return [n for n in minio.names(BUCKET, "pruned/") if n.endswith("stun-manifest.json")]


def change_source(minio: Minio) -> Strike:
    """Another file of the same size takes the place of a shard whose header was read."""

    def act() -> None:
        client, name = minio.client(), shard(minio)
        data = client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        client.put_object(Bucket=BUCKET, Key=name, Body=data[:-4] + bytes(4))

    return do_first(act)


# What strikes which requests how often; reason and a part of the sentence, none where the run
# goes on all the same.
RUNS: dict[str, tuple[str, str, Strike, float, str | None, str]] = {
    "busy for a while": ("GET", "source/tiny/model", BUSY, 2, None, ""),
    "closes early once": ("GET", "source/tiny/model", close_early(100), 1, None, ""),
    "output busy for a while": ("PUT", "pruned/tiny/", BUSY, 2, None, ""),
    "busy": ("GET", "source/tiny/model", BUSY, inf, "StorageUnavailable", "SlowDown"),
    "closes early": (
        "GET",
        "source/tiny/model",
        close_early(100),
        inf,
        "StorageUnavailable",
        "could not be reached",
    ),
    "refused": (
        "GET",
        "source/tiny/model",
        answer(403, "AccessDenied"),
        inf,
        "ModelUnreadable",
        "ServiceAccount",
    ),
    "output busy": ("PUT", "pruned/tiny/", BUSY, inf, "StorageUnavailable", "SlowDown"),
    "output refused": (
        "PUT",
        "pruned/tiny/",
        answer(403, "AccessDenied"),
        inf,
        "StorageUnavailable",
        "ServiceAccount",
    ),
    "upload harmed": ("PUT", ".safetensors", flip_a_bit, inf, "StorageUnavailable", "S3 error"),
    "manifest busy": ("PUT", "stun-manifest.json", BUSY, inf, "StorageUnavailable", "SlowDown"),
}


@pytest.fixture
def s3_recipe(
    minio: Minio,
    proxy: FaultProxy,
    model: Path,
    recipe: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    minio.upload(model, BUCKET, "source/tiny/")
    # A run that fails before its first file asks for uploads of as many names as a model can have.
    monkeypatch.setattr("stun.layout.MOST_SHARDS", 8)
    return recipe


@pytest.mark.parametrize(
    ("method", "part", "strike", "times", "reason", "words"), RUNS.values(), ids=RUNS
)
def test_a_run(
    minio: Minio,
    proxy: FaultProxy,
    s3_recipe: dict[str, Any],
    stun: Stun,
    method: str,
    part: str,
    strike: Strike,
    times: float,
    reason: str | None,
    words: str,
) -> None:
    """Goes on, or publishes nothing and is done by a later run."""
    fault = proxy.add(method, part, strike, times)
    outcome = stun("prune", s3_recipe, model=SOURCE, output=OUTPUT)
    assert 0 < fault.struck <= times
    if reason is not None:
        assert outcome.termination.get("reason") == reason, outcome.termination
        assert outcome.code == EXIT_CODES[reason]
        assert words in outcome.termination["message"]
        assert published(minio) == []
        if outcome.code == 2:  # nothing to go on from either
            assert minio.names(BUCKET, "pruned/") == []
        proxy.faults.clear()
        outcome = stun("prune", s3_recipe, model=SOURCE, output=OUTPUT)
    assert outcome.code == 0, outcome.termination
    assert [name for name in minio.names(BUCKET, "pruned/") if ".checkpoint/" in name] == []
    assert stun("verify", model=outcome.answer["uri"]).code == 0


def test_a_source_that_changes_during_the_run(
    minio: Minio, proxy: FaultProxy, s3_recipe: dict[str, Any], stun: Stun
) -> None:
    first_layer = proxy.add("GET", shard(minio), PASS, times=HEADER_READS)
    change = proxy.add("GET", shard(minio), change_source(minio), times=1)
    outcome = stun("prune", s3_recipe, model=SOURCE, output=OUTPUT)
    assert (first_layer.struck, change.struck) == (HEADER_READS, 1)
    assert (outcome.code, outcome.termination["reason"]) == (3, "StorageUnavailable")
    assert "changed while it was read" in outcome.termination["message"]
    assert published(minio) == []
    proxy.faults.clear()
    assert stun("prune", s3_recipe, model=SOURCE, output=OUTPUT).code == 0


# Prunes to a disk that is too small, and again after it has grown; a namespace of its own lets
# any user mount one. What must not lie there is listed in between.
SMALL_DISK = """
mount -t tmpfs -o size=200k none "$DISK" || exit 99
"$@"; echo "code $?"
find "$DISK" -name stun-manifest.json -o -name '*.partial'
mount -o remount,size=64m none "$DISK" || exit 99
"$@"; echo "code $?"
find "$DISK" -name stun-manifest.json
"""


def test_a_disk_that_fills_up(model: Path, recipe: dict[str, Any], tmp_path: Path) -> None:
    disk, log = tmp_path / "disk", tmp_path / "log"
    disk.mkdir()
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    command = [sys.executable, "-m", "stun", "prune", "--model", str(model)]
    command += ["--recipe", str(tmp_path / "recipe.json"), "--output", str(disk)]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK, "-", *command],
        env={**os.environ, "DISK": str(disk), "STUN_TERMINATION_LOG": str(log)},
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "code 3", done.stderr
    assert "No space left on device; make room or give a larger volume" in done.stderr
    assert json.loads(lines[1])["uri"].startswith(str(disk))  # nothing was listed before it
    assert lines[2] == "code 0"
    assert lines[3].endswith("/stun-manifest.json")
