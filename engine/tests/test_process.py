"""The engine as a process: what it prints and leaves behind when it is stopped."""

import argparse
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from stun.cli import execute, parser
from stun.errors import Interrupted, StunError
from stun.exhausted import ITEMS, explain, naming_the_largest
from stun.families import Weights
from stun.memory import estimate_memory
from stun.passes.prune import PrunePass
from stun.prepare import make_context, prepare
from stun.progress import Progress
from stun.recipe_parser import parse_recipe
from stun.termination import LIMIT, encode, error_message
from tests.conftest import PROGRESS_FIELDS

# Seconds that a busy machine may take to import torch; a run that hangs is not waited for.
PATIENCE = 600


def command(recipe: Path, model: Path, output: Path) -> list[str]:
    arguments = ["--model", str(model), "--recipe", str(recipe), "--output", str(output)]
    return [sys.executable, "-P", "-m", "stun", "prune", *arguments]


def test_progress_goes_to_stderr_and_the_answer_to_stdout(
    model: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    done = subprocess.run(
        command(tmp_path / "recipe.json", model, tmp_path / "out"), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    states = [json.loads(line) for line in done.stderr.splitlines()]
    assert all(state.keys() == PROGRESS_FIELDS for state in states)
    assert [state["percent"] for state in states] == [0, 25, 50, 75, 100]
    assert states[-1]["runKey"] in done.stdout
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer.keys() == {"uri", "manifestDigest", "sparsity", "expertsKept"}


def test_an_unexpected_failure_is_internal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("nobody thought of it")

    monkeypatch.setattr("stun.commands.inspect.run_inspect", fail)
    monkeypatch.setenv("STUN_TERMINATION_LOG", str(tmp_path / "log"))
    assert execute(parser().parse_args(["inspect", "--model", str(tmp_path)])) == 1
    assert json.loads((tmp_path / "log").read_text())["reason"] == "Internal"
    assert "nobody thought of it" in capsys.readouterr().err


def test_an_answer_that_cannot_be_written_is_one_sentence(model: Path) -> None:
    arguments = [sys.executable, "-P", "-m", "stun", "inspect", "--model", str(model)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3
    assert "stdout cannot be written (No space left on device)" in done.stderr
    assert done.stderr.count("\n") == 1


def test_sigterm_ends_at_once_with_nothing_published(
    model: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    """The calibration data is at a server that never answers, so the run is surely waiting."""
    log = tmp_path / "log"
    recipe["calibration"]["uri"] = "s3://bucket/calibration.jsonl"
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        environment = {
            **os.environ,
            "STUN_TERMINATION_LOG": str(log),
            "AWS_ACCESS_KEY_ID": "someone",
            "AWS_SECRET_ACCESS_KEY": "something",
            "S3_ENDPOINT": f"http://127.0.0.1:{server.getsockname()[1]}",
        }
        arguments = command(tmp_path / "recipe.json", model, tmp_path / "out")
        process = subprocess.Popen(arguments, env=environment)
        with server.accept()[0]:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=PATIENCE) == 143
    assert json.loads(log.read_text())["reason"] == "Interrupted"
    assert list(tmp_path.glob("out/**/*")) == []


WHAT_IS_LEFT_TO_DO = [
    ("prune", "before it published anything; start it again. With --work"),
    ("clean", "before it had removed everything; start it again."),
    ("verify", "before it was done; start it again."),
]


@pytest.mark.parametrize(("name", "sentence"), WHAT_IS_LEFT_TO_DO)
def test_a_stopped_command_says_what_is_left_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, sentence: str
) -> None:
    def stop(*_: object) -> None:
        raise Interrupted

    monkeypatch.setattr("stun.cli.command_of", lambda name: stop)
    assert execute(argparse.Namespace(command=name)) == 143
    assert sentence in capsys.readouterr().err


EXHAUSTED = {
    "states": "30.0 are the hidden states of the calibration and quality data; use fewer",
    "layer": "30.0 are the weights of one layer; use a GPU with more memory.",
    "work": "30.0 are a batch in a layer, or a matrix being pruned; use shorter sequences",
}


@pytest.mark.parametrize(("item", "sentence"), EXHAUSTED.items())
def test_exhausted_memory_names_what_takes_most(item: str, sentence: str) -> None:
    estimate = {**dict.fromkeys(ITEMS, 1 << 30), item: 30 << 30}
    estimate["total"] = sum(estimate.values())
    assert "Of at most 37.0 GiB" in explain(estimate)
    assert sentence in explain(estimate)


def test_each_item_of_the_estimate_has_a_name(model: Path, recipe: dict[str, Any]) -> None:
    prepared = prepare(str(model), parse_recipe(recipe))
    context = make_context(prepared, torch.device("cpu"), Progress())
    assert estimate_memory(context).keys() == ITEMS.keys() | {"total"}
    with pytest.raises(StunError, match="Of at most"), naming_the_largest(context):
        raise torch.OutOfMemoryError("CUDA out of memory")


FAILURES: dict[str, tuple[BaseException, int]] = {
    "stopped": (Interrupted(), 143),
    "storage is away": (StunError("StorageUnavailable", "Away."), 3),
    "a bug": (AssertionError("impossible"), 1),
    "no GPU memory": (torch.OutOfMemoryError("CUDA out of memory"), 5),
}


@pytest.mark.parametrize(("failure", "code"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_in_the_middle_leaves_nothing(
    model: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
    code: int,
) -> None:
    """At the last layer, when files have been written."""
    real = PrunePass.layer
    output = tmp_path / "out"

    def fail_at_last(running: PrunePass, index: int, weights: Weights) -> Weights:
        if index == 2:
            assert [path for path in output.rglob("*") if path.is_file()] != []
            raise failure
        return real(running, index, weights)

    monkeypatch.setattr(PrunePass, "layer", fail_at_last)
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    arguments = command(tmp_path / "recipe.json", model, output)[4:]
    assert execute(parser().parse_args(arguments)) == code
    assert [path for path in output.rglob("*") if path.is_file()] == []


# The function after which SIGTERM arrives, and how the run then ends.
SIGNALS: dict[str, tuple[str, int, str]] = {
    "before the manifest": ("stun.publication.encode_manifest", 143, "Error"),
    "at the manifest": ("stun.storage.directory.DirectoryStorage.put_new", 0, "Result"),
    "at the listing": ("stun.publication.confirm_listing", 0, "Result"),
    "at the last words": ("stun.commands.prune.write_termination", 0, "Result"),
}


@pytest.mark.usefixtures("obedient")
@pytest.mark.parametrize(("after", "code", "kind"), SIGNALS.values(), ids=SIGNALS.keys())
def test_sigterm_is_too_late_once_the_manifest_is_there(
    model: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: str,
    code: int,
    kind: str,
) -> None:
    real = pkgutil.resolve_name(after)

    def call_and_stop(*arguments: Any) -> Any:
        answer = real(*arguments)
        signal.raise_signal(signal.SIGTERM)
        return answer

    monkeypatch.setattr(after, call_and_stop)
    monkeypatch.setenv("STUN_TERMINATION_LOG", str(tmp_path / "log"))
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    arguments = command(tmp_path / "recipe.json", model, tmp_path / "out")[4:]
    assert execute(parser().parse_args(arguments)) == code
    assert json.loads((tmp_path / "log").read_text())["kind"] == kind
    manifests = list(tmp_path.glob("out/*/*/stun-manifest.json"))
    assert len(manifests) == (1 if code == 0 else 0)


def test_a_failure_to_tidy_up_does_not_hide_the_failure(
    model: Path, recipe: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal by the gate must not become a fault of storage, which would be retried."""

    def refuse(*_: object) -> None:
        raise StunError("QualityRefused", "Worse.")

    def away(*_: object) -> None:
        raise StunError("StorageUnavailable", "Away.")

    monkeypatch.setattr("stun.publication.check_listing", refuse)
    monkeypatch.setattr("stun.publication.remove_unpublished", away)
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    arguments = command(tmp_path / "recipe.json", model, tmp_path / "out")[4:]
    assert execute(parser().parse_args(arguments)) == 4


@pytest.mark.parametrize("sentence", ["short.", "long " * 2000, "ü" * 3000, '"\n' * 3000])
def test_a_termination_message_fits(sentence: str) -> None:
    data = encode(error_message("Internal", sentence))
    assert len(data) <= LIMIT
    assert json.loads(data)["reason"] == "Internal"
    assert len(data) > LIMIT - 12 or len(sentence) < LIMIT


def test_a_termination_log_that_cannot_be_written_hides_no_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STUN_TERMINATION_LOG", str(tmp_path / "nowhere" / "log"))
    assert execute(parser().parse_args(["inspect", "--model", str(tmp_path)])) == 2
    said = capsys.readouterr().err
    assert "cannot be written" in said
    assert "ModelNotFound" in said
