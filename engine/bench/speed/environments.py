"""Environments of the compared programs: their own packages over the engine's PyTorch.

PyTorch takes 5 GB, so it is shared: a .pth file appends the engine's packages to the path
and whatever an environment has itself comes before them. Nothing is copied into the
repository. STUN_BENCH_REAP names a clone or mirror of REAP's repository for machines that
cannot reach its public address.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

REAP_URL = "https://github.com/CerebrasResearch/reap"
REAP_COMMIT = "1970473c51ca3caeb98c10392f15b3a08a672974"


@dataclass(frozen=True)
class Environment:
    """Exact packages; `source` is a repository at a commit whose src/ is imported."""

    name: str
    packages: tuple[str, ...]
    source: tuple[str, str] | None = None


# The releases that work with the engine's PyTorch; REAP pins its transformers, and asks for a
# server that its observer does not use.
REAP = Environment(
    "reap",
    ("transformers==4.55.0", "tokenizers==0.21.4", "huggingface-hub==0.34.4"),
    (os.environ.get("STUN_BENCH_REAP", REAP_URL), REAP_COMMIT),
)
LLM_COMPRESSOR = Environment(
    "llm-compressor",
    (
        "llmcompressor==0.14.0.1",
        "compressed-tensors==0.19.0",
        "datasets==5.2.0",
        "dill==0.4.1",
        "loguru==0.7.3",
        "multiprocess==0.70.19",
        "nvidia-ml-py==13.615.71",
        "pandas==3.1.1",
        "pillow==13.0.0",
        "pyarrow==26.0.1",
        "pytz==2026.6",
        "tzdata==2026.6",
        "xxhash==4.1.0",
    ),
)


def cache() -> Path:
    default = Path.home() / ".cache" / "stun-operator"
    return Path(os.environ.get("STUN_CACHE", default)) / "bench"


def interpreter(environment: Environment) -> Path:
    """The environment's Python; the environment is made on first use."""
    engine = Path(torch.__file__).parents[1]
    content = repr((environment.packages, environment.source and environment.source[1], engine))
    key = hashlib.sha256(content.encode()).hexdigest()[:12]
    folder = cache() / f"{environment.name}-{key}"
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        build(environment, partial, engine)
        partial.rename(folder)
    return folder / "bin" / "python"


def build(environment: Environment, folder: Path, engine: Path) -> None:
    run(sys.executable, "-m", "venv", folder)
    pip = (folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check")
    # Without dependencies: the engine's packages stand for the rest.
    run(*pip, "install", "--quiet", "--no-deps", *environment.packages)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    if environment.source:
        check_out(*environment.source, folder / "source")
        shutil.copytree(folder / "source" / "src", packages, dirs_exist_ok=True)
    (packages / "engine.pth").write_text(f"{engine}\n")


def check_out(repository: str, commit: str, folder: Path) -> None:
    run("git", "clone", "--quiet", "--no-checkout", repository, folder)
    run("git", "-C", folder, "checkout", "--quiet", commit, "--", "src")


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True)
