"""What the documentation tells people to type: it parses, and the trial of a bucket works."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from stun.cli import parser
from tests.conftest import Stun
from tests.minio import Minio

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, heading: str = "") -> list[str]:
    """Those for a shell, of the whole page or of what is below this heading."""
    text = page.read_text()
    if heading:
        text = text.split(f"\n{heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def lines(page: Path) -> list[str]:
    text = "\n".join(blocks(page)).replace("\\\n", " ")
    return re.findall(r"^(?:\.venv/bin/)?stun (.*)$", text, re.MULTILINE)


LINES = [
    pytest.param(line, id=f"{page.relative_to(ROOT)}: {line[:40]}")
    for page in PAGES
    for line in lines(page)
]


def test_the_documentation_has_commands() -> None:
    assert len(LINES) > 5


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_documentation_parses(line: str) -> None:
    words = shlex.split(line, comments=True)
    parser().parse_args(words[: words.index(">")] if ">" in words else words)


def test_the_commands_about_signatures(
    stun: Stun, model: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    page = ROOT / "docs/how-to/sign-models.md"
    keys, _ = blocks(page, "## Make the keys")
    install, *verify = "".join(blocks(page, "## Verify")).splitlines()
    assert install == f"pip install model-signing=={version('model-signing')} pyopenssl"
    (another,) = blocks(page, "## Another key")
    run_block(keys, tmp_path)
    outcome = stun(
        "prune",
        recipe,
        model=model,
        output=tmp_path / "out",
        signing_key=tmp_path / "signing.key",
        public_key=tmp_path / "signing.pub",
    )
    shutil.copytree(outcome.answer["uri"], tmp_path / "model")
    said = run_block("\n".join(verify), tmp_path)
    assert "Verification succeeded" in said
    fingerprint = outcome.termination["signature"]["keyFingerprint"]
    assert said.splitlines()[-1].split()[0] == fingerprint.removeprefix("sha256:")
    run_block(keys.replace("signing.", "new."), tmp_path)
    run_block(another, tmp_path)
    assert stun("verify", model=tmp_path / "model", public_key=tmp_path / "new.pub").code == 0


def run_block(commands: str, folder: Path) -> str:
    """By the programs of this environment, which has no scripts of its packages."""
    python = f"{shlex.quote(sys.executable)} -P -m"
    script = re.sub(r"^(model_signing|stun) ", rf"{python} \1 ", commands, flags=re.MULTILINE)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_trial_of_a_bucket_publishes_once(minio: Minio, tmp_path: Path) -> None:
    minio.client().create_bucket(Bucket="trial")
    (commands,) = blocks(ROOT / "docs/how-to/storage.md", "## Try it")
    # The keys are the reader's own, and the environment has been made.
    script = re.sub(r"^(export|make) .*\n", "", commands, flags=re.MULTILINE)
    for name in ("engine", ".venv"):
        (tmp_path / name).symlink_to(ROOT / name)
    done = subprocess.run(
        ["bash", "-euc", script.replace("s3://BUCKET/", "s3://trial/")],
        cwd=tmp_path,
        env={**os.environ, **minio.environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert first == second
    assert sum(name.endswith("stun-manifest.json") for name in minio.names("trial")) == 1
