"""What the documentation tells people to type: it parses, and the trial of a bucket works."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from stun.cli import parser
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
